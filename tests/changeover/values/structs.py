"""Structs of msgspec for tests; import it only where msgspec is installed."""

from __future__ import annotations

from typing import Any

import msgspec


class Point(msgspec.Struct):
    x: int
    more: list[int] = []

    def __post_init__(self) -> None:
        self.more.append(0)


class Ring(msgspec.Struct):
    next: Any = None
