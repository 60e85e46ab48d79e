"""`status`: where every phase stands, and what it may do next. Does not import the app."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from changeover.api.problems import differing_today, problems_of, soon_line
from changeover.evidence.store.production import SAME
from changeover.evidence.store.records import StoredComparison
from changeover.gate.collect import collect, next_setting
from changeover.gate.decision import decide
from changeover.gate.inputs import ProjectState, read_project_state
from changeover.gate.production import inputs_of
from changeover.project import Project, near, open_project
from changeover.rollout.migration_files import place_of
from changeover.rollout.plan_file import Phase
from changeover.rollout.resolver import Resolution, Resolver
from changeover.values.gate_verdict import Answer, CriterionKind, GateVerdict
from changeover.values.pins import Pins
from changeover.values.stage import SEAM_STAGES, Stage
from changeover.values.verdict import Verdict
from changeover.views.layout import plural
from changeover.views.rows import identity
from changeover.views.text.recorded import RecordedStatus
from changeover.views.text.status import NextStep, PhaseStatus, ProductionStatus, Status


def status(*, project: str | Path | Project = ".") -> Status:
    """Where every phase stands, on what evidence, what is next, what blocks it; problems first.

    No check command runs, the app is not imported, and nothing is changed.

    Args:
        project: a folder of the project, or the project.

    Returns:
        Everything that the screen says; its `exit_code` is that of `changeover status --check`.

    Raises:
        ConfigurationError: there is no plan, or pyproject.toml or the plan is wrong.

    Example:
        assert not changeover.status().problems
    """
    found = open_project(project)
    found.needed_plan()
    project_state = read_project_state(found)
    plan = project_state.plan
    resolver = Resolver(lambda: plan.stages, directory=found.directory, closed=True)
    resolution = resolver.current()
    steps = tuple(_steps(found, project_state))
    differing = differing_today(found, project_state)
    production = [_production(project_state, phase) for phase in plan.phases.values()]
    seams = {seam for phase in plan.phases.values() for seam in phase.seams}
    return Status(
        identity(plan.name, project_state.code, project_state.rules),
        tuple(problems_of(found, project_state, resolver, differing)),
        (*(one.line for one in differing if not one.is_unsafe), *notices_of(project_state)),
        tuple(_phase(project_state, resolution, phase) for phase in plan.phases.values()),
        steps,
        tuple(one for one in production if one),
        sum(
            group.runs
            for group in project_state.evidence.groups
            if group.seam in seams and not project_state.is_today(group)
        ),
        flags_line(found, project_state, resolution),
        soon_line(found, project_state),
        back_line(project_state),
        recorded_status(project_state),
    )


def recorded_status(project_state: ProjectState) -> RecordedStatus | None:
    """What became of what programs recorded, None where no program records for a worker."""
    watch = project_state.watch
    if watch is None:
        return None
    lag_s = watch.lag_s(project_state.now)
    counts = (watch.recorded, watch.waiting or 0, watch.replayed, watch.dropped)
    return RecordedStatus(*counts, lag_s, watch.seen_at, project_state.unwatched)


def notices_of(project_state: ProjectState) -> Iterator[str]:
    """What does not count as evidence, and is weighed by the gates."""
    evidence, plan = project_state.evidence, project_state.plan
    if evidence.lost:
        yield f"{plural(evidence.lost, 'run')} in production could not be kept as evidence"
    groups = [group for phase in plan.phases.values() for group in project_state.in_production(phase)]
    other = sum(group.runs for group in groups if group.has_other_digests)
    if other:
        yield (
            f"{plural(other, 'run')} in production count as no distinct input: an earlier version made their "
            "digests; changeover compare --source store makes them anew"
        )
    if evidence.of_the_future:
        yield f"{plural(evidence.of_the_future, 'run')} of the future count for nothing: a clock was wrong"


def _phase(project_state: ProjectState, resolution: Resolution, phase: Phase) -> PhaseStatus:
    # Under the kill switch nothing has moved: the flags say where the phases stand.
    settings = resolution.settings if project_state.problems.flags else project_state.settings
    setting = settings[phase.name]
    following = next_setting(phase, setting) if setting.stage not in (Stage.COMPLETE, Stage.DONE) else None
    return PhaseStatus(
        phase.number,
        phase.name,
        setting,
        answering_in(resolution, phase),
        sum(one.distinct_worlds for one in _corpora(project_state, phase)),
        distinct_in_production(project_state, phase),
        None if phase.seams else _checks(project_state, phase),
        following,
    )


def answering_in(resolution: Resolution, phase: Phase) -> str:
    """Who answers the calls of a phase: legacy, candidate, both, or a dash where nobody does."""
    setting = resolution.settings[phase.name]
    if setting.stage not in SEAM_STAGES:
        return "-"
    if setting.stage is Stage.RAMP:
        return "both"
    return str(Pins(resolution.settings).roles(phase.name).answering)


def _corpora(project_state: ProjectState, phase: Phase) -> list[StoredComparison]:
    """The latest whole comparison of each source that looked at the phase, on this code and these rules."""
    latest: dict[str, StoredComparison] = {}
    for corpus in project_state.evidence.corpora:
        is_evidence = corpus.whole and not corpus.partial and project_state.is_today(corpus)
        if is_evidence and set(phase.seams) & set(corpus.seams):
            latest.setdefault(corpus.source, corpus)
    return list(latest.values())


def distinct_in_production(project_state: ProjectState, phase: Phase) -> int:
    """Of the seam that saw most: the seams of a phase are crossed together."""
    return max(
        (
            inputs_of(
                project_state, seam, SAME, lambda one: one.verdict is not Verdict.WAIVED, unknown_too=False
            ).seen
            for seam in phase.seams
        ),
        default=0,
    )


def _checks(project_state: ProjectState, phase: Phase) -> tuple[int, int] | None:
    commands = phase.gate_to(Stage.DONE).check
    latest: dict[str, str] = {}
    for review in project_state.reviews:
        if review.kind == "check":
            latest.setdefault(review.name, review.answer)
    passed = sum(latest.get(one) == Answer.PASS for one in commands)
    return (passed, len(commands)) if commands else None


def _steps(project: Project, project_state: ProjectState) -> Iterator[NextStep]:
    for phase in project_state.plan.phases.values():
        if project_state.settings[phase.name].stage in (Stage.COMPLETE, Stage.DONE):
            continue
        verdict = decide(collect(project, phase.name, run_checks=False, project_state=project_state))
        yield NextStep(verdict, waits_of(project_state, verdict))


def waits_of(project_state: ProjectState, verdict: GateVerdict) -> str:
    """For which phases, by their numbers, to be what."""
    numbers: dict[str, list[int]] = {}
    for criterion in verdict.criteria:
        if criterion.kind is CriterionKind.REQUIRES and criterion.answer is not Answer.PASS:
            needed = project_state.plan.phases[criterion.required_phase or ""]
            numbers.setdefault(criterion.required, []).append(needed.number)
    told = [f"{_listed(sorted(them))} to be {target}" for target, them in numbers.items()]
    return f"for {', '.join(told)}" if told else ""


def _listed(numbers: Sequence[int]) -> str:
    *others, last = map(str, numbers)
    return f"{', '.join(others)} and {last}" if others else last


def _production(project_state: ProjectState, phase: Phase) -> ProductionStatus | None:
    runs = project_state.in_production(phase)
    if not runs:
        return None
    verdicts: Counter[Verdict] = Counter()
    for group in runs:
        verdicts[group.verdict] += group.runs
    return ProductionStatus(
        phase=phase.name,
        runs=verdicts.total(),
        match=verdicts[Verdict.MATCH],
        tolerated=verdicts[Verdict.TOLERATED],
        diverged=verdicts[Verdict.UNSAFE] + verdicts[Verdict.DIVERGED],
        waived=verdicts[Verdict.WAIVED],
        vacuous=verdicts[Verdict.VACUOUS],
        dropped=verdicts[Verdict.UNPAIRED],
        not_compared=verdicts[Verdict.FAILED],
        since=min(group.first for group in runs),
        last=max(group.last for group in runs),
    )


def flags_line(project: Project, project_state: ProjectState, resolution: Resolution) -> str:
    """Which flags hold, and what overrides them."""
    name = near(place_of(project.directory, project_state.environment).flags)
    if project_state.problems.flags:
        state = f"{name} refused"
    elif project_state.revision is None:
        state = f"no {name} yet, all off"
    else:
        state = f"{name} revision {project_state.revision}, digest ok"
    overrides = plural(len(resolution.overridden), "override") if resolution.overridden else "no override"
    return f"{state}   kill switch {'on' if project_state.killed else 'off'}   {overrides}"


def back_line(project_state: ProjectState) -> str:
    """The command that takes the last step back, and the one for everything where it is not in force."""
    everything = "" if project_state.killed else "   all of it, at once: changeover kill"
    moved = [
        name
        for name, setting in project_state.settings.items()
        if setting.stage in SEAM_STAGES and setting.stage is not Stage.OFF
    ]
    if not moved:
        return f"nothing has moved{everything}"
    flipped = [one.phase for one in project_state.history if one.action == "flip" and one.phase in moved]
    furthest = max(moved, key=lambda name: SEAM_STAGES.index(project_state.settings[name].stage))
    phase = flipped[-1] if flipped else furthest
    return f"changeover rollback {phase}{everything}"
