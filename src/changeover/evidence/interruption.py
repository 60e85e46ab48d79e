"""What Ctrl-C means to something that runs case by case: end after this one, and say what was seen so far."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import Any, Self

SAID = b"\nchangeover: ends after this case; interrupt once more to end at once\n"


class Interruption:
    """While it is entered, the first interrupt is only noted, so that no case is counted by half.

    A second one is a KeyboardInterrupt at once. Where the program has its own way with interrupts, or this is
    not the main thread, everything stays as it is.
    """

    def __init__(self) -> None:
        self.is_asked_for = False
        self._before: Any = None

    def __enter__(self) -> Self:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            try:
                self._before = signal.signal(signal.SIGINT, self._ask)
            except ValueError:  # only the main thread may
                self._before = None
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._restore()
        self.is_asked_for = True
        with suppress(OSError, ValueError):  # past the stream, which may be in the middle of a line
            os.write(sys.stderr.fileno(), SAID)

    def _restore(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None
