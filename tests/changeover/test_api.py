"""Every verb in Python gives what its command gives, and prints nothing."""

import gc
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import click
import pytest

import changeover
from changeover.api.evidence import LatestExplained
from changeover.cli.common_options import CommonOption
from changeover.cli.evidence import explain_json
from changeover.cli.going_back import rollback_json
from changeover.cli.main import changeover as commands
from changeover.cli.moves import flip_json, history_json
from changeover.cli.status import status_json
from changeover.errors import ConfigurationError
from changeover.evidence.source_comparison import SourceComparison
from changeover.project import Project, find_project
from changeover.settings import KILL_FILE
from changeover.values.safe_text import json_text
from changeover.views.html.collect import NothingToReport
from changeover.views.json import compare_json, diff_json, gate_json, report_json
from tests.changeover.support.doc_pages import DOCS
from tests.changeover.support.projects import Shop, shop_in
from tests.changeover.support.verb_reference import GROUPS, reference

VERB_OF = {
    "flags seal": "seal_flags",
    "rules check": "check_rules",
    "rules blindspots": "find_blind_spots",
    "scenarios list": "list_scenarios",
    "scenarios show": "show_scenario",
    "scenarios keep": "keep_scenario",
    "scenarios record": "record_scenarios",
    "scenarios renew": "renew_scenario",
    "evidence import": "import_evidence",
    "evidence prune": "prune_evidence",
    "evidence check": "check_evidence",
    "legacy scan": "scan_legacy",
    "legacy prove": "prove_removal",
    "worker": "work",
    "alerts run": "run_alerts",
    "alerts test": "try_alerts",
    "alerts list": "list_alerts",
}
ONLY_FOR_A_SHELL = {"format", "exit_zero", "check", "watch", "full", "output"}  # of code and output
NOT_A_NAME = {"for": "seconds"}  # a word of the language
NO_VERB = {"schema", "docs", "completion"}  # print what is a file of the package
MOMENTS = {"at", "made_at", "evidence"}  # a digest of evidence has the moment when the doctor looked
ANNA: dict[str, Any] = {"reason": "test", "who": "anna"}
BY_ANNA = "--reason test --who anna"


def leaves(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from leaves(command, f"{name} ")
        else:
            yield before + name, command


COMMANDS = {name: command for name, command in leaves(commands) if name not in NO_VERB}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_verb_has_every_argument_and_option_of_its_command(name: str) -> None:
    verb = getattr(changeover, VERB_OF.get(name, name))
    parameters = inspect.signature(verb).parameters
    assert "project" in parameters
    positional = [one for one in parameters.values() if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    for option in COMMANDS[name].params:
        if isinstance(option, CommonOption):
            continue  # how much a command says is the caller's own affair
        if isinstance(option, click.Option):
            spelled = max(option.opts, key=len).removeprefix("--").replace("-", "_")
            assert NOT_A_NAME.get(spelled, spelled) in {*parameters, *ONLY_FOR_A_SHELL}
        else:
            repeated = inspect.Parameter.VAR_POSITIONAL
            assert positional, f"{name} has no place for {option.name}"
            assert option.nargs == 1 or any(one.kind is repeated for one in positional)


def test_the_page_about_the_verbs_is_what_their_docstrings_say() -> None:
    """Made again by `python -m tests.docs`."""
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    assert page[page.index("## Compare") :] == reference()
    verbs = {VERB_OF.get(name, name) for name in COMMANDS}
    assert verbs == {name for names in GROUPS.values() for name in names}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_documentation_of_a_verb_names_every_argument(name: str) -> None:
    verb = getattr(changeover, VERB_OF.get(name, name))
    text = inspect.getdoc(verb) or ""
    assert "\nExample:\n" in text
    assert "\nRaises:\n" in text
    for parameter in inspect.signature(verb).parameters:
        assert f"\n    {parameter}: " in text, f"{verb.__name__} says nothing of {parameter}"


def test_rooms_of_the_same_name_do_not_hide_verbs() -> None:
    import changeover.compare.rules
    import changeover.gate.decision

    assert callable(changeover.compare)
    assert callable(changeover.gate)
    assert inspect.ismodule(sys.modules["changeover.gate"])
    assert {*VERB_OF.values(), "compare", "gate", "kill"} <= {*changeover.__all__}


@contextmanager
def silent(shop: Shop, planted: str) -> Iterator[None]:
    """The environment of `Shop.run` in another folder; whatever is printed in it is a fault."""
    out, err = StringIO(), StringIO()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
    with (
        chdir(shop.root.parent),
        redirect_stdout(out),
        redirect_stderr(err),
        patch.dict(os.environ, {**kept, "SHOP_PLANTED": planted}, clear=True),
        patch.object(sys, "path", list(sys.path)),
    ):
        try:
            yield
        finally:
            sys.modules.pop("shop", None)
    assert (out.getvalue(), err.getvalue()) == ("", "")


@dataclass(frozen=True)
class Pair:
    """A command and its verb; `data` is what the command makes JSON of."""

    typed: str
    verb: Callable[[Path], Any]
    data: Callable[[Any], Any]
    planted: str = "whole"


def compared(done: Any) -> Any:
    return {"comparisons": [compare_json(one.info, one.corpus) for one in done.sources]}


PAIRS = {
    "compare": Pair(
        "compare --source days --runs 9 --seed 3",
        lambda root: changeover.compare(source="days", runs=9, seed=3, project=root),
        compared,
    ),
    "compare without a difference": Pair(
        "compare shelf --source days",
        lambda root: changeover.compare("shelf", source=["days"], project=str(root)),
        compared,
        planted="",
    ),
    "compare one case, of a project that is open": Pair(
        "compare --run days/day-03",
        lambda root: changeover.compare(run="days/day-03", project=find_project(root, {})),
        compared,
    ),
    "diff": Pair(
        "diff old.jsonl new.jsonl --by item",
        lambda root: changeover.diff(root / "old.jsonl", root / "new.jsonl", by="item", project=root),
        diff_json,
    ),
    "explain": Pair("explain", lambda root: changeover.explain(project=root), explain_json),
    "explain a run": Pair(
        "explain days/day-01", lambda root: changeover.explain("days/day-01", project=root), explain_json
    ),
    "status": Pair(
        "status --check",
        lambda root: changeover.status(project=root),
        # Of the flags file the path is said from the working folder.
        lambda found: {**status_json(found), "flags": found.flags.replace("verbs-shop/", "")},
    ),
    "gate": Pair(
        "gate shelf --to shadow --no-checks",
        lambda root: changeover.gate("shelf", to="shadow", no_checks=True, project=root),
        lambda asked: gate_json(asked.verdicts[0]),
    ),
    "gate of scenarios": Pair(
        "gate --scenarios",
        lambda root: changeover.gate(scenarios=True, project=root),
        lambda asked: {
            "gates": [gate_json(verdict) for verdict in asked.verdicts],
            "comparison": compare_json(asked.comparison.info, asked.comparison.corpus),
        },
    ),
    "flip": Pair(
        f"flip shelf shadow --force --dry-run {BY_ANNA}",
        lambda root: changeover.flip("shelf", "shadow", force=True, dry_run=True, project=root, **ANNA),
        lambda done: flip_json(done, dry_run=True),
    ),
    "a flip that the gate refuses": Pair(
        f"flip shelf shadow {BY_ANNA}",
        lambda root: changeover.flip("shelf", "shadow", project=root, **ANNA),
        lambda done: flip_json(done, dry_run=False),
    ),
    "rollback": Pair(
        f"rollback --all --dry-run {BY_ANNA}",
        lambda root: changeover.rollback(all=True, dry_run=True, project=root, **ANNA),
        lambda done: rollback_json(done, dry_run=True),
    ),
    "history": Pair(
        "history --verify --last 1",
        lambda root: changeover.history(verify=True, last=1, project=root / "migration"),
        history_json,
    ),
    "doctor": Pair(
        "doctor",
        lambda root: changeover.doctor(project=root),
        lambda found: {"facts": found.facts, "problems": found.problems, "not_seen": found.not_seen},
    ),
    "rules check": Pair(
        "rules check",
        lambda root: changeover.check_rules(project=root),
        lambda found: {
            "file": str(found.file),
            "problems": [{"line": one.line, "problem": one.text} for one in found.problems],
            "digest": found.rules.digest,
        },
    ),
    "rules blindspots": Pair(
        "rules blindspots --runs 4",
        lambda root: changeover.find_blind_spots(runs=4, project=root),
        lambda review: review.as_data(),
        planted="",
    ),
    "scenarios list": Pair(
        "scenarios list",
        lambda root: changeover.list_scenarios(project=root),
        lambda found: {
            "scenarios": [
                {"id": one.id, "seam": one.seam, "tags": one.tags, "calls": len(one.tape)}
                for one in found.scenarios
            ],
            "damaged": found.damaged,
        },
    ),
    "evidence prune": Pair(
        "evidence prune --dry-run",
        lambda root: changeover.prune_evidence(dry_run=True, project=root),
        lambda done: {"store": str(done.store), "dry_run": True, **asdict(done.forgotten)},
    ),
    "evidence check": Pair(
        "evidence check",
        lambda root: changeover.check_evidence(project=root),
        lambda done: {"store": str(done.store), **asdict(done.counted)},
    ),
    "report": Pair(
        "report", lambda root: changeover.report(None, project=root), lambda done: report_json(done.data)
    ),
}


def without_spans(value: Any) -> Any:
    """Without moments and measured durations, which differ between any two runs."""
    if isinstance(value, float):
        return "a duration"
    if isinstance(value, dict):
        return {name: without_spans(part) for name, part in value.items() if name not in MOMENTS}
    return [without_spans(part) for part in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def compared_shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A project with a comparison, a scenario, a move, and two files of rows."""
    shop = shop_in(tmp_path_factory.mktemp("verbs-shop", numbered=False))
    assert shop.run("compare", "--source", "days", "--runs", "12", planted="whole").code == 1
    assert shop.run("scenarios", "keep", "days/day-01").code == 0
    assert shop.run("flip", "cleanup", "done", "--force", *BY_ANNA.split()).code == 0
    (shop.root / "old.jsonl").write_text('{"item": "a", "n": 1}\n{"item": "b", "n": 2}\n')
    (shop.root / "new.jsonl").write_text('{"item": "a", "n": 1}\n{"item": "b", "n": 3}\n')
    return shop


@pytest.mark.parametrize("name", PAIRS)
def test_a_verb_gives_what_its_command_gives_and_prints_nothing(name: str, compared_shop: Shop) -> None:
    shop, pair = compared_shop, PAIRS[name]
    answer = shop.run(*pair.typed.split(), "--format", "json", planted=pair.planted)
    with silent(shop, pair.planted):
        result = pair.verb(shop.root)
    printed = json.loads(answer.out)
    assert printed.pop("schema_version") == 1
    assert without_spans(json.loads(json_text(pair.data(result)))) == without_spans(printed)
    assert getattr(result, "exit_code", 0) == answer.code


def twin(folder: Path) -> Shop:
    folder.mkdir()
    return shop_in(folder)


def test_moves_leave_the_same_files_as_their_commands(tmp_path: Path) -> None:
    typed, called = twin(tmp_path / "typed"), twin(tmp_path / "called")
    for line in (
        "flip shelf shadow --force",
        "flip shelf ramp:5 --force",
        "rollback shelf --to off",
        "kill",
        "unkill",
    ):
        assert typed.run(*line.split(), *BY_ANNA.split()).code == 0
    root = called.root
    with silent(called, ""):
        changeover.flip("shelf", "shadow", force=True, project=root, **ANNA)
        changeover.flip("shelf", "ramp:5", force=True, project=root, **ANNA)
        changeover.rollback("shelf", to="off", project=root, **ANNA)
        switch = changeover.kill(project=root, **ANNA)
        assert (switch.is_on, switch.file) == (True, root / "migration" / KILL_FILE)
        assert switch.file.exists()
        assert changeover.kill(project=root, **ANNA).entry is None
        assert not changeover.unkill(project=root, **ANNA).is_on
        assert not switch.file.exists()
    flags, lines = "flags.json", "history.jsonl"
    assert (root / "migration" / flags).read_bytes() == (typed.root / "migration" / flags).read_bytes()
    moves = [
        [
            {**json.loads(line), "at": ""}
            for line in (shop.root / "migration" / lines).read_text().splitlines()
        ]
        for shop in (typed, called)
    ]
    assert moves[0] == moves[1]


def test_a_scenario_is_shown_kept_and_recorded_and_a_difference_waived(tmp_path: Path) -> None:
    shop, today = shop_in(tmp_path), datetime.now(UTC).date()
    file = tmp_path / "days.jsonl"
    with silent(shop, "dear"):
        found = changeover.compare(source="days", runs=4, report=tmp_path / "page.html", project=tmp_path)
        assert (found.exit_code, found.page_problem) == (1, None)
        assert "shelf.refill" in (tmp_path / "page.html").read_text()
        latest = changeover.explain(project=tmp_path)
        assert isinstance(latest, LatestExplained)
        cluster = str(latest.clusters[0].id)
        waived = changeover.waive(
            cluster, owner="kim", until=today, reason="dear", dry_run=True, project=tmp_path
        )
        assert (waived.is_written, waived.file.exists()) == (False, False)
        kept = changeover.keep_scenario(cluster, project=tmp_path)
        assert changeover.show_scenario(kept.scenarios[0].id, project=tmp_path).id == kept.scenarios[0].id
        written = changeover.record_scenarios("days", runs=2, output=file, project=tmp_path)
        assert (len(written.scenarios), written.size) == (2, file.stat().st_size)


def test_who_listens_hears_the_progress_and_what_must_not_be_overlooked(tmp_path: Path) -> None:
    shop = shop_in(tmp_path)
    heard: list[str] = []
    sources: list[SourceComparison] = []
    with silent(shop, ""):
        changeover.compare(source="days", runs=2, project=tmp_path, source_done=sources.append)
        changeover.kill(project=tmp_path)
        (tmp_path / "migration" / "phases.toml").write_text("no plan")
        back = changeover.rollback(all=True, project=tmp_path, warn=heard.append)
    assert [one.info.source for one in sources] == ["days"]
    assert heard == list(back.warnings)
    assert "what the flags say themselves is taken" in heard[0]
    assert back.caveats == ("kill switch on: legacy answers every new run until changeover unkill",)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            lambda root: changeover.compare(world="moon", project=root),
            "world: was 'moon', allowed: tape, copy",
        ),
        (lambda root: changeover.compare(answer="both", project=root), "answer: was 'both'"),
        (lambda root: changeover.compare(runs=0, project=root), "runs: was 0, allowed: 1 or more"),
        (lambda root: changeover.rollback(project=root), "needs one phase"),
        (lambda root: changeover.flip("shelf", "moon", reason="x", project=root), "STAGE: "),
        (lambda root: changeover.flip("shelf", "shadow", reason=" ", force=True, project=root), "--reason"),
        (lambda root: changeover.gate(project=root), "PHASE: is missing, needed: one of shelf, cleanup"),
        (lambda root: changeover.explain("zz", project=root), "zz: is no cluster, run, seam or phase"),
        (
            lambda root: changeover.kill(project=Project(root, root / "nowhere", None)),
            "there is no such folder",
        ),
        (lambda root: changeover.diff(root / "no", root / "no", by="a", project=root), "cannot be read"),
    ],
)
def test_what_is_wrong_is_a_configuration_error(
    wrong: Callable[[Path], object], message: str, tmp_path: Path
) -> None:
    shop = shop_in(tmp_path)
    with silent(shop, ""), pytest.raises(ConfigurationError, match=message):
        wrong(tmp_path)


def test_a_report_about_nothing_says_so(tmp_path: Path) -> None:
    with silent(shop_in(tmp_path), ""), pytest.raises(NothingToReport, match="nothing was compared yet"):
        changeover.report(None, project=tmp_path)


def test_a_comparison_leaves_the_garbage_collector_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = getattr(gc.get_freeze_count, "__wrapped__", gc.get_freeze_count)  # past tests/conftest.py
    monkeypatch.setattr(gc, "get_freeze_count", counted)
    gc.unfreeze()
    before = gc.get_threshold(), gc.get_freeze_count()
    with silent(shop_in(tmp_path), ""):
        changeover.compare(source="days", runs=2, project=tmp_path)
    assert (gc.get_threshold(), gc.get_freeze_count()) == before
    gc.freeze()  # as the other tests have it
