"""What `tempfile` makes, and takes away again by its name when nobody knows of it any more."""

from __future__ import annotations

from typing import Any


def let_go(thing: Any) -> None:
    """Keep what `tempfile` made from taking anything away."""
    finalizer = getattr(thing, "_finalizer", None)
    if finalizer is not None:
        finalizer.detach()
    elif hasattr(thing, "delete"):
        thing.delete = False
