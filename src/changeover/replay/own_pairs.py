"""Pairs of sockets that a replay made for itself: what goes through them reaches nobody else."""

from __future__ import annotations

import socket
import sys
from types import FrameType
from typing import Any
from weakref import WeakSet

_MAKES_PAIRS = getattr(getattr(socket, "socketpair", None), "__code__", None)
_FRAMES_MAX = 6
_pairs: WeakSet[Any] = WeakSet()


def note_pair(made: Any) -> None:
    """Remember a socket that is being made, where it is one of a pair."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_FRAMES_MAX):
        if frame is None:
            return
        if frame.f_code is _MAKES_PAIRS:
            _pairs.add(made)
            return
        frame = frame.f_back


def is_of_own_pair(one: Any) -> bool:
    """Whether a replay made it, and the other end as well."""
    return type(one) is socket.socket and one in _pairs
