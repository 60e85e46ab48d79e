"""Functions that run with the session and pins of whoever started them, in a branch of their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import get_ident
from typing import Any

from changeover.errors import ReplayRefusal, WorkRefused
from changeover.record.context import PERMIT, SESSION, WORK_HERE, Session, current_session, put_back
from changeover.record.work_branch import BRANCH, Branch, WorkKind, current_branch
from changeover.values.pins import PINNED

_OWN_WORK = ("asyncio.", "concurrent.futures.", "multiprocessing.pool", "anyio._backends.")
_OWN_NAMES = ("worker", "run_forever")
"""What the thread of a pool does, and of a loop that belongs to whoever gives it work."""


class Carried:
    """A function that runs with the session and pins of whoever started it, in a branch of its own.

    What it raises in a replay stays there where nobody could have seen it but the program's own hooks.
    """

    __slots__ = ("_branch", "_contained", "_function", "_only_exceptions", "_pins", "_session")

    def __init__(
        self,
        function: Callable[..., Any],
        session: Session | None,
        branch: Branch | None,
        *,
        contained: bool = False,
        only_exceptions: bool = False,
    ) -> None:
        self._function = function
        self._session = session
        self._branch = branch
        self._pins = PINNED.get()
        self._only_exceptions = only_exceptions
        self._contained = contained and session is not None and session.replaying

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        return self._function

    def __getattr__(self, name: str) -> Any:
        # A loop names a callback that raised.
        if name in ("__name__", "__qualname__"):
            return getattr(self._function, name)
        raise AttributeError(name)

    def __repr__(self) -> str:
        return repr(self._function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        session, branch, pins = SESSION.set(self._session), BRANCH.set(self._branch), PINNED.set(self._pins)
        here = get_ident()
        before = WORK_HERE.get(here)
        WORK_HERE[here] = (self._session, self._branch)
        try:
            return self._function(*args, **kwargs)
        except BaseException as error:
            if self._contained:
                return None
            if self._only_exceptions and isinstance(error, ReplayRefusal):
                raise WorkRefused(str(error)) from error
            raise
        finally:
            if self._branch is not None:
                self._branch.end()
            put_back(here, before)
            PINNED.reset(pins)
            BRANCH.reset(branch)
            SESSION.reset(session)


class Begins:
    """What each thread of a pool calls first: a branch of the work that made the pool."""

    __slots__ = ("_function", "_maker", "_session")

    def __init__(self, function: Callable[..., Any], session: Session) -> None:
        self._function = function
        self._session = session
        self._maker = current_branch() or Branch()

    def __call__(self, *args: Any) -> Any:
        """Call the function."""
        branch = self._maker.begin(WorkKind.THREAD, self._function)
        self._session.started(branch)
        return Carried(self._function, self._session, branch)(*args)


def run_to_carry() -> Session | None:
    """The session whose run is to be carried on, None where nothing is to be carried."""
    session = current_session()
    return None if session is None or PERMIT.given or not session.carries else session


def begun(session: Session, kind: WorkKind, what: Any) -> Branch:
    """A branch of the present one, which the session knows of."""
    branch = (current_branch() or Branch()).begin(kind, what)
    session.started(branch)
    return branch


def is_own_work(function: Any) -> bool:
    """Whether it is of what a loop or a pool schedules for itself."""
    return str(getattr(function, "__module__", "")).startswith(_OWN_WORK)


def is_own_step(function: Any) -> bool:
    """Whether a loop or a pool schedules it for itself, and not somebody `asyncio.run` or `pool.submit`."""
    if not is_own_work(function):
        return False
    name = str(getattr(function, "__qualname__", "")).rpartition(".")[2]
    return name.startswith("_") or name in _OWN_NAMES


def replace_function(owner: Any, name: str, make: Callable[[Any], Callable[..., Any]]) -> None:
    """Put what `make` gives for the original in its place."""
    original = getattr(owner, name)
    setattr(owner, name, wraps(original)(make(original)))
