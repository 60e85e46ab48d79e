"""Inputs that pass, and ways of changing one thing in it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from changeover.compare.change_pattern import Change, ChangePattern
from changeover.evidence.store.records import (
    Evidence,
    Review,
    StoredCluster,
    StoredComparison,
    StoredRun,
)
from changeover.evidence.tallies import SeamTally
from changeover.gate.decision import decide
from changeover.gate.inputs import CLOCK_TOLERANCE, GateInputs
from changeover.rollout.history import HistoryEntry
from changeover.rollout.plan_file import Plan, parse_plan
from changeover.rollout.waivers import Waiver
from changeover.values.divergence import Kind
from changeover.values.gate_verdict import Answer, Criterion, GateVerdict
from changeover.values.observation import Side
from changeover.values.stage import Setting, Stage
from changeover.values.toml_table import parse_toml
from changeover.values.verdict import Verdict
from tests.changeover.support.counted_runs import with_runs

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CODE, RULES = "9f3c1e7".ljust(64, "0"), "5b20aa4".ljust(64, "0")
SEAMS = ("desk.quote", "desk.settle")
SAFE, UNSAFE = "aa" * 32, "bb" * 32
PLAN = """
[migration]
name = "desk-on-events"
code = ["desk"]

[[phase]]
name = "events"
[phase.gate.done]
check = ["pytest -q tests/events"]

[[phase]]
name = "desk"
requires = ["events"]
seams = ["desk.quote", "desk.settle"]
[phase.gate.live]
corpus = { sources = ["history"], tags = ["debt", "settled"] }
check = ["lint-imports"]

[[phase]]
name = "cleanup"
requires = ["desk"]
"""


def plan_of(text: str = PLAN) -> Plan:
    return parse_plan(parse_toml(text, "phases.toml"), "phases.toml")


def run(number: int, seam: str = SEAMS[0], **changes: Any) -> StoredRun:
    """The run of a day; every one has a world of its own, and 30 days follow one another."""
    made = StoredRun(
        id=f"run-{number}-{seam}",
        at=NOW - timedelta(days=number % 30, hours=1),
        seam=seam,
        phase="desk",
        stage="shadow",
        answered_by=Side.LEGACY,
        verdict=Verdict.MATCH,
        code=CODE,
        rules=RULES,
        world=f"2:world-{number}-{seam}",
        legacy_s=0.010,
        candidate_s=0.011,
    )
    return replace(made, **changes)


def production(number: int = 300) -> tuple[StoredRun, ...]:
    return tuple(run(one, seam) for one in range(number) for seam in SEAMS)


def counts(**verdicts: int) -> SeamTally:
    return SeamTally("", "desk", {Verdict(name): number for name, number in verdicts.items()})


def corpus(**changes: Any) -> StoredComparison:
    made = StoredComparison(
        number=1,
        at=NOW - timedelta(days=1),
        source="history",
        population="generated",
        code=CODE,
        rules=RULES,
        whole=True,
        partial=False,
        answered_by=Side.LEGACY,
        seams={seam: counts(match=40, tolerated=10) for seam in SEAMS},
        tags={"debt": 30, "settled": 20},
        distinct_worlds=50,
        distinct_diverged=0,
        own_times={"desk": (0.010, 0.012)},
    )
    return replace(made, **changes)


def cluster(digest: str = SAFE, **changes: Any) -> StoredCluster:
    made = StoredCluster(digest, SEAMS[0], "result.total", Kind.VALUE, ChangePattern(Change.LARGER), False, 2)
    return replace(made, **changes)


def review(kind: str, name: str, body: Mapping[str, Any] | None = None, **changes: Any) -> Review:
    made = Review(kind, name, NOW - timedelta(hours=1), CODE, RULES, "pass", "exit 0", body or {})
    return replace(made, **changes)


def spots(*places: str, tried: int = 100) -> Review:
    listed = [{"seam": SEAMS[0], "place": place, "change": "removed", "times": 1} for place in places]
    return review("blind-spots", "desk", {"tried": tried, "spots": listed})


def waiver(cluster: str = SAFE, until: date = date(2026, 12, 31)) -> Waiver:
    return Waiver(cluster[:12], "ada", "known rounding", until)


def entry(action: str, old: str, new: str, **changes: Any) -> HistoryEntry:
    made = HistoryEntry(
        3, action, NOW - timedelta(days=2), "ada", "rehearsal", "x", "y", "desk", old, new, code=CODE
    )
    return replace(made, **changes)


@dataclass(frozen=True)
class Case:
    """The inputs of one gate; every `but` gives another that differs in what is named."""

    inputs: GateInputs
    runs: tuple[StoredRun, ...] = ()

    def but(self, **changes: Any) -> "Case":
        return replace(self, inputs=replace(self.inputs, **changes))

    def but_evidence(self, **changes: Any) -> "Case":
        return self.but(evidence=replace(self.inputs.evidence, **changes))

    def but_corpus(self, **changes: Any) -> "Case":
        return self.but_evidence(corpora=(corpus(**changes),))

    def but_problem(self, **changes: Any) -> "Case":
        return self.but(problems=replace(self.inputs.problems, **changes))

    def but_runs(self, runs: Iterable[StoredRun]) -> "Case":
        given = tuple(runs)
        evidence = with_runs(self.inputs.evidence, given, NOW + CLOCK_TOLERANCE, (CODE, RULES))
        return replace(self.but(evidence=evidence), runs=given)

    def but_every_run(self, **changes: Any) -> "Case":
        return self.but_runs(replace(one, **changes) for one in self.runs)

    def but_plan(self, old: str, new: str) -> "Case":
        assert old in PLAN
        plan = plan_of(PLAN.replace(old, new, 1))
        return self.but(plan=plan, phase=plan.phases[self.inputs.phase.name])

    @property
    def verdict(self) -> GateVerdict:
        return decide(self.inputs)

    def criterion(self, name: str) -> Criterion:
        found = [one for one in self.verdict.criteria if one.name.startswith(name)]
        assert found, f"no criterion {name!r} among {[one.name for one in self.verdict.criteria]}"
        return found[0]


def passing() -> Case:
    """desk, shadow -> live: everything that its gate asks is there."""
    plan = plan_of()
    return Case(
        GateInputs(
            plan=plan,
            phase=plan.phases["desk"],
            old=Setting(Stage.SHADOW),
            new=Setting(Stage.LIVE),
            settings={
                "events": Setting(Stage.DONE),
                "desk": Setting(Stage.SHADOW),
                "cleanup": Setting(Stage.OPEN),
            },
            revision=3,
            code=CODE,
            rules=RULES,
            now=NOW,
            evidence=Evidence(corpora=(corpus(),), reviews=(spots(),)),
            checks={"lint-imports": review("check", "lint-imports")},
        )
    ).but_runs(production())


def completing() -> Case:
    """desk, live -> complete."""
    runs = [replace(one, stage="live", answered_by=Side.CANDIDATE) for one in production()]
    command = "changeover legacy prove"
    case = passing().but_runs(runs)
    return case.but(
        old=Setting(Stage.LIVE),
        new=Setting(Stage.COMPLETE),
        settings={**case.inputs.settings, "desk": Setting(Stage.LIVE)},
        history=(entry("flip", "shadow", "live"), entry("rollback", "live", "shadow", code=None)),
        checks={command: review("check", command)},
    )


def finishing() -> Case:
    """events, open -> done: a phase that consists of checks."""
    case = passing()
    command = "pytest -q tests/events"
    return case.but(
        phase=case.inputs.plan.phases["events"],
        old=Setting(Stage.OPEN),
        new=Setting(Stage.DONE),
        settings={**case.inputs.settings, "events": Setting(Stage.OPEN)},
        checks={command: review("check", command)},
    )


FAIL, UNKNOWN = Answer.FAIL, Answer.INCONCLUSIVE
NotGreen = tuple[Callable[[], Case], Callable[[Case], Case], Answer, str]
"""What passes, the one change, the answer that must follow, and what the screen must say."""
