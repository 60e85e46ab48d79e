"""Handlers of signals of the program that meet a replay: what they do is the program's."""

import asyncio
import logging
import random
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such signals")


class Mail:
    sent: list[str] = []  # noqa: RUF012

    def send(self, text: str) -> None:
        self.sent.append(text)


@pytest.fixture(autouse=True)
def sent() -> Iterator[list[str]]:
    before = signal.getsignal(signal.SIGUSR1)
    Mail.sent.clear()
    yield Mail.sent
    signal.signal(signal.SIGUSR1, before)


def strike(number: int) -> int:
    signal.raise_signal(signal.SIGUSR1)
    return number


def quiet(number: int) -> int:
    return number


def compared(
    legacy: Callable[[int], int], candidate: Callable[[int], int], *, is_async: bool = False
) -> list[Run]:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    migration.port("mail", Mail, effects={"send"})
    if not is_async:
        migration.seam("s", legacy=legacy, candidate=candidate)(1)
        return runs

    async def legacy_async(number: int) -> int:
        return legacy(number)

    async def candidate_async(number: int) -> int:
        await asyncio.sleep(0)
        return candidate(number)

    seam: Any = migration.seam("s", legacy=legacy_async, candidate=candidate_async)
    asyncio.run(seam(1))
    return runs


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_handler_of_the_program_acts_as_the_program(
    is_async: bool, sent: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    random.seed(7)
    numbers = [random.random() for _ in range(2)]  # noqa: S311
    drawn: list[float] = []

    def act(number: int, frame: object) -> None:
        Mail().send("the program's own")
        (tmp_path / "stopping").touch()
        logging.getLogger("shop").warning("asked to reload")
        drawn.append(random.random())  # noqa: S311

    signal.signal(signal.SIGUSR1, act)
    random.seed(7)
    runs = compared(quiet, strike, is_async=is_async)
    assert (sent, runs[0].verdict) == (["the program's own"], "match")
    assert (tmp_path / "stopping").exists()
    assert "asked to reload" in caplog.messages
    assert drawn == numbers[:1]


def test_a_handler_of_the_path_itself_acts_as_the_path(sent: list[str]) -> None:
    def path(number: int) -> int:
        before = signal.signal(signal.SIGUSR1, lambda *_: Mail().send("the path's"))
        try:
            return strike(number)
        finally:
            signal.signal(signal.SIGUSR1, before)

    [run] = compared(path, path)
    assert (sent, run.verdict) == (["the path's"], "match")
    [run] = compared(path, quiet)
    assert run.verdict == "unsafe"


def test_a_handler_that_meets_the_answering_path_is_recorded_as_a_part_of_it(sent: list[str]) -> None:
    signal.signal(signal.SIGUSR1, lambda *_: Mail().send("the program's own"))
    [run] = compared(strike, quiet)
    assert (sent, run.verdict) == (["the program's own"], "unsafe")
