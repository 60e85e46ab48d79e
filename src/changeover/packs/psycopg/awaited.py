"""A function in the place of one that is awaited: it says so, as far as Python lets it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def as_awaited(original: Callable[..., Any], made: Callable[..., Any]) -> Callable[..., Any]:
    """The function that was made, marked as one that is awaited where the original is."""
    mark = getattr(inspect, "markcoroutinefunction", None)  # from Python 3.12 on
    if mark is not None and inspect.iscoroutinefunction(original):
        mark(made)
    return made
