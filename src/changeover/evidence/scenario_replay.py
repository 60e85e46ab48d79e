"""One path on the tape of one stored scenario, and the run that comes of it."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path
from typing import Any

from changeover.evidence.made_objects import ReplayedOn, how_given, with_objects
from changeover.evidence.program_interface import Program
from changeover.evidence.recorded_answer import departure, departure_text, no_longer_fits, unpaired_events
from changeover.record.call_inputs import ARGUMENTS
from changeover.record.called_again import called_again
from changeover.record.codec import Codec
from changeover.record.replay_problems import ReplayProblem
from changeover.record.run import Run
from changeover.record.scenario_file import DamagedLine, Scenario, read_scenarios
from changeover.replay.fresh_path import Fresh
from changeover.replay.runner import OwnerIs, Replayed, ReplayTask
from changeover.replay.schedule import parse_schedule
from changeover.replay.scheduler import Decides, Given
from changeover.seam.judge import RunDraft
from changeover.seam.own_replay import refused_to_both
from changeover.seam.seam import Seam
from changeover.values.content_key import same_content
from changeover.values.error_text import class_and_message
from changeover.values.limits import NotComparable
from changeover.values.observation import Observation, Returned, Side
from changeover.values.pins import Pins, resumed
from changeover.values.stage import Setting, Stage
from changeover.values.verdict import Verdict

During = Callable[[], AbstractContextManager[None]]


def replayed(
    program: Program, seam: Seam, scenario: Scenario, side: Side, during: During = nullcontext
) -> ReplayedOn | str:
    """What the path leaves behind, or why it cannot be replayed; the object of a method is its own.

    `during` surrounds the path itself, and not the making of that object. Every phase is pinned as in a
    comparison, whatever the flags say now: a path that crosses other seams inside meets there the path that
    answered.
    """
    path = seam.paths.get(side)
    if path is None:
        return f"the seam has no {side} path"
    if seam.owners and seam.owner_of is None:
        return "a method cannot be replayed without its object: give the seam owner="
    try:
        with resumed(_pins(program, scenario), program.runtime), _owner(seam, scenario) as owner:
            owner_is = how_given(seam, owner, program.runtime.book)
            named = seam.named[len(owner)]
            shown = path.answering if isinstance(path, Fresh) else path
            left_out = scenario.tape.left_out
            given = {name: one for name, one in scenario.arguments.items() if name not in left_out}
            args, kwargs = called_again(given, named.signature, shown, len(owner))
            task = ReplayTask(
                side=side,
                path=seam.bound.alone(side, path, program.runtime.book),
                view=seam.views.get(side),
                owner=owner,
                owner_is=owner_is,
                seam=seam.name,
                named=named,
                args=args,
                kwargs=kwargs,
                tape=scenario.tape,
                book=program.runtime.book,
                seed=scenario.correlation_id or scenario.id,
                limits=program.runtime.limits,
                context=copy_context(),
                decimals=scenario.tape.decimals or decimal.getcontext().copy(),
                loop_goes_on=seam.is_async,
                is_awaited=seam.is_async,
                decides=_decides(scenario) if side is Side.CANDIDATE else None,
            )
            with during():
                made = task.run()
            return ReplayedOn(made, owner if owner_is is OwnerIs.COPIED else ())
    except Exception as error:  # noqa: BLE001  owner= is the app's own code; one scenario must not end the rest
        return f"the {side} path could not be replayed: {class_and_message(error)}"


def _decides(scenario: Scenario) -> Decides | None:
    """In which order the candidate is given its events, None as its bus would."""
    return Given(parse_schedule(scenario.schedule, scenario.id)) if scenario.schedule else None


@contextmanager
def _owner(seam: Seam, scenario: Scenario) -> Iterator[tuple[Any, ...]]:
    if not seam.owners or seam.owner_of is None:
        yield ()
        return
    made = seam.owner_of(scenario)
    with made if isinstance(made, AbstractContextManager) else nullcontext(made) as owner:
        yield (owner,)


def answered(scenario: Scenario) -> Observation | None:
    """What the answering path left behind when the scenario was recorded, None where that is not known."""
    if scenario.answer is None:
        return None
    changed = scenario.changed and {ARGUMENTS: scenario.changed}
    return scenario.tape.observation(scenario.answered_by, scenario.answer, changed=changed)


def judged(program: Program, seam: Seam, scenario: Scenario, before: Observation, other: Replayed) -> Run:
    """The run of two observations of which the second was replayed."""
    runtime = program.runtime.active
    return _draft(seam, scenario, _pins(program, scenario)).judged(
        before,
        other.observation,
        other.problems,
        runtime.judge,
        runtime.invariants_of(seam.name),
        runtime.contracts,
    )


def not_replayed(seam: Seam, scenario: Scenario, reason: str, notes: Sequence[ReplayProblem] = ()) -> Run:
    """The run of a scenario that shows nothing, with the reason."""
    pins = Pins({seam.phase: _stage(scenario)}, scenario.key, scenario.id)
    return _draft(seam, scenario, pins).failed(reason, notes)


def seen_in(program: Program, scenario: Scenario, verdict: Verdict) -> Run:
    """The run with its inputs and what its tape has of the answering path, and a verdict found elsewhere."""
    seam = program.seams[scenario.seam]
    outcome = Returned(None) if scenario.answer is None else scenario.answer
    seen = scenario.tape.observation(scenario.answered_by, outcome)
    return _draft(seam, scenario, _pins(program, scenario)).answered(seen, verdict)


def asked_as_recorded(run: Run) -> bool:
    """Whether the answering path asked today what it asked when the run was recorded, and got the same."""
    if run.answered is None:
        return True
    recorded = run.tape.observation(run.answered_by, run.answered.outcome).reads
    asked = run.answered.reads
    if [one.name for one in asked] != [one.name for one in recorded]:
        return False
    try:
        return all(
            same_content(one.arguments, other.arguments) and same_content(one.outcome, other.outcome)
            for one, other in zip(asked, recorded, strict=True)
        )
    except NotComparable:
        return False


def _stage(scenario: Scenario) -> Setting:
    return Setting(Stage.SHADOW if scenario.answered_by is Side.LEGACY else Stage.LIVE)


def _pins(program: Program, scenario: Scenario) -> Pins:
    phases = {seam.phase for seam in program.seams.values()}
    correlation_id = scenario.correlation_id or scenario.id
    return Pins(dict.fromkeys(phases, _stage(scenario)), scenario.key, correlation_id)


def _draft(seam: Seam, scenario: Scenario, pins: Pins) -> RunDraft:
    return RunDraft(
        seam=seam.name,
        phase=seam.phase,
        population="recorded",
        pins=pins,
        answered_by=scenario.answered_by,
        arguments=scenario.arguments,
        tape=scenario.tape,
        tags=scenario.tags,
        id=scenario.id,
    )


def codec_of(program: Program) -> Codec:
    """The program's codec, which by now knows the types in the annotations of all its seams and ports."""
    codec = program.codec
    for seam in program.seams.values():
        codec.learn(seam.shape)
    return codec


def stored_scenarios(program: Program, folder: Path) -> tuple[list[Scenario], list[DamagedLine]]:
    """All scenarios of a folder, file by file; damaged lines are named and the rest is there."""
    codec = codec_of(program)
    scenarios: list[Scenario] = []
    damaged: list[DamagedLine] = []
    for path in sorted(folder.glob("*.jsonl")):
        found = read_scenarios(path, codec, program.runtime.book)
        scenarios += found.scenarios
        damaged += found.damaged
    return scenarios, damaged


def replayed_scenarios(program: Program, scenarios: Iterable[Scenario]) -> Iterator[tuple[Scenario, Run]]:
    """Each scenario of a seam that there still is, with what today's paths make of it."""
    for scenario in scenarios:
        seam = program.seams.get(scenario.seam)
        if seam is not None:
            yield scenario, _both(program, seam, scenario)


def alone(
    program: Program,
    scenarios: Iterable[Scenario],
    side: Side = Side.CANDIDATE,
    *,
    during: During = nullcontext,
) -> Iterator[tuple[Scenario, Run]]:
    """Each scenario with what one path alone makes of it, beside what was recorded.

    The other path is neither called nor needed. A scenario without a recorded answer is not compared.
    `during` surrounds each replay.
    """
    for scenario in scenarios:
        seam = program.seams.get(scenario.seam)
        if seam is not None:
            yield scenario, _one(program, seam, scenario, side, during)


def _both(program: Program, seam: Seam, scenario: Scenario) -> Run:
    """Both paths replayed; what the path that answered does now has to be what is recorded."""
    first = replayed(program, seam, scenario, scenario.answered_by)
    if isinstance(first, str):
        return not_replayed(seam, scenario, first)
    failures = first.replayed.problems.failures
    if failures:
        note = no_longer_fits(program, scenario, failures[0])
        unfit = f"the path that answered no longer fits its own tape: {failures[0]}"
        return not_replayed(seam, scenario, unfit, (note,))
    departs = departure(program, seam, scenario, first.replayed)
    if departs is not None:
        return not_replayed(seam, scenario, departure_text(scenario, departs), (departs,))
    other = replayed(program, seam, scenario, scenario.answered_by.other)
    if isinstance(other, str):
        return not_replayed(seam, scenario, other)
    both = with_objects(first, other)
    if isinstance(both, str):
        return not_replayed(seam, scenario, both)
    problems = refused_to_both(seam.name, both[1].problems, first.replayed.problems)
    return judged(program, seam, scenario, both[0].observation, replace(both[1], problems=problems))


def _one(program: Program, seam: Seam, scenario: Scenario, side: Side, during: During) -> Run:
    before = answered(scenario)
    if before is None:
        unknown = "the scenario has no recorded answer; record it again: changeover scenarios record"
        return not_replayed(seam, scenario, unknown)
    found = replayed(program, seam, scenario, side, during)
    if isinstance(found, str):
        return not_replayed(seam, scenario, found)
    left = found.replayed.observation.changed or {}  # the record says of nothing else what became of it
    arguments = {name: part for name, part in left.items() if name == ARGUMENTS}
    seen = replace(unpaired_events(found.replayed.observation), changed=arguments)
    alone = replace(found.replayed, observation=seen)
    return judged(program, seam, scenario, before, alone)
