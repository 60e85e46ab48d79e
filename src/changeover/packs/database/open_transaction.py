"""What was written since a transaction began, by savepoint: what is rolled back was not written."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")


class OpenTransaction(Generic[T]):
    """One transaction of a connection; what is written is known by whatever stands for it.

    Args:
        is_callers: whether the caller of the path has begun it: who ends it ends what the caller did as well.
    """

    def __init__(self, *, is_callers: bool = False) -> None:
        self.is_callers = is_callers
        self._levels: list[tuple[str, list[T]]] = [("", [])]

    def wrote(self, what: T) -> None:
        """Something was written."""
        self._levels[-1][1].append(what)

    @property
    def written(self) -> list[T]:
        """All that would be committed now."""
        return [what for _, level in self._levels for what in level]

    def savepoint(self, name: str) -> None:
        """What follows can be undone alone."""
        self._levels.append((name, []))

    def release(self, name: str) -> None:
        """What followed a savepoint can no longer be undone alone."""
        at = self._at(name)
        if at:
            self._levels[at - 1][1].extend(self._cut(at))

    def roll_back_to(self, name: str) -> list[T]:
        """What followed a savepoint, which is undone; the savepoint stays."""
        at = self._at(name)
        if not at:
            return []
        undone = self._cut(at)
        self._levels.append((name, []))
        return undone

    def _at(self, name: str) -> int:
        """The place of the innermost savepoint of that name; 0 where there is none."""
        places = [at for at, (known, _) in enumerate(self._levels) if at and known == name]
        return places[-1] if places else 0

    def _cut(self, at: int) -> list[T]:
        found = [what for _, level in self._levels[at:] for what in level]
        del self._levels[at:]
        return found
