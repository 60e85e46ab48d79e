"""Source lines of the event path as moments of a process: counted, and one of them chosen to act at."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import trading

ROOT = Path(trading.__file__).parent
PARTS = ("events/journal", "execution", "handlers")


@dataclass(frozen=True, order=True)
class LineMoment:
    """Just before a line is executed for the n-th time in a process."""

    file: str
    line: int
    number: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line} ({self.number})"


def watched_files(parts: Iterable[str] = PARTS) -> dict[str, str]:
    """The source files of journal, execution and workflow: their full names, and those within the package."""
    paths = (path for part in parts for path in sorted((ROOT / part).glob("*.py")))
    return {str(path): path.relative_to(ROOT).as_posix() for path in paths}


def lines_of(files: Iterable[str]) -> set[tuple[str, int]]:
    """Every line inside a function of these files that can be executed."""
    found = set()
    for file in files:
        module = compile(Path(file).read_text(), file, "exec")
        for code in _functions(module):
            found |= {(file, line) for *_, line in code.co_lines() if line and line != code.co_firstlineno}
    return found


def _functions(code: CodeType) -> Iterable[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_flags & 2:  # CO_NEWLOCALS: a function, not the body of a class
                yield constant
            yield from _functions(constant)


class LineWatch:
    """Counts executed lines of these files, and acts at one: by its place and number, or the n-th of all."""

    def __init__(self, files: Iterable[str]) -> None:
        self.counts: Counter[tuple[str, int]] = Counter()
        self.total = 0
        self._files = frozenset(files)
        self._at: tuple[str, int, int] | None = None
        self._nth = 0
        self._act: Callable[[], None] = lambda: None

    def act_at(self, file: str, line: int, number: int, act: Callable[[], None]) -> None:
        """Act just before this line is executed for the n-th time."""
        self._at, self._act = (file, line, number), act

    def act_at_nth(self, nth: int, act: Callable[[], None]) -> None:
        """Act just before the n-th of all lines."""
        self._nth, self._act = nth, act

    def begin(self) -> None:
        """Watch this thread from now on; only frames that begin later are seen."""
        sys.settrace(self._called)

    def _called(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        return self._seen if frame.f_code.co_filename in self._files else None

    def _seen(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if event == "line":
            place = frame.f_code.co_filename, frame.f_lineno
            self.counts[place] += 1
            self.total += 1
            if self.total == self._nth or (*place, self.counts[place]) == self._at:
                self._act()
        return self._seen
