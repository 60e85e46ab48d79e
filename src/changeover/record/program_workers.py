"""Threads and tasks of the program that wait for something, and work for whoever gives it to them.

    while True:
        handle(events.get())   of the program: it waits here, and belongs to no run

What a replay gives to one of them would be done for real, with ports of the program's own: it is refused.
What the answering path gives is no part of what its run has observed.
"""

from __future__ import annotations

import sys
from threading import Thread, current_thread, get_ident
from types import FrameType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, ref

from changeover.record.context import Session, current_session
from changeover.record.named_threads import ThreadKind
from changeover.record.outer_frame import outer_frame
from changeover.record.running_loop import running_loop
from changeover.record.work_branch import NEVER, Branch, current_branch

_HELPERS = ("anyio._backends.", "changeover.", "opentelemetry.sdk.", "psycopg_pool.", "sqlalchemy.")
"""Whose threads do what somebody asked for in the context that it came from, or what is their own."""


class WaitingPlace:
    """Where one waits: a queue, what the ends of a stream share, an event, a condition.

    `workers` has the threads and tasks that found nothing there, each with its run and branch; `now` those
    that ask now. One that waited before such places were watched is known by them alone.
    """

    __slots__ = ("_has_unknown", "_place", "now", "workers")

    def __init__(self, place: Any) -> None:
        number = id(place)
        self._place = ref(place, lambda _: _PLACES.pop(number, None))
        self.workers: WeakKeyDictionary[Any, tuple[Session | None, Branch | None]] = WeakKeyDictionary()
        self.now: set[Any] = set()
        self._has_unknown = False

    def others_wait(self, session: Session, waiting: int) -> bool:
        """Whether somebody waits now who is not of this run; so many do, whoever they are."""
        known = (self.workers.get(worker, (None, None))[0] is session for worker in [*self.now])
        permitted = (_is_permitted(worker, session) for worker in [*self.now])
        return waiting > sum(map(max, known, permitted))

    def has_others(self, session: Session, waiting: int) -> bool:
        """Whether somebody works here who is not of this run, and who may be busy at this moment."""
        self._has_unknown = self._has_unknown or waiting > len(self.now)
        return self._has_unknown or any(
            of is not session and self._works(worker, of, branch) and not _is_permitted(worker, session)
            for worker, (of, branch) in self._known()
        )

    def _known(self) -> list[tuple[Any, tuple[Session | None, Branch | None]]]:
        """The workers that are still there. Others may come meanwhile: what holds them is listed at once."""
        listed = list(vars(self.workers)["data"].items())
        found = ((worker(), known) for worker, known in listed)
        return [(worker, known) for worker, known in found if worker is not None]

    def _works(self, worker: Any, session: Session | None, branch: Branch | None) -> bool:
        """Whether it goes on, or, where the path of another run waited itself, still waits."""
        if session is None:
            return _goes_on(worker)
        is_path = branch is None or branch.parent is None
        return worker in self.now if is_path else branch is not None and branch.ended == NEVER


_PLACES: dict[int, WaitingPlace] = {}
"""By the number of the object: its class may say what equals what."""


def waiting_place(place: Any) -> WaitingPlace:
    """The one of that object."""
    found = _PLACES.get(id(place))
    return _PLACES.setdefault(id(place), WaitingPlace(place)) if found is None else found


def _goes_on(worker: Any) -> bool:
    """Whether a thread, or a task, has not ended."""
    return bool(worker.is_alive() if isinstance(worker, Thread) else not worker.done())


def _is_permitted(worker: Any, session: Session) -> bool:
    """Whether it was declared that this thread may work for replays as well."""
    book = getattr(session, "book", None)
    if book is None or not book.threads or not isinstance(worker, Thread):
        return False
    return bool(book.threads.kind_of(worker.name) is ThreadKind.PERMITTED)


class Waits:
    """While a thread or task asks for what comes next, in a run or none; `for_long` if nothing is there."""

    __slots__ = ("_here", "_now")

    def __init__(self, place: Any, *, for_long: bool = True) -> None:
        found = waiting_place(place)
        self._now = found.now
        if for_long:
            self._here = _worker()
            session = run_here()
            found.workers[self._here] = session, None if session is None else current_branch()
        else:
            self._here = get_ident()

    def __enter__(self) -> None:
        self._now.add(self._here)

    def __exit__(self, *_: object) -> None:
        self._now.discard(self._here)


def _worker() -> Any:
    """The task of asyncio that is at work, or else the thread."""
    task = None if running_loop() is None else sys.modules["asyncio"].current_task()
    return current_thread() if task is None else task


def run_here() -> Session | None:
    """The run that this work belongs to; none any more where it has outlived it."""
    session = current_session()
    return None if session is None or getattr(session, "is_judged", False) else session


def give(session: Session, place: Any, waiting: int, what: str, between: Between, *, keeps: bool) -> None:
    """Tell a run where others work for what it gives there; so many wait now, whoever they are.

    `what` says so in words. A place that `keeps` what it is given has it for those who are busy, too. Called
    by what stands in place of a function between the path and the place.
    """
    found = waiting_place(place)
    others = found.has_others(session, waiting) if keeps else found.others_wait(session, waiting)
    caller = outer_frame(2) if others else None
    if others and (caller is None or not between.is_helper(caller)):
        session.handed_over(what)


class Between(NamedTuple):
    """The modules between a path and the place, and those functions of them that do what is their own."""

    modules: frozenset[str]
    own: tuple[str, ...] = ()

    def is_helper(self, frame: FrameType | None) -> bool:
        """Whether such a function, or a helper of others, is what calls here."""
        while frame is not None and frame.f_globals.get("__name__") in self.modules:
            if self.own and frame.f_code.co_qualname.startswith(self.own):
                return True
            frame = frame.f_back
        return frame is None or str(frame.f_globals.get("__name__", "")).startswith(_HELPERS)
