"""What a forked child does first with files that its parent has open: it lets go of them."""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class HasFiles(Protocol):
    """What holds open files that belong to one process alone."""

    def begin_anew(self) -> None:
        """This process was forked: the files, and what they count, are its parent's."""


OPEN: WeakSet[HasFiles] = WeakSet()


def _forked() -> None:
    for one in list(OPEN):
        one.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
