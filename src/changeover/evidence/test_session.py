"""What the tests of a program showed: the runs of one test, and the counts over all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Any

from changeover.quick_dataclass import dataclass
from changeover.record.run import Run
from changeover.values.verdict import Verdict

RUNS_KEPT_MAX = 10_000
PROBLEMS_KEPT_MAX = 20
DIVERGED = (Verdict.DIVERGED, Verdict.UNSAFE)
EXPECTABLE: dict[str, tuple[Verdict, ...]] = {"diverged": DIVERGED, "failed": (Verdict.FAILED,)}
AS_EXPECTED = "as expected"


class CrossedRuns:
    """The runs of one test; `expected` are verdicts that it is marked to have.

    `runs` has the first `RUNS_KEPT_MAX`, `counts` has all: seam and verdict.
    """

    def __init__(self, expected: tuple[Verdict, ...] = ()) -> None:
        self.runs: list[Run] = []
        self.counts: Counter[tuple[str, str]] = Counter()
        self.met_expectation = False
        self.problems_left_out = 0
        self._expected = expected
        self._fresh: list[Run] = []

    def watch(self, run: Run) -> None:
        """Take one run."""
        if len(self.runs) < RUNS_KEPT_MAX:
            self.runs.append(run)
        label = str(run.verdict)
        if run.verdict in self._expected:
            self.met_expectation = True
            label = f"{label} {AS_EXPECTED}"
        elif run.verdict in (*DIVERGED, Verdict.FAILED):
            if len(self._fresh) < PROBLEMS_KEPT_MAX:
                self._fresh.append(run)
            else:
                self.problems_left_out += 1
        self.counts[run.seam, label] += 1

    def take_problems(self) -> list[Run]:
        """The runs that diverged or could not be compared, unexpectedly, since this was last asked."""
        taken, self._fresh = self._fresh, []
        return taken

    @property
    def lacks_expectation(self) -> bool:
        """Whether it is marked to have a verdict that no run of it had."""
        return bool(self._expected) and not self.met_expectation

    @property
    def verdicts(self) -> Counter[str]:
        """How many runs had which verdict."""
        found: Counter[str] = Counter()
        for (_, verdict), number in self.counts.items():
            found[verdict] += number
        return found


@dataclass(slots=True)
class SuiteTally:
    """Counts over the tests of a session, or of one worker of it; `crossings` by seam and verdict."""

    crossing_tests: int = 0
    idle_tests: int = 0
    opted_out: int = 0
    crossings: Counter[tuple[str, str]] = field(default_factory=Counter)
    declared: set[str] = field(default_factory=set)
    problems: dict[str, None] = field(default_factory=dict)
    lost_workers: int = 0

    def add_test(self, tested: CrossedRuns) -> None:
        """One test that ran."""
        self.crossings.update(tested.counts)
        self.crossing_tests += bool(tested.counts)
        self.idle_tests += not tested.counts

    def note(self, seams: Iterable[str], problems: Iterable[str]) -> None:
        """What a migration declares, and what is wrong with it."""
        self.declared.update(seams)
        self.problems.update(dict.fromkeys(problems))

    @property
    def never_crossed(self) -> list[str]:
        """The declared seams that no test crossed."""
        return sorted(self.declared - {seam for seam, _ in self.crossings})

    def to_data(self) -> dict[str, Any]:
        """Plain values, from a worker to its controller."""
        return {
            "tests": [self.crossing_tests, self.idle_tests, self.opted_out],
            "crossings": [[seam, verdict, number] for (seam, verdict), number in self.crossings.items()],
            "declared": sorted(self.declared),
            "problems": list(self.problems),
        }

    def join(self, data: Mapping[str, Any]) -> None:
        """Add what a worker sent."""
        crossing, idle, opted_out = data["tests"]
        self.crossing_tests += crossing
        self.idle_tests += idle
        self.opted_out += opted_out
        for seam, verdict, number in data["crossings"]:
            self.crossings[seam, verdict] += number
        self.note(data["declared"], data["problems"])
