"""Replaying a path against a tape: in a context of its own, isolated from the world."""

from __future__ import annotations

import decimal
import sys
from collections.abc import Callable, Coroutine, Mapping
from contextlib import nullcontext
from contextvars import Context
from dataclasses import field
from enum import Enum
from functools import partial
from time import monotonic, perf_counter, sleep
from types import CoroutineType
from typing import Any

from changeover.quick_dataclass import dataclass
from changeover.record.bound_paths import rebound
from changeover.record.call_inputs import CallInputs, Named, by_number
from changeover.record.callable_kind import is_awaited
from changeover.record.class_state import class_states
from changeover.record.context import SESSION, Args, Kwargs, at_work
from changeover.record.followed_path import followed
from changeover.record.frozen_reading import FrozenReading
from changeover.record.object_reading import ObjectReading
from changeover.record.port import PortBook
from changeover.record.port_copies import PortCopies
from changeover.record.propagation import NOT_CARRIED, carry_work
from changeover.record.replay_problems import ProblemKind, ReplayProblems
from changeover.record.shared_readings import shared_readings
from changeover.record.tape import Tape
from changeover.record.work_branch import BRANCH, Running
from changeover.replay import isolation
from changeover.replay.event_loop import POLL_S, awaited, completed, runs_a_loop, threaded
from changeover.replay.fresh_path import Fresh
from changeover.replay.garbage import collect_for_program, garbage_apart
from changeover.replay.handled_error import while_handling, while_handling_async
from changeover.replay.kept_outcome import View, kept
from changeover.replay.net import NetHold
from changeover.replay.process_state import kept_process_state
from changeover.replay.program_signals import ProgramSignals, stop_if_heard
from changeover.replay.renamed_answers import RenamedAnswers
from changeover.replay.replayer import Replay
from changeover.replay.scheduler import Decides, Scheduler
from changeover.replay.sealed_hooks import copied
from changeover.values.copy_plan import are_atoms, is_atom
from changeover.values.error_text import message_of
from changeover.values.limits import Limits
from changeover.values.not_loaded import ON_ASKED
from changeover.values.observation import Observation, Outcome, Raised, Returned, Side, outcome_of
from changeover.values.reading import READ_BY_THE_PROGRAM


class OwnerIs(Enum):
    """Which object a replayed method gets: a copy, the program's own, or one made for this replay alone."""

    COPIED = "copied"
    SHARED = "shared"
    MADE = "made"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a path left behind in a replay, and what the replay itself has to say."""

    observation: Observation
    problems: ReplayProblems


@dataclass(frozen=True, slots=True)
class Pending:
    """A replay whose path has ended, and whose work that it left behind may go on.

    `changed` is what the path left changed, as it was when it ended.
    """

    side: Side
    outcome: Outcome
    own_time_s: float
    changed: dict[str, Any]
    replay: Replay

    def closed(self, late: Callable[[str, str], None] | None = None) -> Replayed:
        """The replay as it is now; what comes later is refused, and told to `late`."""
        self.replay.close(late)
        seen = self.replay.made.observation(
            self.side,
            self.outcome,
            self.own_time_s,
            changed=self.changed,
            logged=tuple(self.replay.log.lines),
            events=tuple(self.replay.events.steps),
        )
        return Replayed(seen, self.replay.problems)

    def wait(self) -> None:
        """Let what was left behind end, for a while; not where it needs the loop that this thread runs."""
        wait_for(self.replay.running, self.replay.limits.linger_s)


def wait_for(running: Running, seconds: float) -> None:
    """Wait until all work has ended, so many seconds at most."""
    until = monotonic() + seconds
    while running.left() and not runs_a_loop() and monotonic() < until:
        sleep(POLL_S)


async def wait_for_async(running: Running, seconds: float) -> None:
    """The same, while the running loop goes on."""
    import asyncio

    until = monotonic() + seconds
    while running.left() and monotonic() < until:
        await asyncio.sleep(POLL_S)


@dataclass(frozen=True, slots=True)
class ReplayTask:
    """A path with everything its replay needs; `owner` is the `self` of a method, empty where it has none.

    `waits_s` says how long the path may wait for others, as long as the whole replay unless given.
    `is_bound` says that `owner` comes with the paths and not with the call: what both reach, and then
    what this one is bound to.
    `named` gives arguments by name; `seam` is named in what is said about the replay. `context` and
    `decimals` are those in which the answering path began. `apart` is a replay beside the program, which may
    change at any time what a process has one of.
    `loop_goes_on` says that the loop of the answering path outlives it, so that a replay's own has to, too;
    `is_awaited` that the seam is, so that what is to be awaited of a path is no answer yet;
    `inside_loop` that the sync path was called inside one, so that this one has to be, too. `of_main_thread`
    says that the answering path was called there, and `handled` which error was handled where it was.
    `decides` says in which order buses deliver; None as they would.
    `first_read` is given to all of many replays of one run: what stood in a shared object before the first;
    so is `renamed`, the answers on its tape with other identifiers.
    """

    side: Side
    path: Callable[..., Any] | Fresh[..., Any]
    view: View | None
    owner: Args
    args: Args
    kwargs: Kwargs
    tape: Tape
    book: PortBook
    seed: str
    limits: Limits
    context: Context
    decimals: decimal.Context
    copies: PortCopies | None = None
    owners: Mapping[str, Any] = field(default_factory=dict)
    apart: bool = False
    loop_goes_on: bool = False
    is_awaited: bool = False
    inside_loop: bool = False
    owner_is: OwnerIs = OwnerIs.MADE
    seam: str = ""
    named: Named = by_number
    is_bound: bool = False
    waits_s: float | None = None
    of_main_thread: bool = True
    handled: BaseException | None = None
    decides: Decides | None = None
    first_read: list[ObjectReading] | None = None
    renamed: RenamedAnswers | None = None

    def front(self, owner: Args) -> Args:
        """What comes before the arguments of the call."""
        return () if self.is_bound else owner

    def run(self) -> Replayed:
        """Replay here and now; what the program's signals raise passes, all else is in the observation."""
        pending = self.start()
        with ProgramSignals():
            pending.wait()
            return pending.closed()

    def start(self) -> Pending:
        """The same, without waiting for work that the path leaves behind."""
        with ProgramSignals():
            owner, *begun = self._begin()
            try:
                return self._ended(owner, *_sync(self, owner, *begun))
            except BaseException:
                begun[0].close()
                raise

    async def start_async(self) -> Pending:
        """Replay under the running event loop; cancelling the caller passes as well."""
        owner, *begun = self._begin()
        try:
            ended = await _async(self, owner, *begun)
            with ProgramSignals():
                return self._ended(owner, *ended)
        except BaseException:
            begun[0].close()
            raise

    def _begin(self) -> tuple[Any, ...]:
        if not sys.modules.keys().isdisjoint(NOT_CARRIED):
            carry_work()
        isolation.keep_isolated()
        self.book.cover()
        replay = Replay(
            self.book, self.tape, self.side, seed=self.seed, limits=self.limits, copies=self.copies
        )
        replay.net = NetHold()
        replay.renamed = self.renamed
        replay.delegates.owners = self.owners
        replay.is_beside = self.apart
        if self.decides is not None:
            replay.scheduler = Scheduler(self.decides)
        if self.waits_s is not None:
            replay.waits_s = min(replay.waits_s, self.waits_s)
        replay.is_of_main_thread = self.of_main_thread
        debugging = sys.modules.get("changeover.replay.debugging")  # loaded by `compare --pdb` alone
        debugger = None if debugging is None else debugging.active
        if debugger is not None and debugger.takes(self.seam, self.side):
            replay.stopped_by(debugger)
        context = self.context.copy()
        context.run(SESSION.set, replay)
        context.run(BRANCH.set, replay.branch)
        context.run(decimal.setcontext, self.decimals.copy())
        context.run(ON_ASKED.set, partial(replay.note, ProblemKind.READ_MISSING))
        given = self._inputs(self.owner)
        if given.owner or not are_atoms((*given.args, *given.kwargs.values())):
            shared: list[Any] = []
            what, book = f"the copying of what `{self.seam}` was given", self.book
            if READ_BY_THE_PROGRAM:
                given = copied(what, book, lambda: self._inputs(self.owner).copied(book.holds, shared=shared))
            else:
                given = given.copied(book.holds, shared=shared)
            replay.shared_before = [*shared_readings(shared, book)]
        handed = (*self.owner, *given.args, *given.kwargs.values())
        replay.shared_before += class_states(handed, self.book.holds, replay.shared_before)
        replay.called_with(self._inputs(self.owner), given)
        if self.owner_is is OwnerIs.SHARED:
            replay.object_before = self._shared_objects()
        return given.owner or self.owner, replay, given.args, given.kwargs, context

    def _shared_objects(self) -> list[ObjectReading]:
        """As they were before this replay, or before the first of many: each may change nothing of them."""
        if self.first_read:
            return self.first_read
        read = [ObjectReading(owner, self.book.holds) for owner in self.owner]
        if self.first_read is not None:
            self.first_read.extend(read)
        return read

    def _check_object(self, replay: Replay) -> None:
        """A shared object has to be what it was: only an object without a state of its own may be shared."""
        shared, replay.shared_before = replay.shared_before, []
        for before in shared:
            what = before.changed()
            if what is not None:
                replay.note(ProblemKind.OBJECT_CHANGED, self.seam, what)
            if what is not None and isinstance(before, FrozenReading):
                before.put_back()
        readings, replay.object_before = replay.object_before, []
        for place in filter(None, (before.changed() for before in readings)):
            what = f"{place} changed during the replay, by it or by another thread"
            owner = f"{self.seam}, object {type(self.owner[0]).__name__}"
            replay.note(ProblemKind.OBJECT_CHANGED, owner, what)

    def _inputs(self, owner: Args) -> CallInputs:
        """What the replay may change; an object that is not copied is none of it."""
        return CallInputs(owner if self.owner_is is OwnerIs.COPIED else (), self.args, self.kwargs)

    def _ended(
        self, owner: Args, replay: Replay, args: Args, kwargs: Kwargs, outcome: Outcome, seconds: float
    ) -> Pending:
        stop_if_heard(outcome.error if isinstance(outcome, Raised) else None)
        if isinstance(outcome, Raised):
            outcome.let_go()
        changed: dict[str, Any] = {}
        try:
            self._check_object(replay)
            replay.check_attributes()
            before = self._inputs(self.owner)
            after = self._inputs(owner)._replace(args=args, kwargs=kwargs)
            if after.owner or args is not self.args or kwargs is not self.kwargs:
                changed = before.changes_to(after, self.named)
            changed |= replay.changed_answers()
            if (
                changed
                or self.view is not None
                or not (isinstance(outcome, Returned) and is_atom(outcome.value))
            ):
                outcome, changed = kept(outcome, changed, self.view, self.seam, self.book)
        except Exception as error:  # noqa: BLE001  values and views are the program's own code
            replay.note(ProblemKind.NOT_KEPT, f"result of {self.side}", message_of(error))
            outcome = Returned(None)
        return Pending(self.side, outcome, max(0.0, seconds - replay.port_s), changed, replay)


def _path(task: ReplayTask, owner: Args, replay: Replay) -> Callable[..., Any]:
    if not isinstance(task.path, Fresh):
        return rebound(task.path, owner[1:]) if task.is_bound else task.path
    return task.path.replayed(task.book, replay, owner)


def _followed(path: Callable[..., Any], replay: Replay) -> Callable[..., Any]:
    found = followed(path, replay)
    return found if replay.debugger is None else replay.debugger.watched(found)


def _sync(task: ReplayTask, owner: Args, replay: Replay, args: Args, kwargs: Kwargs, context: Context) -> Any:
    state = nullcontext() if task.apart else kept_process_state()
    with garbage_apart(replay), at_work(replay, replay.branch), state:
        if task.handled is None:
            return _called(task, owner, replay, args, kwargs, context)
        return while_handling(task.handled, lambda: _called(task, owner, replay, args, kwargs, context))


def _called(
    task: ReplayTask, owner: Args, replay: Replay, args: Args, kwargs: Kwargs, context: Context
) -> Any:
    built = context.run(outcome_of, lambda: _path(task, owner, replay))
    replay.port_s = 0.0  # a program builds its paths once; what that takes is no run's own time
    began = perf_counter()
    if isinstance(built, Raised):
        outcome: Outcome = built
    elif is_awaited(path := _followed(built.value, replay)):
        ended = _settling(replay, task) if task.loop_goes_on else None
        outcome = completed(lambda: path(*task.front(owner), *args, **kwargs), context, replay, ended)
    elif task.inside_loop and not runs_a_loop():

        async def called() -> Any:
            return path(*task.front(owner), *args, **kwargs)

        outcome = completed(called, context, replay, _settling(replay, task))
    else:
        outcome = context.run(outcome_of, lambda: path(*task.front(owner), *args, **kwargs))
        if task.is_awaited and (pending := _coroutine_in(outcome)) is not None:
            outcome = completed(lambda: pending, context, replay, _settling(replay, task))
    replay.answer(perf_counter())
    seconds = replay.answered_at - began
    return replay, args, kwargs, outcome, seconds


def _coroutine_in(outcome: Outcome) -> Coroutine[Any, Any, Any] | None:
    """What is still to be awaited of a path that is no coroutine function, at a seam that is awaited."""
    if isinstance(outcome, Returned) and type(outcome.value) is CoroutineType:
        return outcome.value
    return None


async def _async(
    task: ReplayTask, owner: Args, replay: Replay, args: Args, kwargs: Kwargs, context: Context
) -> Any:
    built = context.run(outcome_of, lambda: _path(task, owner, replay))
    replay.port_s = 0.0  # a program builds its paths once; what that takes is no run's own time
    began = perf_counter()
    if isinstance(built, Raised):
        outcome: Outcome = built
    elif is_awaited(path := _followed(built.value, replay)):

        async def handling() -> Any:
            given = (*task.front(owner), *args)
            return await while_handling_async(task.handled, lambda: path(*given, **kwargs))

        outcome = await awaited(handling, context, replay)
        collect_for_program(replay)
    else:
        outcome = await threaded(
            lambda: context.run(outcome_of, lambda: path(*task.front(owner), *args, **kwargs))
        )
        if (pending := _coroutine_in(outcome)) is not None:
            outcome = await awaited(lambda: pending, context, replay)
    replay.answer(perf_counter())
    seconds = replay.answered_at - began
    return replay, args, kwargs, outcome, seconds


def _settling(replay: Replay, task: ReplayTask) -> Callable[[], bool]:
    """Whether the path has ended and what it left behind too, or its time is over."""
    until = 0.0

    def ended() -> bool:
        nonlocal until
        if not replay.running.answered:
            replay.answer(perf_counter())
            until = monotonic() + task.limits.linger_s
        if replay.running.left() and monotonic() < until:
            return False
        replay.close_loop()
        return True

    return ended
