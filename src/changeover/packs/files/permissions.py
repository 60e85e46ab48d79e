"""Which permissions of a file somebody has chosen."""

from __future__ import annotations

import os
from functools import lru_cache

from changeover.packs.files.file_state import Entry

_STATUS, _LINE = "/proc/self/status", "Umask:"
_USUAL = 0o022


def chosen(now: Entry, before: Entry | None, *, is_private: bool) -> int | None:
    """The permissions, where they are others than plain writing would have left; else None.

    Args:
        now: what stands there.
        before: what stood there before the path.
        is_private: whether `tempfile` made it, whose files are their owner's alone, and nobody chose since.
    """
    usual = 0o777 if now.kind == "folder" else 0o666
    plain = before.mode if before is not None and before.kind == now.kind else usual & ~_umask()
    return None if is_private or now.mode == plain else now.mode


def _umask() -> int:
    """That of this process now; it cannot be asked for without a change, but of Linux."""
    try:
        with open(_STATUS, encoding="ascii") as status:
            for line in status:
                if line.startswith(_LINE):
                    return int(line.removeprefix(_LINE), 8)
    except (OSError, ValueError):
        pass
    return _at_first()


@lru_cache(maxsize=1)
def _at_first() -> int:
    before = os.umask(_USUAL)
    os.umask(before)
    return before
