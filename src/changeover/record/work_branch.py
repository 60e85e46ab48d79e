"""The work that a path starts: tasks, jobs, threads, callbacks, each a branch of the one that started it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import Context, ContextVar
from enum import StrEnum
from functools import partial
from inspect import unwrap
from itertools import count
from time import monotonic
from types import CodeType
from typing import Any
from weakref import ref

from changeover.record.context import TASKS_AT_WORK, WORK_HERE, work_here
from changeover.values.observation import Step

tick = count(1).__next__
"""The moments of this process: a later call of it gives a larger number, in whichever thread."""
NEVER = 2**62
SETTLE_S = 0.01
ENDING_S = 0.05


class WorkKind(StrEnum):
    """What a path can start."""

    TASK = "task"
    JOB = "job"
    THREAD = "thread"
    CALLBACK = "callback"


class Branch:
    """One piece of work, numbered among those of its kind that the same branch started.

    The path itself has no parent. `counts` says how much of each kind it has started so far. `cancelled` says
    that it was stopped before its end, `acted` that it made a port call after the answer of its run.
    """

    # The class has what is so at first: every run has a branch, and most start nothing.
    parent: Branch | None = None
    kind = WorkKind.THREAD
    number = 0
    ended = NEVER
    cancelled = False
    acted = False
    _holders: tuple[Running, ...] = ()
    _what: Any = None
    _work: Callable[[], Any] | None = None

    def __init__(self) -> None:
        self.began = tick()
        self.counts: dict[WorkKind, int] = {}

    def begin(self, kind: WorkKind, what: Any) -> Branch:
        """The branch of work that this one starts: `what` is done in it."""
        begun = Branch()
        begun.parent, begun.kind, begun._what = self, kind, what
        begun.number = self.counts[kind] = self.counts.get(kind, 0) + 1
        return begun

    def held_by(self, holders: tuple[Running, ...]) -> None:
        """Stand among what these runs have started, until it ends."""
        self._holders = holders
        for holder in holders:
            holder.add(self)

    def follow(self, work: Any) -> None:
        """Know by the task, future, thread or handle itself whether it is over."""
        self._work = ref(work)

    @property
    def work(self) -> Any:
        """The task, future, thread or handle; None where nobody has it any more."""
        return None if self._work is None else self._work()

    def end(self) -> None:
        """It is over."""
        self.mark_end()
        self.release()

    def mark_end(self) -> None:
        """It has done its last; what hears of that may still be about to act."""
        if self.ended == NEVER:
            self.ended = tick()

    def release(self) -> None:
        """Nobody waits for it any more."""
        holders, self._holders = self._holders, ()
        for holder in holders:
            holder.discard(self)

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or never will: it was cancelled or forgotten, or its loop is closed."""
        if self._work is None:
            return self.ended != NEVER
        work = self._work()
        if work is None:
            return True
        if self.kind is WorkKind.THREAD:
            return not work.is_alive()
        if self.kind is WorkKind.TASK:
            loop = work.get_loop()
            return loop.is_closed() or (work.done() and not loop.is_running())
        return self.was_cancelled if self.kind is WorkKind.CALLBACK else bool(work.done())

    @property
    def was_cancelled(self) -> bool:
        """Whether it was stopped from outside, or forgotten, before it ended by itself."""
        work = self.work
        if work is None:
            return True
        cancelled = getattr(work, "cancelled", None)
        return bool(cancelled is not None and cancelled())

    def __str__(self) -> str:
        """Kind, name and place: "task `send_mail` (orders.py:41)"."""
        if self.parent is None:
            return "work of the path"
        what = self._what
        while isinstance(what, partial):  # `asyncio.to_thread` runs its function in a context
            in_context = isinstance(getattr(what.func, "__self__", None), Context) and what.args
            what = what.args[0] if in_context else what.func
        what = unwrap(getattr(what, "__func__", what)) if callable(what) else what
        code = what if isinstance(what, CodeType) else getattr(what, "__code__", None)
        name = code.co_name if code is not None else getattr(what, "__name__", type(what).__name__)
        where = "" if code is None else f" ({code.co_filename.rsplit('/', 1)[-1]}:{code.co_firstlineno})"
        return f"{self.kind} `{name}`{where}"


class Running:
    """What one run has started and what has not ended yet.

    Where `branches` is empty, nothing goes on; what stands there may be over by now (`left`). `cut_short` was
    cancelled after the answer, so that nobody knows what it would have done.
    """

    # The class has what is so at first.
    cut_short: tuple[Branch, ...] = ()
    answered = False
    _last_end = 0.0

    def __init__(self) -> None:
        self.branches: dict[Branch, None] = {}

    def add(self, branch: Branch) -> None:
        """It begins."""
        self.branches[branch] = None

    def discard(self, branch: Branch) -> None:
        """It is over."""
        self.branches.pop(branch, None)
        if self.answered:
            self._last_end = monotonic()
            if branch.cancelled:
                self.cut_short += (branch,)

    def left(self) -> list[Branch]:
        """What goes on, in the order in which it was started."""
        if not self.branches:
            return []
        for branch in list(self.branches):
            if branch.is_over:
                branch.cancelled = branch.cancelled or branch.was_cancelled
                self.discard(branch)
        return list(self.branches)

    def is_ending(self) -> bool:
        """Whether all that goes on has done its last, so that it will be over in a moment."""
        left = self.left()
        return bool(left) and all(branch.ended != NEVER for branch in left)

    def is_settled(self) -> bool:
        """Whether all has ended, and what a callback starts at that moment had time to begin."""
        return not self.left() and monotonic() - self._last_end >= SETTLE_S


BRANCH: ContextVar[Branch | None] = ContextVar("changeover_branch", default=None)


def current_branch() -> Branch | None:
    """The branch that is at work here, also in a context that does not come from it."""
    branch = BRANCH.get()
    if branch is None and (WORK_HERE or TASKS_AT_WORK):
        work = work_here()
        branch = None if work is None else work[1]
    return branch


def lane_of(branch: Branch | None, root: Branch | None, before: Mapping[WorkKind, int]) -> tuple[Step, ...]:
    """The steps from a run's own branch; `before` is what `root` had started when the run began."""
    return tuple(reversed(list(_steps(branch, root, before))))


def _steps(branch: Branch | None, root: Branch | None, before: Mapping[WorkKind, int]) -> Iterator[Step]:
    while branch is not None and branch is not root and branch.parent is not None:
        number = branch.number
        if branch.parent is root:
            number -= before.get(branch.kind, 0)
        yield Step(f"{branch.kind} {number}", branch.began, branch.ended)
        branch = branch.parent


def names_of(branches: Iterable[Branch]) -> str:
    """What they are, in words."""
    return ", ".join(map(str, branches))
