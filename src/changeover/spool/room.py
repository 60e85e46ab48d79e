"""How much a folder of spools may hold: by bytes and by age, the oldest files go first.

A file that a living process appends to now is never removed. What is removed unread is lost, and counted as
that when its process has ended: it was offered, and not found.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from changeover.spool.counts import is_alive
from changeover.spool.names import SpoolFile, files_in

DAYS_KEPT = 14
DAYS_BELIEVED = 7
"""Days on which something was written that it takes to believe a clock that says the others are old."""
_DAY_S = 86_400


def make_room(folder: Path, bytes_max: int) -> int:
    """Remove what is too old or too much; gives how many bytes are left free, at least 0."""
    files = files_in(folder)
    last_day = _last_day_kept(files)
    used = sum(file.size for file in files)
    latest = {file.name: file.number for file in files}
    living: dict[str, bool] = {}
    for file in sorted(files, key=lambda file: file.written_at):
        if used <= bytes_max and (last_day is None or _day(file) >= last_day):
            continue
        if file.number == latest[file.name]:
            if file.name not in living:
                living[file.name] = is_alive(folder, file.name)
            if living[file.name]:
                continue
        with suppress(OSError):
            file.path.unlink()
            used -= file.size
    return max(bytes_max - used, 0)


def _day(file: SpoolFile) -> int:
    return int(file.written_at // _DAY_S)


def _last_day_kept(files: Iterable[SpoolFile]) -> int | None:
    """Age is that against what was written after it, on several days: a clock that jumps removes nothing."""
    days = sorted({_day(file) for file in files})
    return None if len(days) < DAYS_BELIEVED else days[-DAYS_BELIEVED] - DAYS_KEPT
