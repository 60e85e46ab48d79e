"""What was measured of each accident, and how a terminal shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import shorten, wrap

from changeover.views.layout import plural
from tests.accidents.accident import COMPARE, Accident
from tests.accidents.catalogue import load
from tests.accidents.measuring import compare, compares_results, explores
from tests.accidents.outcome import Outcome

WIDTH = 80
INDENT = "    "


@dataclass(frozen=True, slots=True)
class Measured:
    """An accident, what the command that catches it showed, and where its results alone differ.

    `result_seams` is None where neither results alone were compared nor schedules explored; `explored` is the
    seam at which a schedule differed, if one did.
    """

    number: int
    accident: Accident
    outcome: Outcome
    problems: Sequence[str]
    result_seams: frozenset[str] | None
    explored: str | None

    @property
    def noticed_by(self) -> dict[str, bool]:
        """By what it is noticed, weakest first."""
        compared = {
            "results and effects": self.outcome.by_results_and_effects,
            "plus invariants": bool(self.outcome.clusters),
        }
        if self.result_seams is None:
            return compared
        explored = {"plus explore": self.explored is not None}
        return {"results only": bool(self.result_seams)} | compared | explored


def measure(number: int, *, runs: int, fail_fast: bool, results_too: bool) -> Measured:
    """Run what catches this accident."""
    accident = load(number)
    outcome = compare(number, accident.command, runs, fail_fast=fail_fast)
    seams = compares_results(number, runs) if results_too else None
    explored = explores(number, runs) if results_too else None
    problems = outcome.problems(accident, whole=not fail_fast)
    return Measured(number, accident, outcome, problems, seams, explored)


def table(done: Sequence[Measured]) -> str:
    """A few lines for each, none longer than a terminal is wide."""
    return "\n".join(line for one in done for line in _lines(one))


def _lines(one: Measured) -> list[str]:
    outcome, first = one.outcome, one.outcome.first
    lines = [f"{one.number:2}  {shorten(one.accident.title, WIDTH - 4, placeholder=' ...')}"]
    if one.accident.command != COMPARE:
        lines.append(f"{INDENT}changeover {' '.join(one.accident.command)}")
    where = "no cluster" if first is None else f"{first.at.seam}  {first.at.place}"
    lines += wrap(f"{outcome.verdict:8}  {where}", WIDTH, initial_indent=INDENT, subsequent_indent=INDENT * 4)
    if first is not None:
        how = f"{first.at.kind}, {first.pattern}; {first.runs} of {plural(outcome.runs, 'comparison')}"
        lines += wrap(how, WIDTH, initial_indent=INDENT + " " * 10, subsequent_indent=INDENT + " " * 10)
    if one.result_seams is not None:
        noticed = next((name for name, is_noticed in one.noticed_by.items() if is_noticed), "nothing")
        lines.append(f"{INDENT}          noticed by {noticed}")
    for problem in one.problems:
        lines += wrap(f"NOT AS EXPECTED: {problem}", WIDTH, initial_indent=INDENT, subsequent_indent=INDENT)
    return lines
