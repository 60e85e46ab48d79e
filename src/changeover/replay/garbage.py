"""The garbage of the program and that of a replay: what ends an object is done by whoever made it.

A collection runs in whichever thread fills the first generation, so that one during a replay would end
objects of the program as if the replay did it, and a later one objects of the replay as if the program did.
So the first generation is emptied before a replay, and once more after it, when nothing may act; meanwhile
no collection begins by itself, unless very much is made. One that a replay asks for is made after it.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from changeover.record.context import SESSION, at_work
from changeover.record.replay_problems import ProblemKind
from changeover.replay.held_collections import collect_now, held_off
from changeover.replay.program_signals import unbroken
from changeover.replay.replayer import Replay
from changeover.replay.sealed_hooks import LookingActed, Sealed

_ENDED = "what ended an object of the replay"


@contextmanager
@unbroken
def garbage_apart(replay: Replay) -> Iterator[None]:
    """Around a replay: its garbage is its own, and the program's is the program's."""
    is_apart = gc.isenabled()
    if is_apart:
        collect_now(0)
    replay.collects_own = is_apart
    try:
        with held_off():
            try:
                yield
            finally:
                if is_apart:
                    _end_own(replay)
    finally:
        collect_for_program(replay)


def collect_for_program(replay: Replay) -> None:
    """Make the collection that a replay has asked for, as the program does."""
    asked, replay.collection_asked = replay.collection_asked, None
    if asked is not None:
        collect_now(asked)


@unbroken
def _end_own(replay: Replay) -> None:
    """End what is left of a replay; who acts then is refused, and its run cannot be compared."""
    sealed = Sealed(_ENDED, replay.book)
    before = sys.unraisablehook

    def unraisable(unraised: Any) -> None:
        if not isinstance(unraised.exc_value, LookingActed):
            before(unraised)

    token = None
    try:
        token = SESSION.set(sealed)
        sys.unraisablehook = unraisable
        with at_work(sealed, None):
            collect_now(0)
    finally:
        if token is not None:
            SESSION.reset(token)
        if sys.unraisablehook is unraisable:
            sys.unraisablehook = before
    if sealed.refused is not None:
        replay.note(ProblemKind.LIMIT, "garbage", sealed.refused)
