"""Stored scenarios replayed on today's code: both paths against the tape, and nothing runs for real."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path as FilePath

from changeover.evidence.scenario_replay import During, answered, judged, not_replayed, replayed
from changeover.migration import Migration
from changeover.record.codec import Codec
from changeover.record.scenario_file import DamagedLine, Scenario, read_scenarios
from changeover.replay.runner import Replayed
from changeover.seam.seam import Seam
from changeover.values.observation import Path
from changeover.values.run import Run

FOLDER = "scenarios"


def codec_of(migration: Migration) -> Codec:
    """The migration's codec, which by now knows the types in the annotations of all its seams and ports."""
    codec = migration.codec
    for seam in migration.seams.values():
        codec.learn(seam.shape)
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


def replayed_scenarios(migration: Migration, scenarios: Iterable[Scenario]) -> Iterator[tuple[Scenario, Run]]:
    """Each scenario of a seam that there still is, with what today's paths make of it."""
    for scenario in scenarios:
        seam = migration.seams.get(scenario.seam)
        if seam is not None:
            yield scenario, _both(migration, seam, scenario)


def alone(
    migration: Migration,
    scenarios: Iterable[Scenario],
    side: Path = Path.CANDIDATE,
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


def _one(migration: Migration, seam: Seam, scenario: Scenario, side: Path, during: During) -> Run:
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
