"""What functions that a port is handed hold in closures and defaults, copied as it was.

The port may call such a function back, now or later, and what that changes is a part of what the answering
path did. So the content counts: all of it, and an equal thing in the place of another is no change. What has
no copy is not looked at. What functions hold that a path is handed is read by `held_reading`, where the thing
itself counts, also one that has no copy.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import FunctionType
from typing import Any

from changeover.values.changed_since_copy import is_unchanged
from changeover.values.copy_operation import ByReference
from changeover.values.copy_time import CopyTime
from changeover.values.copying import SnapshotError, snapshot
from changeover.values.made_functions import held_by

HELD_MAX = 100
"""So many things that the functions of one call hold are copied."""


class HeldCopies:
    """Copies of what several functions hold, as it was when a port was handed them."""

    def __init__(
        self, functions: Iterable[FunctionType], by_reference: ByReference, time_left: CopyTime | None
    ) -> None:
        self._before: list[tuple[FunctionType, int, Any]] = []
        for function in functions:
            for number, held in enumerate(held_by(function)):
                try:
                    copy = snapshot(held, by_reference=by_reference, time_left=time_left)
                except SnapshotError:
                    continue
                self._before.append((function, number, copy))
                if len(self._before) >= HELD_MAX:
                    return

    def has_changed(self) -> bool:
        """Whether they hold something else now; raises what reading it raises."""
        return any(
            not is_unchanged(before, held_by(function)[number]) for function, number, before in self._before
        )
