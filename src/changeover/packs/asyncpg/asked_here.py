"""asyncpg: a function of the library, which does what it did unless a path is followed here."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from changeover.packs.asyncpg.statements import NAME
from changeover.packs.host import follower
from changeover.record.context import current_session

Function = Callable[..., Any]
Followed = Callable[..., Any]
"""Is called with the follower of the path, the library's function, and what that was called with."""


def followed_by(followed: Followed) -> Callable[[Function], Function]:
    """What makes such a function of one of the library; it may be awaited where the library's own may.

    Outside of runs no coroutine of its own is made, which would be felt.
    """

    def make(original: Function) -> Function:
        def called(self: Any, *args: Any, **kwargs: Any) -> Any:
            if current_session() is None:  # most calls are of no run
                return original(self, *args, **kwargs)
            found = follower(NAME)
            if found is None:
                return original(self, *args, **kwargs)
            return followed(found, original, self, *args, **kwargs)

        mark = getattr(inspect, "markcoroutinefunction", None)  # from Python 3.12 on
        if mark is not None and inspect.iscoroutinefunction(original):
            mark(called)
        return called

    return make
