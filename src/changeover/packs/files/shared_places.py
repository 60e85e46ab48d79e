"""Which paths are at which files at this moment: two that overlap see what the other one does."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Any


class SharedPlaces:
    """Of all answering paths of this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._users: dict[str, dict[Any, bool]] = {}

    def enter(self, path: str, user: Any, *, writes: bool) -> list[Any]:
        """Note who is there; gives those that from now on cannot know whose doing it is, itself included."""
        with self._lock:
            users = self._users.setdefault(path, {})
            users[user] = users.get(user, False) or writes
            return list(users) if len(users) > 1 and any(users.values()) else []

    def leave(self, paths: Iterable[str], user: Any) -> None:
        """The path has ended."""
        with self._lock:
            for path in paths:
                users = self._users.get(path, {})
                users.pop(user, None)
                if not users:
                    self._users.pop(path, None)


shared_places = SharedPlaces()
