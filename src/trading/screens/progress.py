"""How far a long run has come, on standard error: a bar for a person, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")

SECONDS_BETWEEN_LINES = 10.0


def show_progress(items: Iterable[Item], total: int, *, label: Callable[[Item], str]) -> list[Item]:
    """All items, as they come, with progress shown; a fast run on a pipe says nothing."""
    return _bar(items, total, label) if sys.stderr.isatty() else _lines(items, total, label)


def _bar(items: Iterable[Item], total: int, label: Callable[[Item], str]) -> list[Item]:
    from rich.console import Console  # read only where there is a person to see it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), BarColumn(), TimeRemainingColumn())
    seen = []
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        for item in items:
            seen.append(item)
            progress.update(task, advance=1, description=label(item))
    return seen


def _lines(items: Iterable[Item], total: int, label: Callable[[Item], str]) -> list[Item]:
    seen = []
    last_said = time.monotonic()
    for item in items:
        seen.append(item)
        if time.monotonic() - last_said >= SECONDS_BETWEEN_LINES:
            last_said = time.monotonic()
            print(f"{label(item)}  {len(seen):,} of {total:,}", file=sys.stderr)
    return seen
