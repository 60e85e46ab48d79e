"""Does a worker watch what programs record, wherever it is: the spools of this machine, and the database.

Where the database does not answer, what it said last holds, as of that moment: runs that wait here, and the
silence of workers, grow older.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from changeover.evidence.store.fleet import Fleet, FleetSeen, Sign, moment_of
from changeover.evidence.store.place import Database, StoreProblem
from changeover.evidence.worker_watch import Pulse, WorkerWatch, read_pulse, watch

LOOK_WAIT_S = 5.0


class FleetWatching:
    """Looks at the fleet of a database, and at the folder of this machine where runs wait to travel."""

    def __init__(self, place: Database, folder: Path) -> None:
        self._folder, self._fleet = folder, Fleet(place, LOOK_WAIT_S)
        self._last: tuple[FleetSeen, datetime] | None = None

    def look(self, *, counting: bool = True) -> WorkerWatch:
        """What is known now. Never raises."""
        with suppress(StoreProblem):
            self.heard(self._fleet.look())
        return self.known(counting=counting)

    def heard(self, seen: FleetSeen) -> None:
        """What somebody has just asked the database."""
        self._last = seen, datetime.now(UTC)

    def known(self, *, counting: bool = True) -> WorkerWatch:
        """As `look`, without a question to the database."""
        here = watch(self._folder, counting=counting)
        if self._last is None:
            return here
        seen, at = self._last
        counts = seen.counts
        return replace(
            here,
            waiting=None if here.waiting is None else here.waiting + counts.waiting,
            oldest_at=min(filter(None, (here.oldest_at, counts.oldest_at)), default=None),
            pulses=_merged(here.pulses, tuple(_pulses(seen.signs, at))),
            elsewhere=(counts.replayed, counts.dropped),
        )


def _pulses(signs: tuple[Sign, ...], now: datetime) -> Iterator[Pulse]:
    for sign in signs:
        with suppress(ValueError, TypeError, KeyError):
            yield replace(read_pulse(sign.body), at=moment_of(sign, now))


def _merged(here: tuple[Pulse, ...], there: tuple[Pulse, ...]) -> tuple[Pulse, ...]:
    """A worker of this machine has left a sign in the folder as well."""
    latest: dict[tuple[str, int], Pulse] = {}
    for pulse in sorted((*here, *there), key=lambda one: one.at):
        latest[pulse.host, pulse.pid] = pulse
    return tuple(sorted(latest.values(), key=lambda one: one.at, reverse=True))
