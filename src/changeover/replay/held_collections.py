"""Collections of garbage while a replay runs: none begins by itself, and none ends objects of the program."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from threading import Lock

from changeover.record.context import at_work, current_session, outside_of_runs
from changeover.record.instrument import replace_imported_names
from changeover.replay.program_signals import unbroken

HELD_MAX = 50_000
"""So many objects may be made, in the whole process, before a collection begins all the same."""
_PLAIN = (gc.collect,)  # not by a name of this module: all names of the function are replaced


def collect_now(generation: int) -> int:
    """What `gc.collect` does outside of replays."""
    return _PLAIN[0](generation)


class _Holding:
    """How many replays hold collections off, and what the program had set."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._replays = 0
        self._before = (0, 0, 0)

    @unbroken
    def begin(self) -> None:
        with self._lock:
            self._replays += 1
            if self._replays == 1:
                self._before = gc.get_threshold()
                if 0 < self._before[0] < HELD_MAX:
                    gc.set_threshold(HELD_MAX, *self._before[1:])

    @unbroken
    def end(self) -> None:
        with self._lock:
            self._replays -= 1
            if not self._replays and gc.get_threshold() == (HELD_MAX, *self._before[1:]):
                gc.set_threshold(*self._before)

    @property
    def is_due(self) -> bool:
        """Whether one would have begun by itself."""
        return gc.isenabled() and 0 < self._before[0] < gc.get_count()[0]


_holding = _Holding()


@contextmanager
@unbroken
def held_off() -> Iterator[None]:
    """Until the block ends, no collection begins by itself."""
    _holding.begin()
    try:
        yield
    finally:
        _holding.end()


@contextmanager
def held_off_for_a_step() -> Iterator[None]:
    """The same for a step of an async replay; the one that is due then is the program's."""
    with held_off():
        try:
            yield
        finally:
            if _holding.is_due:
                outside_of_runs().run(_collect_young)


def _collect_young() -> None:
    with at_work(None, None):
        collect_now(0)


def leave_garbage_to_the_program() -> None:
    """From now on one that a replay asks for ends nothing of the program; asking again changes nothing."""
    if gc.collect is _PLAIN[0]:

        @wraps(_PLAIN[0])
        def collect(generation: int = 2) -> int:
            session = current_session()
            if session is None or not session.replaying:
                return collect_now(generation)
            replay = getattr(session, "replay", None)
            if replay is None:
                return 0
            replay.collection_asked = max(generation, replay.collection_asked or 0)
            return collect_now(0) if replay.collects_own else 0

        gc.collect = collect
        replace_imported_names(_PLAIN[0], collect)
