"""Folders of the toolkit's own about production: their owner alone reads them, and git does not see them."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from changeover.settings import STATE_FOLDER

_OWNER_ONLY_FOLDER, _OF_OTHERS = 0o700, 0o077


def make_state_folder(folder: Path) -> None:
    """The toolkit's own is private, and git sees nothing in it; one that somebody named is left as it is.

    Raises:
        OSError: it cannot be made.
    """
    if folder.name == STATE_FOLDER:
        make_private_folder(folder)
    else:
        folder.mkdir(parents=True, exist_ok=True)


def make_private_folder(folder: Path) -> None:
    """Make it, with the folders around it, or take it from the others; git ignores what is in it.

    Raises:
        OSError: it cannot be made.
    """
    folder.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
    keep_others_out(folder)
    with suppress(OSError), (folder / ".gitignore").open("x", encoding="utf-8") as ignored:
        ignored.write("*\n")


def keep_others_out(path: Path) -> None:
    """Take from all but the owner what the mode lets them do, where this process may."""
    with suppress(OSError):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & _OF_OTHERS and os.name == "posix":
            path.chmod(mode & ~_OF_OTHERS)
