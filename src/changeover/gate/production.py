"""The runs in production that a gate counts, seam by seam: distinct inputs, and what was not compared.

Runs of different seams of a phase are not independent, as one run crosses them together: every seam has a
rate of its own, and the worst one decides.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Container, Iterator, Sequence
from datetime import date, datetime

from changeover.evidence.confidence import comparisons_needed, is_excluded, percent_above, upper_bound
from changeover.evidence.store.production import (
    DifferingInput,
    Distinct,
    LateTimes,
    Met,
    RunGroup,
    distinct,
    late_time,
    met_in,
    setting_of,
)
from changeover.evidence.store.records import STORE, StoredRun
from changeover.gate.corpus_selection import CountedCorpora
from changeover.gate.inputs import GateInputs, ProjectState
from changeover.quick_dataclass import dataclass
from changeover.rollout.gate_criteria import ProductionCriteria
from changeover.values.gate_verdict import Answer, Criterion
from changeover.values.observation import Side
from changeover.values.stage import SEAM_STAGES, Stage
from changeover.values.verdict import Verdict

_Judged = StoredRun | RunGroup | DifferingInput | LateTimes
WHY_NOT_COMPARED = "changeover explain    says why runs were not compared"
COMPARISONS_MAX = 10_000_000
"""Beyond so many, nobody is told how many more are needed."""


@dataclass(frozen=True, slots=True)
class DistinctInputs:
    """The distinct inputs of one seam: how many were seen, and how many have a run that differs."""

    seam: str
    seen: int
    diverged: int

    def bound(self, confidence: float) -> float:
        """The upper bound of the rate of divergence, at this confidence."""
        return upper_bound(self.diverged, self.seen, confidence)

    def needed(self, criteria: ProductionCriteria) -> int | None:
        """How many inputs it takes if no more of them differ; None beyond `COMPARISONS_MAX`."""
        low = comparisons_needed(criteria.rate_max, criteria.confidence)
        high = max(low, self.seen)
        while not self._excludes(high, criteria):
            low, high = high, 2 * high
            if high > COMPARISONS_MAX:
                return None
        return low + bisect_left(range(low, high), True, key=lambda seen: self._excludes(seen, criteria))

    def _excludes(self, seen: int, criteria: ProductionCriteria) -> bool:
        return is_excluded(criteria.rate_max, self.diverged, max(seen, self.diverged), criteria.confidence)


@dataclass(frozen=True, slots=True)
class Production:
    """The runs of a phase in production that count, by how they ended.

    `sampled_out` runs were not meant to be compared, `unpaired` ones were dropped, `lost` were not stored.
    `of_other_code` were renewed, and are no evidence: today's code does something else than was recorded.
    `other_code_until` is when the last of those was that are still on other code.
    """

    compared: tuple[RunGroup, ...]
    waived: int
    vacuous: int
    not_compared: int
    unpaired: int
    sampled_out: int
    lost: int
    of_other_code: int
    other_code: int
    other_code_until: datetime | None
    other_side: int
    in_a_ramp: int
    other_digests: int
    distinct_inputs: tuple[DistinctInputs, ...]
    times: tuple[LateTimes, ...] = ()

    @property
    def runs(self) -> int:
        """How many were compared."""
        return sum(group.runs for group in self.compared)

    @property
    def days(self) -> tuple[date, ...]:
        """The days (UTC) with a run that was compared, in order."""
        return tuple(sorted({group.day for group in self.compared}))

    @property
    def not_compared_share(self) -> float:
        """The share that failed, of the runs that reached the comparison."""
        return _share(self.not_compared, self.runs + self.waived + self.not_compared)

    @property
    def unpaired_share(self) -> float:
        """The share that was dropped or not stored, of all runs to be compared."""
        missed = self.unpaired + self.lost
        return _share(missed, self.runs + self.waived + self.not_compared + missed)

    def worst(self, confidence: float) -> DistinctInputs:
        """The seam with the highest bound."""
        return max(self.distinct_inputs, key=lambda one: one.bound(confidence))


def production_of(inputs: GateInputs) -> Production:
    """Count the runs of a phase in production on this code and these rules, with today's waivers."""
    criteria = inputs.gate.production
    wanted = None if criteria is None else criteria.answered_by
    of_phase = [run for run in inputs.evidence.groups if run.seam in inputs.phase.seams]
    today = [run for run in inputs.in_production(inputs.phase) if _stage_of(run) in SEAM_STAGES[1:-1]]
    departed = _number([run for run in of_phase if inputs.has_departed(run)])
    old = [run for run in of_phase if not inputs.is_today(run) and not inputs.has_departed(run)]
    wanted_side = [run for run in today if wanted in (None, str(run.answered_by))]
    # For `complete` the candidate must have answered every key: runs of a ramp do not count.
    to_complete = inputs.new.stage is Stage.COMPLETE
    stages = [stage for stage in SEAM_STAGES[1:-1] if not (to_complete and stage is Stage.RAMP)]
    runs = [run for run in wanted_side if _stage_of(run) in stages]
    verdicts = [(run, verdict_today(run, inputs)) for run in runs]

    def counted(*among: Verdict) -> int:
        return sum(run.runs for run, verdict in verdicts if verdict in among)

    unpaired = [run for run, verdict in verdicts if verdict is Verdict.UNPAIRED]
    from changeover.record.run import NotPaired

    sampled_out = sum(run.runs for run in unpaired if run.not_paired is NotPaired.SAMPLED_OUT)
    sides = [side for side in Side if wanted in (None, str(side))]
    return Production(
        compared=tuple(run for run, verdict in verdicts if verdict.is_evidence or _differs(verdict)),
        waived=counted(Verdict.WAIVED),
        vacuous=counted(Verdict.VACUOUS),
        not_compared=counted(Verdict.FAILED),
        unpaired=counted(Verdict.UNPAIRED) - sampled_out,
        sampled_out=sampled_out,
        lost=inputs.evidence.lost,
        of_other_code=departed,
        other_code=_number(of_phase) - _number(today) - departed,
        other_code_until=max((group.last for group in old), default=None),
        other_side=_number(today) - _number(wanted_side),
        in_a_ramp=_number(wanted_side) - _number(runs),
        other_digests=sum(
            run.runs for run, verdict in verdicts if run.has_other_digests and verdict.is_evidence
        ),
        distinct_inputs=tuple(
            _distinct_inputs(inputs, stages, sides, () if criteria is None else criteria.seams_not_asked)
        ),
        times=tuple(  # of what is waived nothing counts
            one
            for one in inputs.evidence.times
            if one.seam in inputs.phase.seams
            and _stage_of(one) in stages
            and one.answered_by in sides
            and verdict_today(one, inputs) is not Verdict.WAIVED
        ),
    )


def _number(groups: Sequence[RunGroup]) -> int:
    return sum(group.runs for group in groups)


def inputs_of(
    state: ProjectState, seam: str, met: Met, differs: Callable[[DifferingInput], bool], *, unknown_too: bool
) -> Distinct:
    """The distinct inputs of a seam in production, on this code and these rules."""
    evidence = state.evidence
    return distinct(
        [one for one in evidence.inputs if one.seam == seam and state.is_today(one)],
        [one for one in evidence.differing if one.seam == seam and state.is_today(one)],
        met,
        differs,
        unknown_too=unknown_too,
    )


def verdict_today(run: _Judged, inputs: ProjectState) -> Verdict:
    """The verdict of a run with today's waivers; an effect is never waived."""
    if run.verdict not in (Verdict.DIVERGED, Verdict.WAIVED) or not run.clusters:
        return Verdict.DIVERGED if run.verdict is Verdict.WAIVED else run.verdict
    return Verdict.WAIVED if all(map(inputs.is_waived, run.clusters)) else Verdict.DIVERGED


def _distinct_inputs(
    inputs: GateInputs, stages: Sequence[Stage], sides: Sequence[Side], not_asked: Container[str]
) -> Iterator[DistinctInputs]:
    def differs(one: DifferingInput) -> bool:
        is_looked_at = _stage_of(one) in stages and one.answered_by in sides
        return is_looked_at and _differs(verdict_today(one, inputs))

    for seam in inputs.phase.seams:
        # A divergence always counts, known input or not; sameness of an unknown input does not.
        found = inputs_of(inputs, seam, met_in(stages, sides), differs, unknown_too=True)
        # Only a seam that nobody crosses is excused: once it was seen, its rate is asked like any other.
        if seam not in not_asked or found.seen:
            yield DistinctInputs(seam, found.seen, found.diverged)


def _differs(verdict: Verdict) -> bool:
    return verdict in (Verdict.DIVERGED, Verdict.UNSAFE)


def _stage_of(run: RunGroup | DifferingInput | LateTimes) -> Stage | None:
    setting = setting_of(run.stage)
    return None if setting is None else setting.stage


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


OWN_TIMES_LEAST = 20
"""A p95 of fewer runs is that of one run."""
OWN_TIME_NOISE_S = 0.001
"""A candidate that takes less than this longer is not called slower, whatever the ratio."""


def production_criteria(
    inputs: GateInputs, criteria: ProductionCriteria, production: Production
) -> Iterator[Criterion]:
    """The criteria of the table `production`: rate, share not compared, share unpaired, days."""
    yield _rate(inputs, criteria, production)
    yield _share_rates(
        "production: not compared",
        production.not_compared_share,
        criteria.not_compared_max,
        f"{production.not_compared:,} failed",
        WHY_NOT_COMPARED,
    )
    yield _share_rates(
        "production: unpaired",
        production.unpaired_share,
        criteria.unpaired_max,
        f"{production.unpaired:,} dropped, {production.lost:,} not kept",
        "changeover doctor",
    )
    days = production.days
    enough = len(days) >= criteria.span_days
    yield Criterion(
        "production: days covered",
        Answer.PASS if enough else Answer.INCONCLUSIVE,
        f">= {criteria.span_days:,}",
        f"{len(days):,}",
        _more(inputs, production, f"{criteria.span_days - len(days):,} more days"),
        f"{days[0]} to {days[-1]}" if days else "",
    )


def _rate(inputs: GateInputs, criteria: ProductionCriteria, production: Production) -> Criterion:
    name = f"production: rate, {criteria.confidence * 100:g} %"
    required = f"< {_percent(criteria.rate_max)}"
    worst = production.worst(criteria.confidence)
    bound = worst.bound(criteria.confidence)
    found = f"< {percent_above(bound)}" if worst.seen else "nothing"
    who = f", {criteria.answered_by} answering" if criteria.answered_by else ""
    differ = f", {worst.diverged:,} differ" if worst.diverged else ""
    if bound <= criteria.rate_max:
        return Criterion(
            name, Answer.PASS, required, found, None, f"{worst.seen:,} distinct inputs{who}{differ}"
        )
    needed = worst.needed(criteria)
    of = f" of {needed:,}" if needed is not None else ""
    seam = f" of {worst.seam}" if len(inputs.phase.seams) > 1 else ""
    detail = f"{worst.seen:,}{of} distinct inputs{seam}{who}{differ}"
    if _is_excluded(worst, criteria):
        do = next((digest for run in production.compared for digest in run.clusters), "")[:6]
        return Criterion(name, Answer.FAIL, required, found, f"changeover explain {do}".rstrip(), detail)
    short = "more distinct inputs" if needed is None else f"{needed - worst.seen:,} more distinct inputs"
    return Criterion(name, Answer.INCONCLUSIVE, required, found, _more(inputs, production, short), detail)


def _is_excluded(worlds: DistinctInputs, criteria: ProductionCriteria) -> bool:
    """Whether the evidence excludes a rate as low as required, so that more runs do not help."""
    if not worlds.diverged:
        return False
    alike = upper_bound(worlds.seen - worlds.diverged, worlds.seen, criteria.confidence)
    return 1 - alike > criteria.rate_max


def _more(inputs: GateInputs, production: Production, what: str) -> str:
    if production.other_code and not _was_renewed_since(inputs, production.other_code_until):
        return f"changeover compare {inputs.phase.name} --source store    renews runs on other code"
    criteria = inputs.gate.production
    if criteria is not None and production.not_compared_share > criteria.not_compared_max:
        return WHY_NOT_COMPARED  # more runs of the same kind would end as these did
    return f"stay at {inputs.old}: {what}"


def _was_renewed_since(inputs: GateInputs, moment: datetime | None) -> bool:
    """Whether runs of all seams were renewed on this code: what was left then cannot be."""
    renewals = [one for one in inputs.evidence.corpora if one.source == STORE and inputs.is_today(one)]
    return any(
        one.whole and not one.partial and {*inputs.phase.seams} <= {*one.seams}
        for one in renewals
        if moment is None or one.at >= moment
    )


def _share_rates(name: str, found: float, most: float, detail: str, do: str) -> Criterion:
    return Criterion(
        name,
        Answer.PASS if found <= most else Answer.INCONCLUSIVE,
        f"<= {_percent(most)}",
        percent_above(found) if found else "0.00 %",
        do,
        detail,
    )


def _percent(share: float) -> str:
    percent = share * 100
    return f"{percent:.2f} %" if percent >= 0.01 or not percent else f"{percent:g} %"


def own_time(inputs: GateInputs, most: float, corpora: CountedCorpora, production: Production) -> Criterion:
    """The p95 of the candidate over that of legacy: the worst of production and of every corpus asked for."""
    name, required = "own time, p95", f"<= x {most:g}"
    pairs = [*_in_production(production.times)]
    pairs += [
        corpus.own_times[inputs.phase.name]
        for corpus in corpora.asked
        if inputs.phase.name in corpus.own_times
    ]
    if not pairs:
        return Criterion(name, Answer.INCONCLUSIVE, required, "not measured", inputs.compare())
    legacy, candidate = max(pairs, key=lambda pair: _ratio(*pair))
    ratio = _ratio(legacy, candidate)
    shown = f"{legacy * 1000:.3g} -> {candidate * 1000:.3g} ms"
    if ratio <= most:
        return Criterion(name, Answer.PASS, required, f"x {ratio:.2f}", None, shown)
    if candidate - legacy < OWN_TIME_NOISE_S:
        return Criterion(name, Answer.PASS, required, f"x {ratio:.2f}", None, f"{shown}, under 1 ms more")
    return Criterion(name, Answer.FAIL, required, f"x {ratio:.2f}", None, shown)


def _ratio(legacy: float, candidate: float) -> float:
    return candidate / legacy if legacy > 0 else float("inf") if candidate > 0 else 1.0


def _in_production(times: Sequence[LateTimes]) -> Iterator[tuple[float, float]]:
    """The p95 of both paths, seam by seam; renewed runs took their times on other code."""
    for seam in dict.fromkeys(one.seam for one in times):
        parts = [one for one in times if one.seam == seam]
        runs = sum(one.runs for one in parts)
        if runs >= OWN_TIMES_LEAST:
            legacy, candidate = (
                late_time([getattr(one, side) for one in parts], runs) for side in ("legacy", "candidate")
            )
            yield legacy, candidate
