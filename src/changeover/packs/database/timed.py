"""The time that a database takes is none of the path's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any


@contextmanager
def timed(follower: Any) -> Iterator[None]:
    """Tell the follower how long the block took."""
    began = perf_counter()
    try:
        yield
    finally:
        follower.spent(perf_counter() - began)
