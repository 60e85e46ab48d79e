"""What a process does at its end, and first of all after a fork, with what writers hold in memory."""

from __future__ import annotations

import atexit
import os
import sys
from typing import Protocol
from weakref import WeakSet


class HoldsRuns(Protocol):
    """What keeps runs in memory until they are written."""

    def close(self) -> None:
        """Write them; the process ends."""

    def begin_anew(self) -> None:
        """Forget them; this process was forked, and its parent writes them."""


WRITERS: WeakSet[HoldsRuns] = WeakSet()
"""Closed when the process ends, for as long as somebody else needs them."""


def _close_all() -> None:
    for writer in list(WRITERS):
        writer.close()


def _forked() -> None:
    for writer in list(WRITERS):
        writer.begin_anew()
    # A child of multiprocessing ends past `atexit`, with functions of its own.
    ends = sys.modules.get("multiprocessing.util")
    if ends is not None:
        ends.register_after_fork(_close_all, lambda close: ends.Finalize(None, close, exitpriority=0))


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
