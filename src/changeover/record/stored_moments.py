"""When the calls of a tape were made, and in which work of the path, as a scenario file has it.

Ticks of a process mean nothing elsewhere, so they are written as ranks. A tape of calls that were made one
after the other has none of it.
"""

from __future__ import annotations

from typing import Any

from changeover.errors import ConfigurationError
from changeover.record.tape import Tape
from changeover.values.observation import During, Step


def moments_of(tape: Tape) -> tuple[list[Any], int | None]:
    """The moments of each call, and the first after the answer; nothing where calls came one by one."""
    if not tape.is_concurrent:
        return [], None
    during = [tape.during(entry) for entry in tape.entries]
    ticks = {tick for one in during for tick in _ticks(one)}
    if tape.has_late:
        ticks.add(tape.late_from)
    rank = {tick: number for number, tick in enumerate(sorted(ticks))}
    written = [
        [
            rank[one.began],
            rank[one.ended],
            [[step.name, rank[step.began], rank[step.ended]] for step in one.lane],
        ]
        for one in during
    ]
    return written, rank[tape.late_from] if tape.has_late else None


def _ticks(during: During) -> list[int]:
    return [during.began, during.ended, *(tick for step in during.lane for tick in (step.began, step.ended))]


def read_moment(data: Any) -> During:
    """The inverse for one call; raises ConfigurationError."""
    match data:
        case [int(began), int(ended), [*steps]]:
            return During(began, ended, tuple(map(_read_step, steps)))
    raise ConfigurationError("during", f"was {data!r}, allowed: begin, end and steps")


def _read_step(data: Any) -> Step:
    match data:
        case [str(name), int(began), int(ended)]:
            return Step(name, began, ended)
    raise ConfigurationError("during", f"was {data!r}, allowed: a name, begin and end")
