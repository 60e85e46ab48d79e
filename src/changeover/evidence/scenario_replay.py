"""One path on the tape of one stored scenario, and the run that comes of it."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path
from typing import Any

from changeover.evidence.case_runner import CaseDone, compared_cases, select
from changeover.evidence.sources import SourceOptions
from changeover.migration import Migration
from changeover.record.codec import Codec
from changeover.record.port import CallClass
from changeover.record.scenario_file import DamagedLine, Scenario, read_scenarios, scenario_of
from changeover.replay.runner import Replayed, ShadowTask
from changeover.seam.judge import FAILED, Judgement, facts_of
from changeover.seam.seam import Seam
from changeover.values.observation import Observation, Side
from changeover.values.pins import Pins, resumed
from changeover.values.run import Run
from changeover.values.stage import Setting, Stage

During = Callable[[], AbstractContextManager[None]]


def replayed(
    migration: Migration, seam: Seam, scenario: Scenario, side: Side, during: During = nullcontext
) -> Replayed | str:
    """What the path leaves behind, or why it cannot be replayed; the object of a method is its own.

    `during` surrounds the path itself, and not the making of that object. Every phase is pinned as in a
    comparison, whatever the flags say now: a path that crosses other seams inside meets there the path that
    answered.
    """
    path = seam.path_of(side)
    if path is None:
        return f"the seam has no {side} path"
    if seam.owners and seam.owner_of is None:
        return "a method cannot be replayed without its object: give the seam owner="
    try:
        with resumed(_pins(migration, scenario)), _owner(seam, scenario) as owner:
            task = ShadowTask(
                side=side,
                path=path,
                view=seam.view_of(side),
                owner=owner,
                args=(),
                kwargs=scenario.arguments,
                tape=scenario.tape,
                book=migration.home.book,
                seed=scenario.correlation_id or scenario.id,
                limits=migration.home.limits,
                context=copy_context(),
                decimals=decimal.getcontext().copy(),
            )
            with during():
                return task.run()
    except Exception as error:  # noqa: BLE001  owner= is the app's own code; one scenario must not end the rest
        return f"the {side} path could not be replayed: {type(error).__name__}: {error}"


@contextmanager
def _owner(seam: Seam, scenario: Scenario) -> Iterator[tuple[Any, ...]]:
    if not seam.owners or seam.owner_of is None:
        yield ()
        return
    made = seam.owner_of(scenario)
    if isinstance(made, AbstractContextManager):
        with made as owner:
            yield (owner,)
    else:
        yield (made,)


def answered(scenario: Scenario) -> Observation | None:
    """What the answering path left behind when the scenario was recorded, None where that is not known."""
    if scenario.answer is None:
        return None
    effects = tuple(scenario.tape.calls(CallClass.EFFECT))
    reads = tuple(scenario.tape.calls(CallClass.READ, CallClass.FIXED))
    return Observation(scenario.answered_by, scenario.answer, effects, reads)


def judged(migration: Migration, seam: Seam, scenario: Scenario, before: Observation, other: Replayed) -> Run:
    """The run of two observations of which the second was replayed."""
    home = migration.home
    facts = facts_of(
        seam.name,
        before,
        other.observation,
        other.troubles,
        home.invariants_of(seam.name),
        bool(scenario.arguments),
    )
    judgement = home.judge(facts)
    failed = judgement.verdict == FAILED
    reason = next((str(note) for note in other.troubles.failures), None) if failed else None
    return _run(migration, seam, scenario, judgement, (facts.legacy, facts.candidate), other, reason)


def not_replayed(seam: Seam, scenario: Scenario, reason: str) -> Run:
    """The run of a scenario that shows nothing, with the reason."""
    return _run(None, seam, scenario, Judgement(FAILED, ()), (None, None), None, reason)


def _stage(scenario: Scenario) -> Setting:
    return Setting(Stage.SHADOW if scenario.answered_by is Side.LEGACY else Stage.LIVE)


def _pins(migration: Migration, scenario: Scenario) -> Pins:
    phases = {seam.phase for seam in migration.seams.values()}
    correlation_id = scenario.correlation_id or scenario.id
    return Pins(dict.fromkeys(phases, _stage(scenario)), scenario.key, correlation_id)


def _run(
    migration: Migration | None,
    seam: Seam,
    scenario: Scenario,
    judgement: Judgement,
    seen: tuple[Observation | None, Observation | None],
    other: Replayed | None,
    reason: str | None,
) -> Run:
    stage = _stage(scenario)
    pins = (
        Pins({seam.phase: stage}, scenario.key, scenario.id)
        if migration is None
        else _pins(migration, scenario)
    )
    return Run(
        id=scenario.id,
        seam=seam.name,
        phase=seam.phase,
        population="recorded",
        setting=stage,
        pins=pins,
        tags=scenario.tags,
        answered_by=scenario.answered_by,
        arguments=scenario.arguments,
        tape=scenario.tape,
        legacy=seen[0],
        candidate=seen[1],
        verdict=judgement.verdict,
        divergences=judgement.divergences,
        notes=() if other is None else tuple(other.troubles.notes),
        reason=reason,
        judgement=judgement.detail,
    )


FOLDER = "scenarios"


def codec_of(migration: Migration) -> Codec:
    """The migration's codec, which by now knows the types in the annotations of all its seams and ports."""
    codec = migration.codec
    for seam in migration.seams.values():
        codec.learn(seam.shape)
    return codec


def stored_scenarios(migration: Migration, folder: Path) -> tuple[list[Scenario], list[DamagedLine]]:
    """All scenarios of a folder, file by file; damaged lines are named and the rest is there."""
    codec = codec_of(migration)
    scenarios: list[Scenario] = []
    damaged: list[DamagedLine] = []
    for path in sorted(folder.glob("*.jsonl")):
        found = read_scenarios(path, codec, migration.home.book)
        scenarios += found.scenarios
        damaged += found.damaged
    return scenarios, damaged


def replayed_scenarios(migration: Migration, scenarios: Iterable[Scenario]) -> Iterator[tuple[Scenario, Run]]:
    """Each scenario of a seam that there still is, with what today's paths make of it."""
    for scenario in scenarios:
        seam = migration.seams.get(scenario.seam)
        if seam is not None:
            yield scenario, _both(migration, seam, scenario)


def alone(
    migration: Migration,
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
        seam = migration.seams.get(scenario.seam)
        if seam is not None:
            yield scenario, _one(migration, seam, scenario, side, during)


def _both(migration: Migration, seam: Seam, scenario: Scenario) -> Run:
    seen: list[Replayed] = []
    for side in (scenario.answered_by, scenario.answered_by.other):
        found = replayed(migration, seam, scenario, side)
        if isinstance(found, str):
            return not_replayed(seam, scenario, found)
        seen.append(found)
    first, other = seen
    if first.troubles.failures:
        unfit = f"the path that answered no longer fits its own tape: {first.troubles.failures[0]}"
        return not_replayed(seam, scenario, unfit)
    return judged(migration, seam, scenario, first.observation, other)


def _one(migration: Migration, seam: Seam, scenario: Scenario, side: Side, during: During) -> Run:
    before = answered(scenario)
    if before is None:
        return not_replayed(
            seam,
            scenario,
            "the scenario has no recorded answer; record it again: changeover scenarios record",
        )
    found = replayed(migration, seam, scenario, side, during)
    if isinstance(found, str):
        return not_replayed(seam, scenario, found)
    return judged(migration, seam, scenario, before, found)


def recorded(
    migration: Migration,
    source: str,
    options: SourceOptions,
    seams: tuple[str, ...],
    redact: Callable[[Run], Run],
) -> Iterator[Scenario]:
    """Of each case the last run of each seam (none named: all), named SOURCE/CASE/SEAM; no stage is changed.

    `redact` takes out what must not be written. Raises DeclarationError for an unknown source,
    ConfigurationError for an unknown seam or case.
    """
    chosen = migration.sources.named(source)
    for done in compared_cases(migration, chosen, options, select(migration, seams), rules=None, noise=False):
        yield from _last_of_each_seam(done, redact)


def _last_of_each_seam(done: CaseDone, redact: Callable[[Run], Run]) -> Iterator[Scenario]:
    for run in {run.seam: run for run in done.runs}.values():
        scenario = scenario_of(redact(run))
        tags = tuple(dict.fromkeys((*done.tags, *scenario.tags)))
        yield replace(scenario, id=f"{done.name}/{run.seam}", tags=tags)
