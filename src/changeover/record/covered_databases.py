"""Databases in files that a pack covers: what opens one of them goes past no port."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

COVERS: list[Callable[[Any], bool]] = []
"""Each says of what `sqlite3.connect` is given whether it covers that, for the run under way."""


def is_covered(database: Any) -> bool:
    """Whether one of them covers it."""
    return any(covers(database) for covers in COVERS)
