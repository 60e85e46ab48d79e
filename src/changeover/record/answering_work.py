"""The work of the path that answers: its branches, the runs around it and inside it, and its end."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, Self

from changeover.record.called_back import HANDED
from changeover.record.loop_handlers import LoopHandlers
from changeover.record.tape import Entry, Tape
from changeover.record.work_branch import Branch, Running, tick


class AnsweringWork:
    """What goes on after the answer belongs to the run until it is judged, and to the runs around it."""

    # The class has what is so at first: most runs need no other.
    late: Callable[[str, str], None] | None = None
    closed = False
    is_judged = False
    followers: dict[str, Any]
    deferred: list[Any]
    tape: Tape
    running: Running
    _entries: list[Entry]
    _around: tuple[Self, ...]
    _running: tuple[Running, ...]
    _deferring: Lock
    _takes_deferred = True
    _late_at = 0
    _loop_handlers: LoopHandlers | None = None

    @property
    def _chain(self) -> tuple[Self, ...]:
        """Itself, and those of the runs around it; put together when asked for, or it would hold itself."""
        return (self, *self._around)

    @property
    def answered(self) -> bool:
        """Whether the path has ended."""
        return self.running.answered

    @property
    def outermost_id(self) -> int:
        """Tells runs apart; those inside one another are one."""
        return id(self._chain[-1])

    def is_inside(self, other: object) -> bool:
        """Whether the other recorder is that of a run around this one."""
        return any(one is other for one in self._chain)

    def follower_around(self, name: str) -> Any | None:
        """What the pack of that name does around a path around this one; None where it does nothing."""
        found = (one.followers[name] for one in self._around if name in one.followers)
        return next(found, None)

    def answer(self) -> None:
        """The path has ended: what is recorded from now on is work that it left behind."""
        HANDED.pop(id(self), None)
        self.tape.late_from = tick()
        self._late_at = len(self._entries)
        self.running.answered = True

    def started(self, branch: Branch) -> None:
        """What is started belongs to this run, and to those around it."""
        branch.held_by(self._running)

    def defer(self, runs: list[Any]) -> bool:
        """Keep runs inside this one until it has answered; False where it has."""
        with self._deferring:
            if self._takes_deferred:
                self.deferred.extend(runs)
            return self._takes_deferred

    def take_deferred(self) -> list[Any]:
        """The runs inside this one; it takes no more."""
        with self._deferring:
            self._takes_deferred = False
            deferred, self.deferred = self.deferred, []
            return deferred

    @property
    def loop_handlers(self) -> LoopHandlers:
        """The readers and handlers of signals that the path gave to loops."""
        if self._loop_handlers is None:
            self._loop_handlers = LoopHandlers()
        return self._loop_handlers

    def not_followed(self, what: str) -> None:
        """The run cannot be compared: part of it is done where nothing can be seen."""
        self._note_problem(f"cannot be followed: {what}")

    def handed_over(self, what: str) -> None:
        """What becomes of it is in no observation: a difference proves nothing, in runs around it as well."""
        for recorder in self._chain:
            if what not in recorder.tape.handed_over:
                recorder.tape.handed_over += (what,)

    def cannot_follow(self, pack: str, what: str) -> None:
        """The run cannot be compared: a pack could not do its part. Those around it may."""
        self.tape.problem = self.tape.problem or f"{pack}: {what}"

    @property
    def wants_scripts(self) -> bool:
        """Whether the run is recorded for replays where the world of a pack is not."""
        return self.tape.scripts is not None

    def keep_script(self, pack: str, script: Any) -> None:
        """What a pack keeps of the path for these."""
        if self.tape.scripts is not None:
            self.tape.scripts.keep(self.tape.scripts.answered_by, pack, script)

    def thread_refused(self, why: str) -> None:
        """What keeps the answering path from something is a part of what happened."""

    def _note_problem(self, text: str) -> None:
        for recorder in self._chain:
            recorder.tape.problem = recorder.tape.problem or text

    def close(self, late: Callable[[str, str], None] | None = None) -> None:
        """The run is judged as it is now: nothing is added to its tape any more."""
        self.late = late
        if self.is_judged:
            return
        HANDED.pop(id(self), None)
        self.closed = self.is_judged = True
        if self._loop_handlers is not None and self._loop_handlers.names:
            self.not_followed(self._loop_handlers.names)
        supplements, tail = self.tape.supplements, self._entries[self._late_at :]
        if supplements and tail:  # what the toolkit added stands at the end
            start = self._late_at - supplements
            self._entries[start:] = tail + self._entries[start : self._late_at]
        running = self.running
        if running.branches or running.cut_short:
            self.tape.unfinished = tuple(map(str, [*running.left(), *running.cut_short]))
