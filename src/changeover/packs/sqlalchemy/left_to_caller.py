"""What a path leaves in sessions of its caller for their commit: listeners, and `session.info`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from changeover.packs.database.waiting_function import described, described_values, is_unclear
from changeover.packs.sqlalchemy.engine_database import EngineDatabase

LISTENERS = (
    "functions listen to the end of the caller's transaction, and nobody can say whether these do the same: "
    "let the path commit, or make them one function"
)
INFO = "session.info of the caller's session held {} before the path, which has changed it"
_EVENTS = ("before_commit", "after_commit", "after_rollback", "after_soft_rollback", "after_transaction_end")
_OF_CONNECTIONS = ("commit", "rollback")


class LeftToCaller:
    """What one path adds to the sessions and connections that it is given.

    Args:
        database: whose sessions they are.
        session: of the path.
    """

    def __init__(self, database: EngineDatabase, session: Any) -> None:
        self._database = database
        self._session = session
        self._known: list[tuple[Any, set[int], dict[str, Any]]] = []
        self._functions: list[Any] = []
        self._values: dict[str, Any] = {}
        self._filled: set[str] = set()

    def note(self, sync: Any) -> None:
        """The path is about to have this session or connection."""
        known = {id(function) for _, function in _listeners(sync)}
        self._known.append((sync, known, _info(sync)))

    def look(self) -> None:
        """The path has ended: what it has added is looked at, and runs at no end of a replay."""
        for sync, known, before in self._known:
            added = [one for one in _listeners(sync) if id(one[1]) not in known]
            self._functions += [[name, *described([function])] for name, function in added]
            for name, function in added if self._session.replaying else ():
                _forget(sync, name, function)
            now = _info(sync)
            changed = {key: value for key, value in now.items() if before.get(key, self) != value}
            self._filled |= changed.keys() & before.keys()
            self._values.update(changed)

    def tell(self) -> None:
        """Put onto the tape what was added; a replay ends where it cannot be compared."""
        port, functions, values = self._database.port, self._functions, self._values
        if self._filled:
            filled = ", ".join(sorted(self._filled))
            self._session.cannot_follow(self._database.name, INFO.format(filled))
        if self._session.replaying and functions:
            calls = self._session.recorded_calls(port, "after_commit")
            if calls and _is_unclear(calls[-1]["functions"], functions):
                self._session.cannot_follow(self._database.name, LISTENERS)
        if functions:
            self._database.leave("after_commit", functions)
        if values:
            self._database.leave("session_info", values)


def _forget(sync: Any, name: str, function: Any) -> None:
    from sqlalchemy import event

    with suppress(Exception):  # one that listens once stands there in another one
        event.remove(sync, name, function)


def _is_unclear(theirs: list[Any], ours: list[Any]) -> bool:
    if [name for name, _ in theirs] != [name for name, _ in ours]:
        return True
    # What a listener holds is given ids of rows, which PostgreSQL makes anew in the copy.
    return is_unclear([one for _, one in theirs], [one for _, one in ours], ids_differ=True)


def _listeners(sync: Any) -> Iterator[tuple[str, Any]]:
    dispatch = getattr(sync, "dispatch", None)
    for name in _EVENTS if hasattr(sync, "autoflush") else _OF_CONNECTIONS:
        for function in getattr(dispatch, name, ()):
            yield name, function


def _info(sync: Any) -> dict[str, Any]:
    """What stands in `session.info`, as far as it can be told."""
    found: dict[str, Any] = {}
    if hasattr(sync, "autoflush"):
        for key, value in sync.info.items():
            try:
                found[str(key)] = described_values(value)
            except ValueError:
                continue
    return found
