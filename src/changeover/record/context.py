"""Whether a port call belongs to a run, and which."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, Token
from types import CodeType, FrameType
from typing import Any, Protocol
from weakref import WeakKeyDictionary

from changeover.record.running_loop import running_loop
from changeover.values.pins import PINNED

Args = tuple[Any, ...]
Kwargs = dict[str, Any]
"""With `Args` the arguments of a call, as it was made."""


class Session(Protocol):
    """What answers port calls: a recorder, or a replay. Outside any run there is none."""

    @property
    def replaying(self) -> bool:
        """True where nothing may reach the world."""

    @property
    def carries(self) -> bool:
        """Whether what is started here belongs to a run."""

    @property
    def book(self) -> Any:
        """The ports of the migration (`record.port.PortBook`)."""

    def started(self, branch: Any) -> None:
        """A task, job, thread or callback begins (`record.branch.Branch`)."""

    def not_followed(self, what: str) -> None:
        """Something is started that acts where nothing can be seen of it: in another process."""

    def handed_over(self, what: str) -> None:
        """Something is put where somebody takes it who belongs to no run."""

    def call(self, hook: Any, original: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        """Answer a call of an instrumented function (`record.instrument.Hook`).

        The answer of a coroutine function is an awaitable.
        """

    def sets(self, owner: Any, name: str, value: Any) -> bool:
        """Whether what the path sets of a port's object is to be set (`record.attributes_set`)."""

    def has_made(self, owner: Any) -> None:
        """An object of a port's class has been made."""

    def tell(self, hook: Any, args: Args) -> None:
        """Keep an effect that was found after it had happened, of a hook of a channel (`record.channel`)."""

    def hear(self, level: str, source: str, text: str) -> None:
        """Keep what the path logged; a replay's own log takes it instead."""

    def happened(self, bus: Any, point: Any, event: Any, handler: str | None, again: bool) -> None:
        """Keep what happened on a declared bus (`record.declared_buses.DeclaredBus`)."""

    def thread_refused(self, why: str) -> None:
        """Note that a thread could not be had because the process ends, which says nothing of the path."""


SHUTDOWN_TEXT = "interpreter shutdown"  # in what CPython says of threads and pools that come too late
SESSION: ContextVar[Session | None] = ContextVar("changeover_session", default=None)


def restore(variable: ContextVar[Any], token: Token[Any]) -> None:
    """Give a variable its value of before, also where a coroutine is ended in another context."""
    try:
        variable.reset(token)
    except ValueError:
        before = token.old_value
        variable.set(None if before is Token.MISSING else before)


UNSET: Any = object()
Work = tuple[Session | None, Any]
"""A session, and the branch (`record.work_branch.Branch`) of its path that is at work."""
WORK_HERE: dict[int, Work] = {}
"""By thread: the work of a run that this thread does at this moment, and nothing else.

A path can leave its context (`contextvars.Context().run(...)`), but not its thread.
"""
NO_WORK: Work = (None, None)
WORK_OF_TASKS: WeakKeyDictionary[Any, Work] = WeakKeyDictionary()
"""The same by task of asyncio, which leaves its thread to others again and again."""
TASKS_AT_WORK: dict[Any, Work] = vars(WORK_OF_TASKS)["data"]
"""Empty where the other is; whether it is can be asked in no time."""
CODE_OF_SEAMS: set[CodeType] = set()
"""That of the functions which callers of a sync seam call."""


def current_session() -> Session | None:
    """What answers port calls here; None outside any run, and where the toolkit itself said so."""
    session: Session | None = SESSION.get(UNSET)
    if session is UNSET:
        work = work_here() if WORK_HERE or TASKS_AT_WORK else None
        return None if work is None else work[0]
    return _instead_of(session) if getattr(session, "is_judged", False) else session


def _instead_of(over: Any) -> Session | None:
    """Who answers in a context that was kept (`asyncio.Runner` keeps one) longer than the run it is of.

    What that run has left behind is marked as its work, and goes on being answered by it. Anybody else
    belongs to the run that is at work here, or to none.
    """
    left: Session = over
    task = _task_here()
    marks = WORK_HERE.get(threading.get_ident()), None if task is None else WORK_OF_TASKS.get(task)
    if any(mark is not None and mark[0] is over for mark in marks):
        return left
    work = work_here()
    if work is not None:
        return work[0]
    return None if left.replaying and _is_of_program() else left


def _is_of_program() -> bool:
    """Whether what is called here is of no replay, although nothing marks it as the work of a run.

    On a loop this may be what a replay has left to a future: there it takes a seam that was called outside
    of this context.
    """
    if running_loop() is None:
        return True
    pins, held = PINNED.get(), list[Any]()
    while pins is not None:
        held.append(pins)
        pins = pins.around
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code in CODE_OF_SEAMS:
            kept = frame.f_locals
            if not any(one is kept["outer"] or one is kept.get("pins") for one in held):
                return True
        frame = frame.f_back
    return False


def _task_here() -> Any:
    if not TASKS_AT_WORK or running_loop() is None:
        return None
    return sys.modules["asyncio"].current_task()


def work_here() -> Work | None:
    """The work of this thread, or of its task, for a context that carries none."""
    here = WORK_HERE.get(threading.get_ident())
    task = _task_here()
    if task is not None:
        found = WORK_OF_TASKS.get(task)
        if found is not None and (here is None or here[0] is found[0]):
            here = found
    # A thread that outlives its run may be given work of the program, with a context of its own.
    return None if here is None or getattr(here[0], "is_judged", False) else here


def outside_of_runs() -> Context:
    """An empty context in which nothing belongs to a run, whatever this thread does."""
    context = Context()
    context.run(SESSION.set, None)
    return context


@contextmanager
def at_work(session: Session | None, branch: Any) -> Iterator[None]:
    """Until the block ends, this thread does the work of a run, whatever the context."""
    here = threading.get_ident()
    before = WORK_HERE.get(here)
    WORK_HERE[here] = (session, branch)
    try:
        yield
    finally:
        put_back(here, before)


def put_back(thread: int, before: Work | None) -> None:
    """Let a thread do again what it did before."""
    if before is None:
        WORK_HERE.pop(thread, None)
    else:
        WORK_HERE[thread] = before


class _Permit(threading.local):
    """Whether this thread is starting a pool's own thread, which a replay allows."""

    given = False


PERMIT = _Permit()


@contextmanager
def permitted() -> Iterator[None]:
    """The toolkit itself opens something here, which a replay lets pass."""
    before, PERMIT.given = PERMIT.given, True
    try:
        yield
    finally:
        PERMIT.given = before
