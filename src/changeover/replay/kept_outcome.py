"""How a path ended and what it left changed, as they are kept: copies, the answer through the seam's view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.record.call_inputs import ByReference
from changeover.record.port import PortBook
from changeover.record.raised_at import line_that_raised
from changeover.replay.sealed_hooks import LookingActed, copied, look
from changeover.values.copy_plan import is_atom
from changeover.values.copy_time import CopyTime
from changeover.values.copying import SnapshotError, snapshot
from changeover.values.error_text import class_and_message
from changeover.values.interruption import stop_if_interrupted
from changeover.values.observation import (
    Outcome,
    Raised,
    Returned,
)
from changeover.values.place import Key
from changeover.values.reading import READ_BY_THE_PROGRAM

View = Callable[[Any], Any]


def kept(
    outcome: Outcome,
    changed: dict[str, Any],
    view: View | None,
    seam: str,
    book: PortBook,
    time_left: CopyTime | None = None,
) -> tuple[Outcome, dict[str, Any]]:
    """Copies of both, in which they share what they share; the view has a copy of the answer for itself.

    Args:
        outcome: how the path ended; the answer is the caller's, and stays as it is.
        changed: what the path left changed, by root.
        view: that of the side.
        seam: is named where something acts that may only look.
        book: the ports, whose objects are not copied, and which none of this may call.
        time_left: how long the copies may take; None is no limit.

    Raises:
        SnapshotError: a part cannot be copied, or the view raised.
        LookingActed: the view, or a value while it was copied, called a port or reached for the world.
    """
    if isinstance(outcome, Raised):
        error, raised_at = outcome.error, outcome.raised_at or line_that_raised(outcome.error)
        if isinstance(error, Exception):
            error = _copied(error, seam, book, time_left)
        return Raised(error, raised_at), _copied(changed, seam, book, time_left) if changed else changed
    value = outcome.value
    if not changed and is_atom(value):
        kept_value = value
    else:
        try:
            kept_value, changed = _copied((value, changed), seam, book, time_left)
        except SnapshotError as error:
            if error.place:  # the parts of the pair have names that people know
                error.place = (Key("result"),) * (error.place[0] == 0) + error.place[1:]
            raise
    if view is not None:
        shown = look(f"the view of `{seam}`", book, lambda: _through(view, kept_value, book.holds, time_left))
        return Returned(shown), changed
    return outcome if kept_value is value else Returned(kept_value), changed


def _copied(value: Any, seam: str, book: PortBook, time_left: CopyTime | None) -> Any:
    if not READ_BY_THE_PROGRAM:
        return snapshot(value, by_reference=book.holds, time_left=time_left)
    what = f"the copying of what `{seam}` gave"
    return copied(what, book, lambda: snapshot(value, by_reference=book.holds, time_left=time_left))


def _through(view: View, value: Any, by_reference: ByReference, time_left: CopyTime | None) -> Any:
    try:
        return snapshot(view(value), by_reference=by_reference, time_left=time_left)
    except BaseException as error:
        stop_if_interrupted(error)
        if isinstance(error, LookingActed | SnapshotError):
            raise
        raise SnapshotError(f"the view raised {class_and_message(error)}") from error
