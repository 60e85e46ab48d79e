"""A path with what packs do around it: state that they look at is compared, and not the calls that made it.

A pack that has `follow(session, waits=…, stays=…)` is asked at the beginning of every path, and may give a
follower for it.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any, Protocol

from changeover.errors import ReplayRefusal
from changeover.record.callable_kind import is_async
from changeover.record.context import Args, Kwargs
from changeover.values.error_text import message_of
from changeover.values.interruption import stop_if_interrupted


class Follower(Protocol):
    """What a pack does around one path. Its own errors are the run's problem, never the path's."""

    def begin(self, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
        """The path is about to begin; with which arguments. Those of an answering path stay as they are."""

    def end(self) -> None:
        """The path has ended, however."""

    async def begin_async(self, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
        """The same under the loop of an async path."""

    async def end_async(self) -> None:
        """The same under the loop of an async path."""


class Followed(Protocol):
    """The session of a path that packs may follow: a recorder, or a replay."""

    book: Any
    followers: dict[str, Any]

    def spend(self, began: float, ended: float) -> None:
        """This stretch of time is none of the path's own."""

    def cannot_follow(self, pack: str, what: str) -> None:
        """The run cannot be compared: a pack could not do its part. A replay that begins ends here."""


def followed(
    path: Callable[..., Any], session: Followed, *, waits: bool = False, stays: bool = True
) -> Callable[..., Any]:
    """The path with its followers around it; itself where no pack has one.

    Args:
        session: that of the path.
        waits: whether the caller asks for the verdict: in a comparison, or under a test.
        stays: whether the replay is made by this process, and not by a worker.
    """
    packs = session.book.following()
    if not packs:
        return path
    for name, pack in packs:
        try:
            follower = pack.follow(session, waits=waits, stays=stays)
        except Exception as error:  # noqa: BLE001  a pack breaks no answer
            stop_if_interrupted(error)
            session.cannot_follow(name, message_of(error))
            continue
        if follower is not None:
            session.followers[name] = follower
    if not session.followers:
        return path
    return _async(path, session) if is_async(path) else _sync(path, session)


def _sync(path: Callable[..., Any], session: Followed) -> Callable[..., Any]:
    def with_followers(*args: Any, **kwargs: Any) -> Any:
        begun: list[tuple[str, Follower]] = []
        try:
            for name, follower in session.followers.items():
                with _Apart(session, name):
                    begun.append((name, follower))
                    args, kwargs = follower.begin(args, kwargs)
            return path(*args, **kwargs)
        finally:
            for name, follower in reversed(begun):
                with _Apart(session, name):
                    follower.end()

    return with_followers


def _async(path: Callable[..., Any], session: Followed) -> Callable[..., Any]:
    async def with_followers(*args: Any, **kwargs: Any) -> Any:
        begun: list[tuple[str, Follower]] = []
        try:
            for name, follower in session.followers.items():
                with _Apart(session, name):
                    begun.append((name, follower))
                    args, kwargs = await follower.begin_async(args, kwargs)
            return await path(*args, **kwargs)
        finally:
            for name, follower in reversed(begun):
                with _Apart(session, name):
                    await follower.end_async()

    return with_followers


class _Apart:
    """What a follower does: none of the path's own time, and its errors are the run's problem."""

    def __init__(self, session: Followed, name: str) -> None:
        self._session = session
        self._name = name

    def __enter__(self) -> None:
        self._began = perf_counter()

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        self._session.spend(self._began, perf_counter())
        if error is None or not isinstance(error, Exception) or isinstance(error, ReplayRefusal):
            return False
        stop_if_interrupted(error)
        self._session.cannot_follow(self._name, message_of(error))
        return True
