"""What is done when the main thread has ended, and before pools of threads close.

CPython ends last what was registered first: what a program imports later would close its pools before.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_ends: list[Callable[[], None]] = []
_register = getattr(threading, "_register_atexit", atexit.register)
_registered: list[Any] = getattr(threading, "_threading_atexits", [])


def before_pools_close(end: Callable[[], None]) -> None:
    """Let this be done then, before what was given earlier."""
    _ends.insert(0, end)


def stay_first() -> None:
    """Come before whatever was registered since; called where something begins to wait for the end."""
    if _registered and _registered[-1] is not _mine and not getattr(threading, "_SHUTTING_DOWN", False):
        with suppress(ValueError):  # another thread has just done the same
            _registered.remove(_mine)
            _registered.append(_mine)


def know_pools() -> None:
    """Have the module of pools registered its own end by now: a replay may be the first to import it."""
    with suppress(RuntimeError, ImportError):  # the process ends, and nobody gets a pool any more
        import concurrent.futures.thread  # noqa: F401
    stay_first()


def _end_all() -> None:
    for end in list(_ends):
        end()


_register(_end_all)
_mine = _registered[-1] if _registered else None
