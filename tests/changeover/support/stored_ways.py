"""A run of a small program that is compared by its record alone: by a worker, or as a scenario file has it.

A worker here replays in this process, as its processes would do: what it is given is the frame of the spool.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from changeover import Migration, Run, Side
from changeover.evidence.scenario_replay import codec_of, replayed_scenarios
from changeover.operate.judging import Judging, Variables
from changeover.operate.messages import Message
from changeover.operate.recorded_replay import answer_to
from changeover.record.recorded_run_reading import is_open
from changeover.record.scenario_file import from_line, scenario_of, to_line
from changeover.seam.runs_for_workers import Digests, ElsewhereRuns
from changeover.spool.frame import FrameKind

Prepare = Callable[[Migration], Any]
"""Declares ports, and gives the seam `s`."""


class NothingRecorded(Exception):
    """No run was written down: its values have no form in data."""


class Spool:
    """A list of frames."""

    problem: str | None = None

    def __init__(self) -> None:
        self.frames: list[bytes] = []

    def append(self, kind: FrameKind, payload: bytes) -> bool:
        self.frames.append(payload)
        return True

    def settle(self, *, elsewhere: int = 0, given_up: int = 0) -> None:
        """Nobody counts here."""


class HereReplays:
    """Replays in this process."""

    def __init__(self, migration: Migration) -> None:
        self._migration = migration

    def replay(
        self, handed_over: Variables, side: Side, payload: bytes, *, fresh: bool = False
    ) -> tuple[Message, tuple[str, ...]]:
        head, body = answer_to(self._migration, codec_of(self._migration), side, payload)
        return Message(head, body), ()


def _called(seam: Any, *args: Any) -> Any:
    return asyncio.run(seam(*args)) if asyncio.iscoroutinefunction(seam) else seam(*args)


def by_a_worker(
    prepare: Prepare, *args: Any, stage: str = "shadow", frames: list[bytes] | None = None
) -> Run:
    """The run of a program that only records, judged from its frame; all of them are put into `frames`."""
    migration, spool = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0), Spool()
    spool.frames = spool.frames if frames is None else frames
    seam, runtime = prepare(migration), migration.runtime
    runtime.recorded = ElsewhereRuns(
        runtime, migration.codec, spool, Digests("all", {Side.LEGACY: "old"}), in_process=False
    )
    _called(seam, *args)
    migration.flush()
    frame = next((frame for frame in reversed(spool.frames) if not is_open(frame)), None)
    if frame is None:
        raise NothingRecorded
    return Judging(migration, codec_of(migration), "all").judged(frame, {}, HereReplays(migration))


def as_a_scenario(
    prepare: Prepare, *args: Any, stage: str = "shadow", redact: Callable[[Run], Run] = lambda run: run
) -> Run:
    """The run of a scenario that was recorded when both paths were compared in the program."""
    runs: list[Run] = []
    recording = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append)
    _called(prepare(recording), *args)
    recording.flush()
    line = to_line(scenario_of(redact(runs[0])), codec_of(recording))
    later = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0)
    prepare(later)
    scenario = from_line(line.encode(), codec_of(later), later.runtime.book)
    [(_, run)] = replayed_scenarios(later, [scenario])
    return run


WAYS: dict[str, Callable[..., Run]] = {"worker": by_a_worker, "scenario": as_a_scenario}
