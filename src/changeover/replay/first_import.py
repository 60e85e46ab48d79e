"""Whether what happens here is done by a module that is imported for the first time."""

from __future__ import annotations

import sys
from types import FrameType

from changeover.record.instrument import ENTRANCES

_IMPORTING = ("<frozen importlib._bootstrap>", "_load_unlocked")
FRAMES_MAX = 300


def module_being_imported() -> str | None:
    """The innermost module whose body runs here, inside of the path; None where none does."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(FRAMES_MAX):
        if frame is None or frame.f_globals.get("__name__") in ENTRANCES:
            return None
        if (frame.f_code.co_filename, frame.f_code.co_name) == _IMPORTING:
            return str(getattr(frame.f_locals.get("spec"), "name", "?"))
        frame = frame.f_back
    return None
