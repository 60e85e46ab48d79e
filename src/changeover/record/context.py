"""Whether a port call belongs to a run, and which."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any, Protocol

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

    def started(self, branch: Any) -> None:
        """A task, job, thread or callback begins (`record.branch.Branch`)."""

    def not_followed(self, what: str) -> None:
        """Something is started that acts where nothing can be seen of it: in another process."""

    def call(self, hook: Any, original: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        """Answer a call of an instrumented function (`record.instrument.Hook`).

        The answer of a coroutine function is an awaitable.
        """

    def hear(self, level: str, source: str, text: str) -> None:
        """Keep what the path logged; a replay's own log takes it instead."""

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
REPLAYS_HERE: dict[int, Session] = {}
"""By thread: the replay whose path this thread runs, and nothing else, until it has ended.

A path can leave its context (`contextvars.Context().run(...)`), but not its thread.
"""


def current_session() -> Session | None:
    """What answers port calls here; None outside any run, and where the toolkit itself said so."""
    session: Session | None = SESSION.get(UNSET)
    if session is not UNSET:
        return session
    return REPLAYS_HERE.get(threading.get_ident()) if REPLAYS_HERE else None


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
