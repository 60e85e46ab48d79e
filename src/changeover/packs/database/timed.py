"""The time that a database takes is none of the path's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any


@contextmanager
def timed(follower: Any) -> Iterator[None]:
    """Tell the follower when the block began and ended."""
    began = perf_counter()
    try:
        yield
    finally:
        follower.spent(began, perf_counter())
