"""What is handed to a path as it is, and not as a copy: read before it and after it."""

from __future__ import annotations

from collections.abc import Sequence
from types import FunctionType
from typing import Any

from changeover.record.class_state import ClassState
from changeover.record.frozen_reading import FrozenReading
from changeover.record.held_reading import HeldReading
from changeover.record.object_reading import SharedReading
from changeover.record.port import PortBook
from changeover.values.frozen_parts import Met

Read = SharedReading | HeldReading | FrozenReading | ClassState


def shared_readings(parts: Sequence[Any], book: PortBook) -> list[Read]:
    """Of each the attributes, what a function holds or a class keeps, and of frozen objects all of them.

    Where packs follow paths, functions of a server are among them, which every request changes: none is read.
    """
    holds, has_packs = book.holds, bool(book.packs)
    read: list[Read] = []
    frozen: list[Met] = []
    for part in parts:
        if type(part) is tuple:
            frozen.append(part)
        elif isinstance(part, type):
            if state := ClassState(part, holds):
                read.append(state)
        elif type(part) is not FunctionType:
            read.append(SharedReading(part, holds))
        elif not has_packs:
            read.append(HeldReading(part, holds))
    return [*read, FrozenReading(frozen)] if frozen else read
