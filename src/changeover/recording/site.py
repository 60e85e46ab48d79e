"""Which source line of a path made a call."""

from __future__ import annotations

import sys
from types import FrameType

from changeover.record.tape import Site

_ENTRANCES = frozenset({"changeover.seam.dispatch", "changeover.replay.runner", "changeover.seam.seam"})
_MACHINERY = ("changeover.", "concurrent.futures.", "asyncio.")
FRAMES_MAX = 100


def calling_site(port_module: str, frames_inside: int = 2) -> Site | None:
    """The first frame outside the toolkit and the port's module, as far out as the seam.

    Where path and port stand in one file, the innermost line of that file outside the toolkit. The innermost
    `frames_inside` frames are known to be the toolkit's.
    """
    frame: FrameType | None = sys._getframe(frames_inside)
    inside: Site | None = None
    for _ in range(FRAMES_MAX):
        if frame is None:
            break
        name = frame.f_globals.get("__name__", "")
        if name in _ENTRANCES or name == "threading":
            break
        if not name.startswith(_MACHINERY):
            site = (frame.f_code.co_filename, frame.f_lineno)
            if name != port_module:
                return site
            inside = inside or site
        frame = frame.f_back
    return inside
