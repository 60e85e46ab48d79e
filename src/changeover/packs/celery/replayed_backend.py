"""The store of results, for a replayed path: nothing is written there, and nothing is read past the port."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_READING = ("get", "restore", "iter", "wait", "join", "task_result")


class ReplayedBackend:
    """In place of an app's own: what is told to it is dropped, and what is asked stands on no tape."""

    READY_STATES = frozenset({"SUCCESS", "FAILURE", "REVOKED"})
    is_async = supports_native_join = False

    def __init__(self, pack: Any) -> None:
        self._pack = pack

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)

        def told(*_: Any, **__: Any) -> None:
            if name.startswith(_READING):
                self._pack.read("backend", name, lambda: None)

        return told
