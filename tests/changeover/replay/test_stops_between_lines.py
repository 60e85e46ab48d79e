"""Whichever line of the toolkit a stop strikes at, nothing of the replay is left in the program."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from changeover import Migration
from changeover.record import context
from changeover.record.context import SESSION, UNSET, WORK_HERE
from changeover.record.work_branch import BRANCH
from changeover.replay import garbage, held_collections, process_state, program_signals, runner

STRUCK = (garbage, held_collections, process_state, context, runner)


class Stop(Exception):
    """What the handler of the program raises."""


class Mail:
    def send(self, text: str) -> str:
        return text


@contextmanager
def stopping_at(line: int, files: frozenset[str]) -> Iterator[list[str]]:
    """Send the program a signal at the so many-th line that runs of these files; gives where that was."""
    struck: list[str] = []
    count = 0

    def at_line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        if event == "line":
            count += 1
            if count == line:
                struck.append(f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}")
                signal.raise_signal(signal.SIGUSR2)
        return at_line

    def on_call(frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        return at_line if code.co_filename in files and code not in program_signals._UNBROKEN else None

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        yield struck
    finally:
        sys.settrace(before)


def of_program() -> tuple[Any, ...]:
    here = dict(WORK_HERE)
    return SESSION.get(UNSET) or None, BRANCH.get(UNSET) or None, here, sys.unraisablehook, sys.stdout


@pytest.mark.skipif(not hasattr(signal, "SIGUSR2"), reason="this system has no such signal")
def test_a_stop_at_any_line_leaves_nothing_of_the_replay_in_the_program() -> None:
    copy_context().run(stopped_at_every_line)  # what is set there is set for no other test


def stopped_at_every_line() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        raise Stop

    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, mode="inline")
    mail = Mail()
    migration.port("mail", mail, effects={"send"})
    seam = migration.seam("s", legacy=lambda text: mail.send(text), candidate=lambda text: mail.send(text))
    seam("warm")
    files = frozenset(str(module.__file__) for module in STRUCK)
    handler = signal.signal(signal.SIGUSR2, stop)
    traced = sys.gettrace()
    found, lines = [], 0
    SESSION.set(None)
    BRANCH.set(None)
    try:
        for line in range(1, 10_000):
            before = of_program()
            try:
                with stopping_at(line, files) as struck:
                    seam("hello")
            except Stop:
                pass
            if not struck:
                break
            lines += 1
            if of_program() != before:
                found.append(struck[0])
                SESSION.set(None)
                BRANCH.set(None)
                WORK_HERE.clear()
    finally:
        signal.signal(signal.SIGUSR2, handler)
        sys.settrace(traced)  # a stop may have come between the end of a round and what it puts back
    assert lines > 100
    assert found == []
