"""Every way in which a rules file can be bad is one error: file, place, what was found, what is allowed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from changeover.compare.rules import Rules
from changeover.compare.rules_file import RULES_MAX, RulesError, check_rules_file, load_rules
from changeover.errors import ConfigurationError
from changeover.values.toml_table import FILE_BYTES_MAX

TODAY = date(2026, 1, 15)
RULE = '[[rule]]\npath = "result.a"\nreason = "r"\n'

BAD: list[tuple[str, str, str]] = [
    ("empty", "", "rules.toml: was empty, allowed: [defaults] and [[rule]] tables"),
    ("blank", "  \n\n", "was empty"),
    ("truncated", RULE + 'abs = "0.0', "was not valid TOML"),
    (
        "duplicate key",
        RULE + 'abs = "1"\nabs = "2"\n',
        "was not valid TOML: Cannot overwrite a value (at line 5",
    ),
    ("deeply nested", "a = " + "[" * 100_000, "nested too deeply"),
    (
        "unknown table",
        "[rules]\nx = 1\n",
        'line 1: unknown key "rules", did you mean "rule"? allowed: defaults, rule',
    ),
    (
        "unknown default",
        '\n[defaults]\ntype = "strict"\n',
        'line 3: defaults: unknown key "type", did you mean "types"? allowed: types',
    ),
    (
        "wrong default",
        '[defaults]\ntypes = "exact"\n',
        "line 2: defaults.types: was 'exact', allowed: strict, numeric",
    ),
    ("defaults no table", "defaults = 3\n", "line 1: defaults: was 3, allowed: a table"),
    (
        "rule no list",
        '[rule]\npath = "result"\n',
        "line 1: rule: was {'path': 'result'}, allowed: an array of tables, each under [[rule]]",
    ),
    (
        "unknown rule key",
        RULE + 'absolut = "1"\n',
        'line 4: rule 1 "result.a": unknown key "absolut", did you mean "abs"? allowed: ',
    ),
    ("no path", '[[rule]]\nreason = "r"\nabs = "1"\n', "line 1: rule 1.path: is missing"),
    (
        "no reason",
        '[[rule]]\npath = "result"\nabs = "1"\n',
        'rule 1 "result".reason: is missing, needed: a text',
    ),
    (
        "empty reason",
        '[[rule]]\npath = "result"\nreason = " "\nabs = "1"\n',
        'line 3: rule 1 "result".reason: was empty',
    ),
    ("says nothing", RULE, "says nothing, allowed: abs, rel"),
    ("float for abs", RULE + "abs = 0.01\n", "abs: was 0.01, allowed: an exact decimal as text"),
    ("negative abs", RULE + 'abs = "-1"\n', "abs: was '-1', allowed: an exact decimal as text"),
    ("NaN for rel", RULE + 'rel = "NaN"\n', "rel: was 'NaN'"),
    ("infinite abs", RULE + 'abs = "Infinity"\n', "abs: was 'Infinity'"),
    (
        "empty match_by",
        RULE + "match_by = []\n",
        "match_by: has 0 names, allowed: 1 to 20",
    ),
    ("match_by text", RULE + 'match_by = "id"\n', "match_by: was 'id', allowed: a list of texts"),
    ("match_by twice", RULE + 'match_by = ["a", "a"]\n', "match_by[1]: 'a' stands there twice"),
    ("wrong order", RULE + 'order = "none"\n', "order: was 'none', allowed: any"),
    ("wrong same_as", RULE + "same_as = true\n", "same_as: was True, allowed: a text"),
    ("ignore text", RULE + 'ignore = "yes"\n', "ignore: was 'yes', allowed: true or false"),
    (
        "wrong must_be",
        RULE + 'ignore = true\nmust_be = "dattime"\n',
        "must_be: was 'dattime', did you mean \"datetime\"? allowed: bool",
    ),
    ("must_be alone", RULE + 'must_be = "str"\n', "must_be goes with ignore = true"),
    (
        "until text",
        RULE + 'abs = "1"\nuntil = "2027-01-01"\n',
        "until: was '2027-01-01', allowed: a day without quotes",
    ),
    ("expired", RULE + 'abs = "1"\nuntil = 2026-01-14\n', 'line 1: rule "result.a": expired on 2026-01-14'),
    ("bad path", '[[rule]]\npath = "result..a"\nreason = "r"\nabs = "1"\n', "line 2: rule 1"),
    (
        "misspelt root",
        '[[rule]]\npath = "results.a"\nreason = "r"\nabs = "1"\n',
        "allowed at its start: result",
    ),
    ("bad seam", RULE + 'seam = ""\nabs = "1"\n', "seam: was empty"),
    ("ignores and tolerates", RULE + 'ignore = true\nabs = "1"\n', "ignores the place and gives abs"),
    ("two kinds of list", RULE + 'match_by = ["a"]\norder = "any"\n', "gives match_by and order"),
    ("renamed and tolerated", RULE + 'same_as = "bijection"\nabs = "1"\n', "gives a tolerance and same_as"),
    (
        "disagreeing",
        RULE + 'abs = "1"\n' + RULE + 'abs = "2"\n',
        'line 5: rule "result.a": disagrees with "result.a" (line 1) about abs',
    ),
    (
        "disagreeing by wildcards",
        '[[rule]]\npath = "result.a.*"\nreason = "r"\ntypes = "loose"\n'
        '[[rule]]\npath = "result.*.b"\nreason = "r"\ntypes = "strict"\n',
        "disagrees",
    ),
    ("disagreeing about a list", RULE + 'match_by = ["a"]\n' + RULE + 'order = "any"\n', "about match_by"),
    ("too many", (RULE + 'abs = "1"\n') * (RULES_MAX + 1), f"allowed (RULES_MAX): {RULES_MAX}"),
]

HIDING = [
    "effects",
    "effects.broker",
    "effects.*",
    "effects.broker.submit",
    "effects.broker.submit[*]",
    "**",
    "effects.**",
    "effects.broker.**",
    "effects.*.*[SPY]",
    "{result,effects}",
    "*",
    "*.*",
    "**.*",
    "**[*]",
    "**.effects",
]


def load(folder: Path, text: str) -> Rules:
    file = folder / "rules.toml"
    file.write_text(text, encoding="utf-8")
    return load_rules(file, today=TODAY)


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_a_bad_file_is_one_error_that_says_where_and_what(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RulesError) as refused:
        load(tmp_path, text)
    assert str(refused.value).startswith("rules.toml")
    assert message in str(refused.value)
    assert isinstance(refused.value, ConfigurationError)


@pytest.mark.parametrize("path", HIDING)
def test_ports_methods_and_intent_keys_are_never_ignored(tmp_path: Path, path: str) -> None:
    with pytest.raises(RulesError, match="ignores a port, a method or an intent key"):
        load(tmp_path, f'[[rule]]\npath = "{path}"\nreason = "r"\nignore = true\n')


@pytest.mark.parametrize(
    "path", ["effects.notifier.send[*].sent_at", "**.sent_at", "effects.*.*[*].*", "result.**"]
)
def test_arguments_of_effects_may_be_ignored(tmp_path: Path, path: str) -> None:
    assert load(tmp_path, f'[[rule]]\npath = "{path}"\nreason = "r"\nignore = true\n').rules


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match=r"rules\.toml: could not be read: No such file"):
        load_rules(tmp_path / "rules.toml", today=TODAY)


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_bytes(b"# \xff\xfe")
    with pytest.raises(RulesError, match="was not UTF-8 at byte 2"):
        load_rules(tmp_path / "rules.toml", today=TODAY)


def test_a_file_of_a_hundred_megabytes_is_refused_before_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    with file.open("wb") as sparse:
        sparse.truncate(100_000_000)
    with pytest.raises(RulesError, match=f"was 100000000 bytes, allowed: {FILE_BYTES_MAX}"):
        load_rules(file, today=TODAY)


def test_all_problems_are_listed_by_the_check_and_counted_by_the_error(tmp_path: Path) -> None:
    text = RULE + 'abs = 1\n[[rule]]\npath = "result.b"\nreason = "r"\nrel = 2\n'
    with pytest.raises(RulesError, match=r"line 4: .*\(and 1 more\)"):
        load(tmp_path, text)
    rules, problems = check_rules_file(tmp_path / "rules.toml", today=TODAY)
    assert rules is None
    assert [problem.line for problem in problems] == [4, 8]


def test_a_file_of_comments_is_no_rules(tmp_path: Path) -> None:
    assert load(tmp_path, "# none yet\n").rules == ()


def test_rules_that_agree_or_never_meet_may_be_equally_specific(tmp_path: Path) -> None:
    text = (
        '[[rule]]\npath = "result.a.*"\nreason = "r"\nabs = "1"\n'
        '[[rule]]\npath = "result.*.b"\nreason = "r"\nabs = "1"\n'
        '[[rule]]\npath = "result.c.d"\nreason = "r"\nabs = "1"\nseam = "x.*"\n'
        '[[rule]]\npath = "result.c.d"\nreason = "r"\nabs = "2"\nseam = "y.*"\n'
    )
    assert len(load(tmp_path, text).rules) == 4


def test_the_last_day_of_a_rule_still_counts(tmp_path: Path) -> None:
    assert load(tmp_path, RULE + 'abs = "1"\nuntil = 2026-01-15\n').rules
