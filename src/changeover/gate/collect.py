"""Collects the inputs of a gate: reads files, clock and store, and runs the check commands."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from changeover.errors import ConfigurationError
from changeover.evidence.code_digest import judged_code
from changeover.evidence.store.records import Review
from changeover.evidence.store.store import keep_review, store_path
from changeover.gate.check_commands import run_check
from changeover.gate.inputs import GateInputs, ProjectState, read_project_state
from changeover.rollout.plan_file import Phase, Plan, redact_paths_of
from changeover.values.gate_verdict import Answer
from changeover.values.stage import Setting, Stage, Step, step

if TYPE_CHECKING:
    from changeover.project import Project

_NEXT = {
    Stage.OFF: Stage.SHADOW,
    Stage.SHADOW: Stage.LIVE,
    Stage.RAMP: Stage.LIVE,
    Stage.LIVE: Stage.COMPLETE,
    Stage.OPEN: Stage.DONE,
}

NO_PHASE = "none, the plan is empty"
"""Stands for the phases of a plan that has none."""


def collect(
    project: Project,
    phase: str,
    new: Setting | None = None,
    *,
    run_checks: bool,
    say: Callable[[str], None] = lambda _: None,
    project_state: ProjectState | None = None,
) -> GateInputs:
    """Collect the inputs of the gate of one step; `new` is the next stage unless given.

    With `run_checks` the check commands run, and the app is imported where the doctor is asked. Without, the
    last results on this code and these rules count. `project_state` is read where it is not given.
    Raises ConfigurationError for an unknown phase, and for a step that does not go forward.
    """
    project_state = project_state or read_project_state(project)
    found = project_state.plan.phases.get(phase)
    if found is None:
        known = project_state.plan.phases
        raise ConfigurationError.unknown(f'phase "{phase}"', "is unknown", phase, known, none=NO_PHASE)
    old = project_state.settings[phase]
    new = new or next_setting(found, old)
    _check_forward(found, old, new)
    state = {one.name: getattr(project_state, one.name) for one in fields(project_state)}
    inputs = GateInputs(**state, phase=found, old=old, new=new)
    if run_checks:
        return _with_checks_run(inputs, project, say)
    # The last results on this code and these rules: nothing runs, nothing is imported.
    kept = (one for one in reversed(inputs.reviews) if one.kind == "check")
    return replace(inputs, checks={one.name: one for one in kept if one.name in inputs.gate.check})


def next_setting(phase: Phase, old: Setting) -> Setting:
    """The stage after this one, without `ramp`; raises ConfigurationError after the last."""
    following = _NEXT.get(old.stage)
    if following is None:
        raise ConfigurationError(f'phase "{phase.name}"', f"is {old}: there is no stage after it")
    return Setting(following)


def _check_forward(phase: Phase, old: Setting, new: Setting) -> None:
    where = f'phase "{phase.name}"'
    try:
        kind = step(old, new)
    except ValueError as error:
        raise ConfigurationError(where, str(error)) from None
    if kind is Step.NONE:
        raise ConfigurationError(where, f"is {old} already")
    if kind is Step.BACK:
        raise ConfigurationError(
            where,
            f"from {old} to {new} is a step back, which needs no gate: changeover rollback {phase.name}",
        )


def _with_checks_run(inputs: GateInputs, project: Project, say: Callable[[str], None]) -> GateInputs:
    """Run the checks; their results are kept for `status`, redacted."""
    results = {}
    for command in inputs.gate.check:
        say(f"check: {command}")
        ran = run_check(
            command,
            project.root,
            inputs.gate.check_timeout_s,
            told=lambda taken, command=command: say(f"check: {command}   {taken}"),  # type: ignore[misc]
        )
        body = {"tail": list(ran.tail), "seconds": round(ran.seconds, 3)}
        review = inputs.review("check", command, ran.answer, ran.found, body)
        results[command] = _keep_review(project, inputs.plan, review)
    doctor = _doctor(inputs, project) if inputs.new.stage is Stage.SHADOW else None
    return replace(_still_the_same_code(inputs), checks=results, doctor=doctor)


def _still_the_same_code(inputs: GateInputs) -> GateInputs:
    """Checks may take half an hour; code that was edited meanwhile is not what they checked."""
    if inputs.code is None or judged_code(inputs.plan) == inputs.code:
        return inputs
    changed = "was changed while the checks ran: ask again"
    return replace(inputs, problems=replace(inputs.problems, code=changed))


def _doctor(inputs: GateInputs, project: Project) -> Review:
    """Ask the doctor about the wiring; files and store have criteria of their own.

    An app that cannot be imported is a problem like any other.
    """
    from changeover.project import wiring_problems

    try:
        problems = list(wiring_problems(project.migration(), project.directory))
    except ConfigurationError as error:
        problems = [str(error)]
    answer = Answer.FAIL if problems else Answer.PASS
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    found = f"{problems[0]}{more}" if problems else "clean"
    return _keep_review(project, inputs.plan, inputs.review("doctor", "", answer, found, {}))


def _keep_review(project: Project, plan: Plan, review: Review) -> Review:
    """Write a review to the store, redacted; a store that cannot be written has a criterion of its own."""
    from changeover.redaction.redactor import Redactor

    redactor = Redactor.for_project(redact_paths_of(plan), project.root)
    review = replace(review, found=redactor.text(review.found), body=redactor.body(review.body))
    with suppress(ConfigurationError):
        keep_review(store_path(project.root), review)
    return review
