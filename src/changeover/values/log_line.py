"""What one path logged, printed or warned of in one run, as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import field

from changeover.quick_dataclass import dataclass

LINES_KEPT_MAX = 100
CHARACTERS_KEPT_MAX = 500
PRINTED = ("stdout", "stderr")
LOUD = frozenset({"WARNING", "ERROR", "CRITICAL"})


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line; `level` is that of the record, or the stream of what was printed, `source` the logger."""

    level: str
    source: str
    text: str

    @property
    def is_loud(self) -> bool:
        """Whether it is a warning or worse: of the answering path nothing else is kept."""
        return self.level in LOUD

    def __str__(self) -> str:
        return f"{self.level} {self.source}: {self.text}" if self.source else f"{self.level}: {self.text}"


def loud_only_in(lines: Iterable[LogLine], others: Iterable[LogLine]) -> Iterator[LogLine]:
    """Warnings and worse that the other path did not log as often; its loggers may have other names."""
    counts = Counter((line.level, line.text) for line in others)
    for line in lines:
        key = line.level, line.text
        if line.is_loud and not counts[key]:
            yield line
        counts[key] -= 1


@dataclass(slots=True)
class PathLog:
    """The lines of one path in one run; what is beyond the limit is left out and counted."""

    lines: list[LogLine] = field(default_factory=list)
    left_out: int = 0

    def add(self, level: str, source: str, text: str) -> None:
        """Take one more, or count it."""
        if len(self.lines) < LINES_KEPT_MAX:
            self.lines.append(LogLine(level, source, text[:CHARACTERS_KEPT_MAX]))
        else:
            self.left_out += 1
