"""Identifiers as a port: minted by the caller's choice, never in the middle of the work."""

from collections.abc import Callable
from typing import Protocol
from uuid import uuid4


class Ids(Protocol):
    """A source of identifiers, each given out once."""

    def new(self, kind: str) -> str:
        """A fresh identifier that begins with `kind`."""
        ...


class RandomIds:
    """Identifiers that no other process gives out."""

    def new(self, kind: str) -> str:
        """`kind` and 32 random hexadecimal digits."""
        return f"{kind}-{uuid4().hex}"


class CountingIds:
    """Identifiers that are the same in every run: what `scope` says at the time, and a number within it."""

    def __init__(self, scope: Callable[[], str]) -> None:
        self._scope = scope
        self._given: dict[tuple[str, str], int] = {}

    def new(self, kind: str) -> str:
        """`kind`, the scope, and how many of that kind were given out in it."""
        scope = self._scope()
        number = self._given.get((kind, scope), 0) + 1
        self._given[kind, scope] = number
        return f"{kind}-{scope}-{number}"
