"""`aiosqlite` asks `sqlite3` in a thread of its own: what it does there belongs to whoever awaits it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import Any

from changeover.packs.patches import replace
from changeover.record.context import current_session


def patch_awaited(module: Any) -> None:
    """Replace what a connection of `aiosqlite.core` hands to its thread with."""
    replace(module.Connection, "_execute", _in_context)


def _in_context(original: Callable[..., Any]) -> Callable[..., Any]:
    async def execute(self: Any, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if current_session() is None:
            return await original(self, function, *args, **kwargs)
        return await original(self, partial(copy_context().run, function, *args, **kwargs))

    return execute
