"""The screen of `status` from values: on one screen, in its columns, and its numbers add up."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from changeover.values.gate_verdict import Answer, Criterion, CriterionKind, GateVerdict
from changeover.values.stage import Setting, Stage, ramp
from changeover.views.layout import Screen
from changeover.views.text.status import NextStep, PhaseStatus, ProductionStatus, Status, status_screen

AT = datetime(2026, 8, 3, 20, 45, 3, tzinfo=UTC)
LONG = "a reason that nobody could have put into so few columns as a terminal has, and then some more words"
SAYS = "trading.cli -> trading.legacy (cli.py:37)"


def verdict(number: int, phase: str, old: str, new: str, *criteria: Criterion) -> GateVerdict:
    return GateVerdict(
        phase, number, Setting(Stage(old)), Setting(Stage(new)), "9f3c1e7", "5b20aa4", "", criteria
    )


PASSED = Criterion("corpus", Answer.PASS, "0", "0")
SHORT = Criterion(
    "production: rate, 95 %", Answer.INCONCLUSIVE, "< 1.00 %", "214 of 299 distinct inputs", "wait"
)
TAG = Criterion(
    "corpus: tags seen", Answer.INCONCLUSIVE, "15", "14", "changeover compare trading", "lost-reply missing"
)
LINT = Criterion("check: lint-imports", Answer.FAIL, "exit 0", "exit 1", "lint-imports", SAYS)
WAITING = Criterion(
    "requires entry-points",
    Answer.FAIL,
    "complete",
    "off",
    "changeover gate entry-points",
    kind=CriterionKind.REQUIRES,
    required_phase="entry-points",
)

STATUS = Status(
    identity="event-driven-orchestration      code 9f3c1e7   rules 5b20aa4",
    problems=(),
    notices=(),
    phases=(
        PhaseStatus(1, "events", Setting(Stage.DONE), "-", checks=(4, 4)),
        PhaseStatus(
            2, "portfolio", Setting(Stage.LIVE), "candidate", 2990, 214, None, Setting(Stage.COMPLETE)
        ),
        PhaseStatus(3, "trading", ramp(12.5), "both", 1951, 214, None, Setting(Stage.LIVE)),
        PhaseStatus(4, "entry-points", Setting(Stage.OFF), "legacy", 1951, following=Setting(Stage.SHADOW)),
        PhaseStatus(5, "decouple", Setting(Stage.OPEN), "-", checks=(1, 2)),
        PhaseStatus(6, "cleanup", Setting(Stage.OPEN), "-"),
    ),
    steps=(
        NextStep(verdict(2, "portfolio", "live", "complete", PASSED)),
        NextStep(verdict(3, "trading", "shadow", "live", PASSED, SHORT, TAG)),
        NextStep(verdict(4, "entry-points", "off", "shadow", PASSED)),
        NextStep(verdict(5, "decouple", "open", "done", LINT, SHORT, TAG)),
        NextStep(verdict(6, "cleanup", "open", "done", WAITING, TAG), "for 2, 3 and 4 to be complete"),
    ),
    production=(
        ProductionStatus("portfolio", 214, 200, 11, 0, 0, 0, 0, 3, AT, AT),
        ProductionStatus("trading", 1_214, 1_200, 11, 1, 0, 0, 0, 2, AT, AT),
    ),
    other_code=1_207,
    flags="migration/flags.json revision 14, digest ok   kill switch off   no override",
    soon="rule **.market_value expires in 131 days   no waiver   rollback rehearsed 2026-11-18",
    back="changeover rollback portfolio   all of it, at once: changeover kill",
)


def test_the_screen_of_six_phases() -> None:
    assert (
        status_screen(STATUS, Screen())
        == """\
event-driven-orchestration      code 9f3c1e7   rules 5b20aa4

    phase          answers     off  shadow  ramp  live  complete   runs on this code  next
1   events         -             ·       ·     ·     ·         *   4 checks of 4      -
2   portfolio      candidate     ·       ·     ·     *         ·   3,204 distinct     complete
3   trading        both          ·       · 12.5%     ·         ·   2,165 distinct     live
4   entry-points   legacy        *       ·     ·     ·         ·   1,951 distinct     shadow
5   decouple       -             *       ·     ·     ·         ·   1 check of 2       -
6   cleanup        -             *       ·     ·     ·         ·   -                  -

2   portfolio -> complete    PASS           changeover flip portfolio complete --reason "..."
3   trading -> live          INCONCLUSIVE   production: rate, 95 %: 214 of 299 distinct inputs
                                            corpus: tags seen: 14: lost-reply missing
                             do             wait
4   entry-points -> shadow   PASS           changeover flip entry-points shadow --reason "..."
5   decouple                 FAIL           check: lint-imports: exit 1: trading.cli -> trading.leg…
                                            production: rate, 95 %: 214 of 299 distinc… (and 1 more)
                             do             lint-imports
6   cleanup                  waits          for 2, 3 and 4 to be complete

production  portfolio: 214 runs since 2026-08-03, 200 match, 11 tolerated; dropped ·, not compared 3
            trading: 1,214 runs since 2026-08-03, 1,200 match, 11 tolerated, 1 diverged
            dropped ·, not compared 2
            last run 2026-08-03 20:45:03Z   1,207 runs on other code or by other rules
flags       migration/flags.json revision 14, digest ok   kill switch off   no override
soon        rule **.market_value expires in 131 days   no waiver   rollback rehearsed 2026-11-18
go back     changeover rollback portfolio   all of it, at once: changeover kill
"""
    )


@pytest.mark.parametrize("width", [100, 94, 80, 72])
def test_no_line_is_longer_than_the_terminal_is_wide_and_no_command_is_cut(width: int) -> None:
    status = replace(STATUS, problems=(f"flags.json refused: {LONG}",), notices=(LONG,))
    lines = status_screen(status, Screen(width)).splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) <= (40 if width >= 94 else 50)
    text = "\n".join(lines)
    for command in (
        'changeover flip portfolio complete --reason "..."',
        'changeover flip entry-points shadow --reason "..."',
        "changeover rollback portfolio",
        "changeover kill",
    ):
        assert command in text


def test_what_is_wrong_comes_first() -> None:
    status = replace(STATUS, problems=("kill switch on", "flags refused"), notices=("3 runs were lost",))
    lines = status_screen(status, Screen()).splitlines()
    assert lines[:4] == ["! kill switch on", "! flags refused", "! 3 runs were lost", ""]


def test_runs_in_production_are_the_sum_of_what_is_said_of_them() -> None:
    screen = status_screen(STATUS, Screen()).replace("\n            dropped", "; dropped")
    lines = [line for line in screen.splitlines() if " runs since " in line]
    assert len(lines) == 2
    for line in lines:
        total, said = re.fullmatch(r".*: ([\d,]+) runs since [\d-]+, (.*)", line).groups()  # type: ignore[union-attr]
        numbers = re.findall(r"([\d,]+|·)(?= [mtdwv])|(?:dropped|compared) ([\d,]+|·)", said)
        counts = [int((one or other).replace(",", "").replace("·", "0")) for one, other in numbers]
        assert sum(counts) == int(total.replace(",", ""))


@pytest.mark.parametrize(
    ("steps", "problems", "expected"),
    [
        ((0, 2), (), 0),
        ((0, 1), (), 3),
        ((0, 1, 3), (), 1),
        ((0, 4), (), 0),
        ((0,), ("kill switch on",), 1),
        ((), (), 0),
    ],
)
def test_check_exits_as_the_worst_gate_and_what_only_waits_is_not_asked(
    steps: tuple[int, ...], problems: tuple[str, ...], expected: int
) -> None:
    status = replace(STATUS, steps=tuple(STATUS.steps[one] for one in steps), problems=problems)
    assert status.exit_code == expected


def test_what_fails_of_its_own_is_shown_although_the_phase_waits_as_well() -> None:
    waits = NextStep(verdict(6, "cleanup", "open", "done", WAITING, LINT), "for 4 to be complete")
    status = replace(STATUS, steps=(waits,))
    screen = status_screen(status, Screen())
    assert "6   cleanup                  FAIL           check: lint-imports: exit 1" in screen
    assert "requires" not in screen
    assert status.exit_code == 1


def test_nothing_that_a_terminal_obeys_gets_through() -> None:
    evil = "\x1b]8;;http://x\x07\u202e"
    bad = Criterion(evil, Answer.FAIL, evil, evil, evil, evil)
    status = replace(
        STATUS,
        problems=(evil,),
        notices=(evil,),
        phases=(PhaseStatus(1, evil, Setting(Stage.OFF), "legacy"),),
        steps=(NextStep(verdict(1, evil, "off", "shadow", bad)),),
        flags=evil,
        soon=evil,
        back=evil,
    )
    screen = status_screen(status, Screen())
    assert all(letter.isprintable() for letter in screen.replace("\n", ""))
