"""A frame further out, of which there may be none.

A greenlet, or a thread of a library in C, may begin with a function that the toolkit stands in for.
"""

from __future__ import annotations

import sys
from types import FrameType


def outer_frame(count: int) -> FrameType | None:
    """The frame so many above the one that asks, None where its stack is not as deep."""
    try:
        return sys._getframe(count + 1)
    except ValueError:
        return None
