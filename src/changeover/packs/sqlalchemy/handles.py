"""Sessions and connections in what a path is given: others of their kind, on the copy, for a replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

DEPTH_MAX = 6
"""How deep in objects and containers a session is looked for."""
PARTS_MAX = 10_000


def sessions_in(given: Any) -> Iterator[Any]:
    """Every session and connection in these values, async ones too, and the sessions of entities in them."""
    parts = [*parts_in(given)]
    handles = [part for part in parts if is_handle(part)]
    yield from handles
    known = {id(sync_of(handle)) for handle in handles}
    for session in filter(None, map(_session_of, parts)):
        if id(session) not in known:
            known.add(id(session))
            yield session


def _session_of(part: Any) -> Any | None:
    """The session of an entity; None for all else."""
    state = getattr(part, "__dict__", {}).get("_sa_instance_state")
    return None if state is None else state.session


def has_unflushed(session: Any) -> bool:
    """Whether a session holds changes that no statement has made yet."""
    return any(getattr(session, name, ()) for name in ("new", "dirty", "deleted"))


def is_handle(value: Any) -> bool:
    """Whether a value is bound to a database connection."""
    return _kind(value) is not None


def sync_of(handle: Any) -> Any:
    """The sync session or connection in an async one."""
    for name in ("sync_session", "sync_connection"):
        inner = getattr(handle, name, None)
        if inner is not None:
            return inner
    return handle


def engine_of(handle: Any) -> Any:
    """The engine that a handle is bound to; None where it is to none, or to several."""
    sync = sync_of(handle)
    bound = getattr(sync, "engine", None)
    if bound is None:
        bind = getattr(sync, "bind", None)
        bound = getattr(bind, "engine", bind)
    return bound


class Exchanged:
    """Handles that were put in the place of the program's own; `put_back` undoes it.

    Args:
        make: gives the handle for one of the program's; itself where it is none of this pack.
    """

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make
        self._made: dict[int, tuple[Any, Any]] = {}
        self._undo: list[Callable[[], None]] = []

    def of(self, handle: Any) -> Any:
        """The handle in its place; the same one wherever it stands."""
        if any(handle is made for _, made in self._made.values()):
            return handle
        if id(handle) not in self._made:
            self._made[id(handle)] = (handle, self._make(handle))
        return self._made[id(handle)][1]

    def arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The arguments of a call with the handles in them exchanged, in place where they stand deeper."""
        for part in parts_in((args, kwargs)):
            if isinstance(part, (list, dict)):
                self._in_container(part)
            elif not isinstance(part, tuple) and not is_handle(part):
                self._in_object(part)
        return (
            tuple(self.of(value) if is_handle(value) else value for value in args),
            {name: self.of(value) if is_handle(value) else value for name, value in kwargs.items()},
        )

    def put_back(self) -> None:
        """The arguments hold again what they held."""
        while self._undo:
            self._undo.pop()()

    @property
    def made(self) -> list[Any]:
        """The handles that were made."""
        return [new for _, new in self.pairs]

    @property
    def pairs(self) -> list[tuple[Any, Any]]:
        """The handles of the program, each with the one that was made for it."""
        return [(old, new) for old, new in self._made.values() if new is not old]

    def flush(self) -> None:
        """Send what these sessions hold back, as a commit would."""
        for handle in self.made:
            sync = sync_of(handle)
            if hasattr(sync, "flush") and sync.is_active:
                sync.flush()

    def _in_container(self, part: Any) -> None:
        places: list[tuple[Any, Any]] = list(enumerate(part) if isinstance(part, list) else part.items())
        for place, value in places:
            if is_handle(value):
                part[place] = self.of(value)
                self._undo.append(partial(part.__setitem__, place, value))

    def _in_object(self, part: Any) -> None:
        attributes = getattr(part, "__dict__", None)
        if isinstance(attributes, dict):
            self._in_container(attributes)


def _kind(value: Any) -> str | None:
    for cls in type(value).__mro__:
        if cls.__module__.startswith("sqlalchemy.") and cls.__name__ in _HANDLES:
            return cls.__name__
    return None


_HANDLES = frozenset({"Session", "AsyncSession", "Connection", "AsyncConnection"})


def parts_in(given: Any) -> Iterator[Any]:
    """The values in these values, the nearest first; handles and what belongs to libraries is not entered."""
    waiting: list[tuple[Any, int]] = [(given, 0)]
    seen: set[int] = set()
    while waiting and len(seen) < PARTS_MAX:
        part, depth = waiting.pop(0)
        if id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        if depth < DEPTH_MAX and not is_handle(part):
            waiting += [(inner, depth + 1) for inner in _inside(part)]


def _inside(part: Any) -> list[Any]:
    if isinstance(part, dict):
        return list(part.values())
    if isinstance(part, (list, tuple, set, frozenset)):
        return list(part)
    if isinstance(part, type) or type(part).__module__.startswith(("sqlalchemy", "builtins")):
        return []
    attributes = getattr(part, "__dict__", None)
    return list(attributes.values()) if isinstance(attributes, dict) else []
