"""Stored scenarios replayed on today's code: both paths against the tape, and nothing runs for real."""

from __future__ import annotations

import decimal
from collections.abc import Iterator
from contextvars import copy_context
from pathlib import Path as FilePath

from changeover.migration import Migration
from changeover.observation import Path
from changeover.plan.pins import Pins
from changeover.plan.stages import Setting, Stage
from changeover.recording.codec import Codec
from changeover.recording.scenarios import DamagedLine, Scenario, read_scenarios
from changeover.replaying.shadow import Replayed, ShadowTask
from changeover.run import Run
from changeover.seams.judging import FAILED, Judgement, facts_of
from changeover.seams.seam import Seam

FOLDER = "scenarios"


def codec_of(migration: Migration) -> Codec:
    """A codec that knows the types in the annotations of this migration's seams and ports."""
    codec = Codec()
    for seam in migration.seams.values():
        codec.learn(seam.shape)
    for port in migration.home.book.ports.values():
        for method in port.methods.values():
            codec.learn(method.hook.original)
    return codec


def stored_scenarios(migration: Migration, folder: FilePath) -> tuple[list[Scenario], list[DamagedLine]]:
    """All scenarios of a folder, file by file; damaged lines are named and the rest is there."""
    codec = codec_of(migration)
    scenarios: list[Scenario] = []
    damaged: list[DamagedLine] = []
    for path in sorted(folder.glob("*.jsonl")):
        found = read_scenarios(path, codec, migration.home.book)
        scenarios += found.scenarios
        damaged += found.damaged
    return scenarios, damaged


def replayed_scenarios(migration: Migration, scenarios: list[Scenario]) -> Iterator[tuple[Scenario, Run]]:
    """Each scenario of a seam that there still is, with what today's paths make of it."""
    for scenario in scenarios:
        seam = migration.seams.get(scenario.seam)
        if seam is not None:
            yield scenario, _replayed(migration, seam, scenario)


def _replayed(migration: Migration, seam: Seam, scenario: Scenario) -> Run:
    home = migration.home
    missing = next((side for side in Path if seam.path_of(side) is None), None)
    if missing is not None:
        return _run(seam, scenario, Judgement(FAILED, ()), reason=f"the seam has no {missing} path")
    if seam.owners:
        return _run(
            seam, scenario, Judgement(FAILED, ()), reason="a method cannot be replayed without its object"
        )
    answered, other = (_task(migration, seam, scenario, side).run() for side in _sides(scenario))
    if answered.troubles.failures:
        unfit = f"the path that answered no longer fits its own tape: {answered.troubles.failures[0]}"
        return _run(seam, scenario, Judgement(FAILED, ()), reason=unfit)
    facts = facts_of(
        seam.name,
        answered.observation,
        other.observation,
        other.troubles,
        home.invariants_of(seam.name),
        bool(scenario.arguments),
    )
    judgement = home.judge(facts)
    failed = judgement.verdict == FAILED
    reason = next((str(note) for note in other.troubles.failures), None) if failed else None
    return _run(seam, scenario, judgement, answered, other, reason)


def _sides(scenario: Scenario) -> tuple[Path, Path]:
    return scenario.answered_by, scenario.answered_by.other


def _task(migration: Migration, seam: Seam, scenario: Scenario, side: Path) -> ShadowTask:
    path = seam.path_of(side)
    if path is None:
        raise RuntimeError(f"there is no {side} path")
    return ShadowTask(
        side=side,
        path=path,
        view=seam.view_of(side),
        owner=(),
        args=(),
        kwargs=scenario.arguments,
        tape=scenario.tape,
        book=migration.home.book,
        seed=scenario.id,
        limits=migration.home.limits,
        context=copy_context(),
        decimals=decimal.getcontext().copy(),
    )


def _run(
    seam: Seam,
    scenario: Scenario,
    judgement: Judgement,
    answered: Replayed | None = None,
    other: Replayed | None = None,
    reason: str | None = None,
) -> Run:
    stage = Setting(Stage.SHADOW if scenario.answered_by is Path.LEGACY else Stage.LIVE)
    seen = {one.observation.path: one.observation for one in (answered, other) if one is not None}
    return Run(
        id=scenario.id,
        seam=seam.name,
        phase=seam.phase,
        population="recorded",
        setting=stage,
        pins=Pins({seam.phase: stage}, scenario.key, scenario.id),
        tags=scenario.tags,
        answered_by=scenario.answered_by,
        arguments=scenario.arguments,
        tape=scenario.tape,
        legacy=seen.get(Path.LEGACY),
        candidate=seen.get(Path.CANDIDATE),
        verdict=judgement.verdict,
        divergences=judgement.divergences,
        notes=() if other is None else tuple(other.troubles.notes),
        reason=reason,
        judgement=judgement.detail,
    )
