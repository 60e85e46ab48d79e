"""What runs inside a program reads its files without pydantic; both readers accept and refuse the same."""

import json
import re
from datetime import date
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis.strategies import lists, sampled_from
from pydantic import TypeAdapter, ValidationError

from changeover.compare.findings import MUST_BE
from changeover.compare.paths import ROOTS, NameIs, PathError, parse_path
from changeover.compare.rules_file import check_rules_file
from changeover.errors import ConfigurationError
from changeover.gate.accepted_blind_spots import ACCEPTED_MAX, load_accepted_blind_spots
from changeover.models import rules
from changeover.models.alerts import AlertWord
from changeover.models.base import problems_in
from changeover.models.catalogue import model_of
from changeover.project import find_project
from changeover.redaction.redact_paths import REDACT_ROOTS
from changeover.removal.plan import load_removal
from changeover.rollout.flags_file import digest_of, parse_flags
from changeover.rollout.history import read_lines
from changeover.rollout.plan_file import load_plan
from changeover.rollout.tripwire_state import parse_trips
from changeover.rollout.waivers import load_waivers
from changeover.telemetry.alerts import AlertKind
from changeover.values.toml_table import parse_json, parse_toml, read_text
from tests.changeover.support.file_cases import CASES, STAGES, FileCase
from tests.changeover.support.json_schemas import validator

TODAY = date(2026, 1, 15)
IDS = [f"{case.kind}: {case.name[:60]}" for case in CASES]
NAMES = {
    "phases": "phases.toml",
    "rules": "rules.toml",
    "waivers": "waivers.toml",
    "blindspots": "blindspots.toml",
    "project": "pyproject.toml",
    "flags": "flags.json",
    "trips": "trips.json",
    "history-line": "history.jsonl",
}


def plain_error(case: FileCase, folder: Path) -> str | None:
    """What the reader says that programs use, None where it accepts the file."""
    path = folder / NAMES[case.kind]
    path.write_text(("[tool.changeover]\n" if case.kind == "project" else "") + case.text, encoding="utf-8")
    try:
        if case.kind == "phases":
            if load_plan(path) and "[migration.removal]" in case.text:
                load_removal(path)
        elif case.kind == "rules":
            _, problems = check_rules_file(path, today=TODAY)
            return "; ".join(problem.text for problem in problems) or None
        elif case.kind == "waivers":
            load_waivers(path, TODAY)
        elif case.kind == "blindspots":
            load_accepted_blind_spots(path)
        elif case.kind == "project":
            find_project(folder, {})
        elif case.kind == "flags":
            parse_flags(_sealed(parse_json(read_text(path), "flags.json")), "flags.json", STAGES)
        elif case.kind == "trips":
            parse_trips(read_text(path), "trips.json")
        else:
            return next((line.problem for line in read_lines(path) if line.entry is None), None)
    except ConfigurationError as error:
        return str(error)
    return None


def _sealed(content: Any) -> Any:
    """With the digest of what it says, so that nothing else is wrong with it."""
    metadata = content.get("metadata") if isinstance(content, dict) else None
    if isinstance(metadata, dict) and "digest" in metadata:
        metadata["digest"] = digest_of(content)
    return content


def content_of(case: FileCase) -> Any:
    return (
        json.loads(case.text)
        if case.kind in ("flags", "trips", "history-line")
        else parse_toml(case.text or "# nothing", "x")
    )


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_both_accept_a_file_or_both_refuse_it_and_name_the_same_key(case: FileCase, tmp_path: Path) -> None:
    plain = plain_error(case, tmp_path)
    found = problems_in(content_of(case), model_of(case.kind))
    assert (plain is None) == (not found) == (case.key is None), (plain, found)
    if case.key is not None:
        assert plain is not None
        assert case.key in plain
        keys = [re.split(r"[.\[]", problem.key.replace("]", "")) for problem in found]
        assert any(case.key in parts[-2:] for parts in keys), keys


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_what_is_wrong_is_said_in_plain_words(case: FileCase) -> None:
    for problem in problems_in(content_of(case), model_of(case.kind)):
        text = str(problem)
        assert "\n" not in text
        assert not any(
            word in text for word in ("Input should", "pydantic", "Field required", "Extra inputs")
        ), text
        assert any(
            word in text for word in ("allowed: ", "needed: ", "goes with", " is ", "already", "twice")
        ), text


@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        (
            "phases",
            "an unknown phase required",
            "'evnets' is unknown, did you mean \"events\"? allowed: events",
        ),
        ("phases", "misspelt key", 'unknown key, did you mean "fallback"? allowed: name, number, title, '),
        ("phases", "rate zero", "was 0, allowed: a number above 0, at most 0.999999"),
        ("waivers", "until with a time", "was '2026-01-31 10:00:00+00:00', allowed: a day without quotes"),
        ("rules", "path result..a", "was 'result..a', wrong from character 7 on, allowed: a place (dotted "),
        ("flags", "unknown stage", "was 'shaddow', did you mean \"shadow\"? allowed: off, shadow, ramp, "),
        ("flags", "targeting", "has 1 entry, allowed: none"),
    ],
)
def test_sentences_name_what_was_found_what_is_allowed_and_the_nearest(
    kind: str, name: str, sentence: str
) -> None:
    case = next(case for case in CASES if (case.kind, case.name) == (kind, name))
    (problem,) = problems_in(content_of(case), model_of(kind))
    assert problem.text.startswith(sentence)


def test_the_kinds_of_alerts_that_may_be_chosen_are_those_that_there_are() -> None:
    assert get_args(AlertWord) == tuple(map(str, AlertKind))


@pytest.mark.parametrize("case", [case for case in CASES if case.key is None], ids=lambda case: case.name)
def test_the_published_schema_accepts_every_good_file(case: FileCase) -> None:
    content = json.loads(json.dumps(content_of(case), default=str))
    assert [error.message for error in validator(case.kind).iter_errors(content)] == []


def test_a_directory_of_the_environment_goes_before_the_one_that_is_written_down(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.changeover]\ndirectory = "moves"\n')
    assert find_project(tmp_path, {"CHANGEOVER_DIR": "other"}).directory == tmp_path / "other"
    assert find_project(tmp_path, {}).directory == tmp_path / "moves"


def test_there_are_enough_files_of_both_sorts() -> None:
    assert len([case for case in CASES if case.key is None]) > 30
    assert len([case for case in CASES if case.key is not None]) > 100


def test_limits_and_words_are_those_of_the_plain_readers() -> None:
    from changeover.compare import paths, rules_file

    assert set(get_args(rules.MustBe)) == set(MUST_BE)
    assert rules.RULES_MAX == rules_file.RULES_MAX
    assert rules.ACCEPTED_MAX == ACCEPTED_MAX
    assert rules.PATH_TEXT_MAX == paths.PATH_TEXT_MAX


_TOKENS = (
    "a",
    "result",
    "é",
    ".",
    "..",
    "*",
    "**",
    "[",
    "]",
    "[*]",
    "[3]",
    "[a,*]",
    "{",
    "}",
    ",",
    '"',
    '"b c"',
    "\\",
    " ",
)
_PARTS = lists(sampled_from(_TOKENS), max_size=8).map("".join)


@given(
    root=sampled_from(
        (*ROOTS, *REDACT_ROOTS, "other", "*", "**", "{result,error}", "{events,error}", "", "[0]")
    ),
    rest=_PARTS,
)
def test_the_pattern_of_a_path_accepts_what_the_reader_of_paths_accepts(root: str, rest: str) -> None:
    text = root + rest
    for name, roots, wildcards in (
        ("RulePath", ROOTS, True),
        ("RedactPath", REDACT_ROOTS, True),
        ("PlaceOfResult", ("result", "error", "arguments", "self", "answers"), False),
    ):
        try:
            first = parse_path(text, roots).parts[0]
            accepted = wildcards or (isinstance(first, NameIs) and first.names is not None)
        except PathError:
            accepted = False
        try:
            TypeAdapter(getattr(rules, name)).validate_python(text)
            fits = True
        except ValidationError:
            fits = False
        assert fits == accepted, (name, text)
