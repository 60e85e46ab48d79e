"""Where in a program both paths of a seam did something."""

from __future__ import annotations

from collections.abc import Mapping

from changeover.quick_dataclass import dataclass
from changeover.values.observation import Side


@dataclass(frozen=True, slots=True)
class SourceLines:
    """File and line of each side ("shop/orders.py:41"), None where it did nothing, or nobody knows where."""

    legacy: str | None = None
    candidate: str | None = None

    def of(self, side: Side) -> str | None:
        """That of one side."""
        return self.legacy if side is Side.LEGACY else self.candidate

    def or_else(self, other: SourceLines) -> SourceLines:
        """The same, with the other's line of a side that has none."""
        return SourceLines(self.legacy or other.legacy, self.candidate or other.candidate)

    def located(self, files: Mapping[str, str]) -> SourceLines:
        """The same, with the names that `files` has for the files."""
        return SourceLines(_located(self.legacy, files), _located(self.candidate, files))


NO_LINES = SourceLines()


def split_line(place: str) -> tuple[str, int | None]:
    """File and line of "shop/orders.py:41"; None for a text that ends in no number."""
    file, _, line = place.rpartition(":")
    return (file, int(line)) if file and line.isdecimal() else (place, None)


def _located(place: str | None, files: Mapping[str, str]) -> str | None:
    if place is None:
        return None
    file, line = split_line(place)
    return place if line is None or file not in files else f"{files[file]}:{line}"
