"""The error that is handled where a path is called: it can be seen by `sys.exc_info()` and a bare `raise`."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any

from changeover.values.copying import SnapshotError, copied_error


def handled_here() -> BaseException | None:
    """A copy of it without its traceback, which would keep alive what the program is done with."""
    error = sys.exc_info()[1]
    if error is None:
        return None
    try:
        return copied_error(error)
    except SnapshotError:
        return None


def while_handling(error: BaseException | None, call: Callable[[], Any]) -> Any:
    """Call something where this error is handled, unless one is."""
    if error is None or sys.exc_info()[1] is not None:
        return call()
    try:
        raise error
    except BaseException:  # noqa: BLE001  that very one
        error.__traceback__ = None
        return call()


async def while_handling_async(error: BaseException | None, start: Callable[[], Awaitable[Any]]) -> Any:
    """The same for a coroutine."""
    if error is None or sys.exc_info()[1] is not None:
        return await start()
    try:
        raise error
    except BaseException:  # noqa: BLE001  that very one
        error.__traceback__ = None
        return await start()
