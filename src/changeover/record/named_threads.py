"""Threads that belong to nobody's run are known by their names."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from fnmatch import fnmatchcase

from changeover.errors import DeclarationError
from changeover.record.option_check import shown


class ThreadKind(StrEnum):
    """What becomes of a thread that a path starts and that is no part of what it does."""

    PERMITTED = "permitted"
    WITHHELD = "withheld"


class NamedThreads:
    """The patterns that were declared, and what a name means by them."""

    def __init__(self) -> None:
        self._patterns: dict[str, ThreadKind] = {}

    def __bool__(self) -> bool:
        return bool(self._patterns)

    def kind_of(self, name: str) -> ThreadKind | None:
        """By the first pattern that fits; None for a thread that belongs to the run, as most do."""
        return next((kind for pattern, kind in self._patterns.items() if fnmatchcase(name, pattern)), None)

    def add(self, kind: ThreadKind, patterns: Collection[str]) -> None:
        """Take patterns of names; raises DeclarationError for what is none, or was declared as the other."""
        is_text = isinstance(patterns, str)
        if is_text or not all(isinstance(one, str) and one for one in patterns):
            problem = f"{kind} was {shown(patterns)}, allowed: a list of names, such as ['heartbeat-*']"
            raise DeclarationError("threads()", problem)
        for pattern in patterns:
            if self._patterns.setdefault(pattern, kind) is not kind:
                raise DeclarationError(
                    "threads()", f"{pattern!r} is permitted and withheld, allowed: one of them"
                )
