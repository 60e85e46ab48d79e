"""A verdict as screen, JUnit, Markdown, annotations, JSON: the same answer, and nothing in it is live."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from changeover.values.gate_verdict import Answer, Criterion, GateVerdict
from changeover.views.ci.gate import gate_annotations, gate_junit, gate_markdown
from changeover.views.json import gate_json
from changeover.views.layout import Screen
from changeover.views.text.gate import gate_screen
from tests.changeover.support.gate_inputs import passing, production

HOSTILE = [
    "<script>alert(1)</script>",
    "a | b ](http://x) `c`",
    "x\x1b[31mred\x1b[0m",
    "one\ntwo\r::error::three",
    "\u202egnp.exe",
    "]]></failure><testcase/>",
    "100% & more",
]
SCREEN = """\
desk -> live          INCONCLUSIVE                                 code 9f3c1e7   rules 5b20aa4

    criterion                         required           found
ok  flags                             readable           revision 3
ok  evidence store                    readable           428 runs, 1 corpus
ok  code                              named              9f3c1e7
ok  rules                             sound              5b20aa4
ok  waivers                           none expired       none
ok  effects that differ               0                  0
ok  seams shown to be alike           every one          2 of 2 seams
ok  reference ran                     yes                yes
ok  corpus: history                   whole, every seam  100 runs   2026-11-19
??  corpus: tags seen                 2                  1   missing: settled
ok  corpus: divergences, unexplained  0                  0 of 100 runs
ok  corpus: not compared              0                  0 of 100 runs
??  production: rate, 95 %            < 1.00 %           < 1.40 %
        214 of 299 distinct inputs of desk.quote
ok  production: not compared          <= 0.10 %          0.00 %   0 failed
ok  production: unpaired              <= 1.00 %          0.00 %   0 dropped, 0 not kept
ok  production: days covered          >= 20              30   2026-10-22 to 2026-11-20
ok  own time, p95                     <= x 1.5           x 1.20   10 -> 12 ms
ok  alterations noticed               all, or listed     100 of 100
ok  check: lint-imports               exit 0             exit 0
ok  requires events                   done               done

not counted   100 generated runs (the rate is of production alone)
not shown     What no run met: other inputs, calls that pass no port (changeover docs limits).
              The rate is exact if the inputs seen are a fair sample of those to come.
              If one looks after every run until it passes: within 2,000 inputs a candidate at the
              limit passes with a chance of up to 17 %, not 5.0 %.
do first      changeover compare desk --source history
exit 3
"""


def hostile(text: str) -> GateVerdict:
    verdict = passing().verdict
    criteria = [Criterion(text, answer, text, text, text, text) for answer in Answer]
    return replace(
        verdict, phase=text, criteria=tuple(criteria), not_counted=(text,), not_shown=(text,), code=text
    )


def test_the_screen_is_written_in_the_hand_of_all_screens() -> None:
    short = passing().but_runs(production(214)).runs
    case = passing().but_corpus(tags={"debt": 50}).but_runs(short)
    assert gate_screen(case.verdict, Screen()) == SCREEN


def test_colour_is_on_the_verdict_word_alone() -> None:
    coloured = gate_screen(passing().verdict, Screen(coloured=True))
    assert coloured.count("\x1b[") == 2
    assert coloured.replace("\x1b[32mPASS\x1b[0m", "PASS") == gate_screen(passing().verdict, Screen())


def test_junit_has_a_case_for_each_criterion_and_counts_what_is_no_pass() -> None:
    verdict = passing().but(checks={}, killed=True).verdict
    suites = ElementTree.fromstring(gate_junit([verdict]))  # noqa: S314  it is our own
    cases = suites.findall("testsuite/testcase")
    assert [case.get("name") for case in cases] == [one.name for one in verdict.criteria]
    assert (suites.get("failures"), suites.get("errors")) == ("1", "1")
    assert [case.get("name") for case in cases if case.find("failure") is not None] == ["kill switch"]
    assert [case.get("name") for case in cases if case.find("error") is not None] == ["check: lint-imports"]


def test_a_verdict_without_a_criterion_is_no_pass_and_an_error_in_junit() -> None:
    empty = replace(passing().verdict, criteria=())
    assert (empty.answer, empty.exit_code) == (Answer.INCONCLUSIVE, 3)
    suites = ElementTree.fromstring(gate_junit([empty]))  # noqa: S314
    assert (suites.get("tests"), suites.get("errors")) == ("1", "1")


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_is_live_in_any_format(text: str) -> None:
    verdict = hostile(text)
    screen, junit, markdown = gate_screen(verdict, Screen()), gate_junit([verdict]), gate_markdown([verdict])
    for shown in (screen, junit, markdown, *gate_annotations([verdict])):
        assert all(letter == "\n" or letter.isprintable() for letter in shown)
    assert max(map(len, screen.splitlines())) <= 100
    suites = ElementTree.fromstring(junit)  # noqa: S314
    assert len(suites.findall("testsuite/testcase")) == 3
    rows = [line for line in markdown.splitlines() if line.startswith(("| ok", "| ??", "| !!"))]
    assert len(rows) == 3
    assert all(row.replace("\\|", "").count("|") == 5 for row in rows)
    assert "<script" not in markdown.replace("`<script>alert(1)</script>`", "")


def test_an_annotation_is_one_line_and_says_what_to_do() -> None:
    (line,) = gate_annotations([passing().but(checks={}).verdict])
    assert line == (
        "::warning title=desk -> live%3A check%3A lint-imports::"
        "required exit 0, found was not run; do: changeover gate desk"
    )


def test_json_says_everything_that_the_screen_says() -> None:
    told = gate_json(passing().but(killed=True).verdict)
    assert (told["answer"], told["exit_code"], told["from"], told["to"]) == ("fail", 1, "shadow", "live")
    assert told["do_first"] == 'changeover unkill --reason "..."'
    assert {one["answer"] for one in told["criteria"]} == {"pass", "fail"}


def test_what_was_found_is_never_cut_and_never_said_twice() -> None:
    found = "1,951 sessions, every one of them whole"
    long = Criterion("corpus: history", Answer.PASS, "whole", found, detail="350 worlds, candidate answering")
    check = Criterion(
        "check: changeover legacy prove", Answer.INCONCLUSIVE, "exit 0", "exit 3", detail="exit 3"
    )
    verdict = replace(passing().verdict, criteria=(long, check))
    lines = gate_screen(verdict, Screen()).splitlines()
    assert lines[3:7] == [
        f"ok  {'corpus: history':<34}{'whole':<19}{found}",
        "        350 worlds, candidate answering",
        f"??  {'check: changeover legacy prove':<34}{'exit 0':<19}exit 3",
        "",
    ]
    assert "| exit 0 | exit 3 |" in gate_markdown([verdict])
