"""`status`: where every phase stands, and what it may do next. Does not import the app."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from changeover.api.status_lines import back_line, flags_line, notices_of, problems_of, soon_line
from changeover.errors import ConfigurationError
from changeover.evidence.store.records import StoredComparison
from changeover.gate.collect import collect, next_setting
from changeover.gate.decision import decide
from changeover.gate.inputs import ProjectState, read_project_state
from changeover.project import Project, open_project
from changeover.rollout.plan_file import Phase
from changeover.rollout.resolver import Resolution, Resolver
from changeover.settings import PLAN_FILE
from changeover.values.divergence import Verdict
from changeover.values.gate_verdict import Answer, CriterionKind, GateVerdict
from changeover.values.stage import SEAM_STAGES, Pins, Stage
from changeover.views.text.heading import identity
from changeover.views.text.status import (
    NextStep,
    PhaseStatus,
    ProductionStatus,
    Status,
)


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
    if found.plan() is None:
        raise ConfigurationError(str(found.directory / PLAN_FILE), "is missing: changeover init writes one")
    return _status(found)


def _status(project: Project) -> Status:
    project_state = read_project_state(project)
    plan = project_state.plan
    resolver = Resolver(
        lambda: {name: phase.stages for name, phase in plan.phases.items()},
        directory=project.directory,
        closed=True,
    )
    resolution = resolver.current()
    steps = tuple(_steps(project, project_state))
    production = [
        found for found in (_production(project_state, one) for one in plan.phases.values()) if found
    ]
    seams = {seam for phase in plan.phases.values() for seam in phase.seams}
    return Status(
        identity(plan.name, project_state.code, project_state.rules),
        tuple(problems_of(project, project_state, resolver)),
        tuple(notices_of(project_state)),
        tuple(_phase(project_state, resolution, phase) for phase in plan.phases.values()),
        steps,
        tuple(production),
        sum(
            run.seam in seams and not project_state.is_today(run) for run in project_state.evidence.production
        ),
        flags_line(project, project_state, resolution),
        soon_line(project, project_state),
        back_line(project_state),
    )


def _phase(project_state: ProjectState, resolution: Resolution, phase: Phase) -> PhaseStatus:
    # Under the kill switch nothing has moved: the flags say where the phases stand.
    settings = resolution.settings if project_state.problems.flags else project_state.settings
    setting = settings[phase.name]
    following = next_setting(phase, setting) if setting.stage not in (Stage.COMPLETE, Stage.DONE) else None
    return PhaseStatus(
        phase.number,
        phase.name,
        setting,
        _answers(resolution, phase),
        sum(one.distinct_worlds for one in _corpora(project_state, phase)),
        _distinct_in_production(project_state, phase),
        None if phase.seams else _checks(project_state, phase),
        following,
    )


def _answers(resolution: Resolution, phase: Phase) -> str:
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


def _distinct_in_production(project_state: ProjectState, phase: Phase) -> int:
    """Of the seam that saw most: the seams of a phase are crossed together."""
    worlds: dict[str, set[str]] = {}
    for run in project_state.evidence.production:
        compared = run.verdict.is_evidence or run.verdict in (Verdict.UNSAFE, Verdict.DIVERGED)
        if compared and run.world and run.seam in phase.seams and project_state.is_today(run):
            worlds.setdefault(run.seam, set()).add(run.world)
    return max(map(len, worlds.values()), default=0)


def _checks(project_state: ProjectState, phase: Phase) -> tuple[int, int] | None:
    commands = phase.gate_to(Stage.DONE).check
    latest: dict[str, str] = {}
    for review in project_state.evidence.reviews:
        if review.kind == "check" and (review.code, review.rules) == (
            project_state.code,
            project_state.rules,
        ):
            latest.setdefault(review.name, review.answer)
    passed = sum(latest.get(one) == Answer.PASS for one in commands)
    return (passed, len(commands)) if commands else None


def _steps(project: Project, project_state: ProjectState) -> Iterator[NextStep]:
    for phase in project_state.plan.phases.values():
        if project_state.settings[phase.name].stage in (Stage.COMPLETE, Stage.DONE):
            continue
        verdict = decide(collect(project, phase.name, run_checks=False, project_state=project_state))
        yield NextStep(verdict, _waits(project_state, verdict))


def _waits(project_state: ProjectState, verdict: GateVerdict) -> str:
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
    runs = [
        run
        for run in project_state.evidence.production
        if run.seam in phase.seams and project_state.is_today(run)
    ]
    if not runs:
        return None

    def counted(*among: Verdict) -> int:
        return sum(run.verdict in among for run in runs)

    moments = [run.at for run in runs]
    return ProductionStatus(
        phase=phase.name,
        runs=len(runs),
        match=counted(Verdict.MATCH),
        tolerated=counted(Verdict.TOLERATED),
        diverged=counted(Verdict.UNSAFE, Verdict.DIVERGED),
        waived=counted(Verdict.WAIVED),
        vacuous=counted(Verdict.VACUOUS),
        dropped=counted(Verdict.UNPAIRED),
        not_compared=counted(Verdict.FAILED),
        since=min(moments),
        last=max(moments),
    )
