"""Objects of the program that are ended during a replay, and those that a replay leaves behind."""

import asyncio
import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.replay import held_collections

MODES = pytest.mark.parametrize("mode", ["inline", "background"])


class Mail:
    sent: list[str] = []  # noqa: RUF012

    def send(self, text: str) -> None:
        self.sent.append(text)


@pytest.fixture(autouse=True)
def sent() -> Iterator[list[str]]:
    gc.collect()
    Mail.sent.clear()
    yield Mail.sent
    gc.enable()


class Order:
    """It sends something when it is ended, which only a collection does."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.me = self

    def __del__(self) -> None:
        Mail().send(self.text)


class Finalized:
    def __init__(self, text: str) -> None:
        self.me = self
        weakref.finalize(self, lambda: Mail().send(text))


def nothing() -> None:
    pass


def compared(act: Callable[[], Any], mode: str, *, is_async: bool = False, before: Any = nothing) -> Run:
    """A run whose replay alone acts; `before` it the program does something."""
    runs: list[Run] = []
    migration = Migration(
        environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append, mode=mode
    )
    migration.port("mail", Mail, effects={"send"})

    def legacy(number: int) -> int:
        before()
        return number

    def candidate(number: int) -> int:
        act()
        return number

    async def legacy_async(number: int) -> int:
        return legacy(number)

    async def candidate_async(number: int) -> int:
        return candidate(number)

    seam: Any
    if is_async:
        seam = migration.seam("s", legacy=legacy_async, candidate=candidate_async)
        asyncio.run(seam(1))
    else:
        seam = migration.seam("s", legacy=legacy, candidate=candidate)
        seam(1)
    migration.close()
    return runs[0]


@MODES
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("made", [Order, Finalized])
@pytest.mark.parametrize("how", ["by itself", "asked for"])
def test_garbage_of_the_program_acts_as_the_program(
    made: Callable[[str], object], how: str, is_async: bool, mode: str, sent: list[str]
) -> None:
    compared(nothing, mode)  # from the first run on, `gc.collect` asks who calls it
    kept: list[Any] = []

    def act() -> None:
        gc.collect() if how == "asked for" else kept.extend([] for _ in range(5_000))

    run = compared(act, mode, is_async=is_async, before=lambda: made("the program's") and None)
    gc.collect()
    assert (sent, run.verdict) == (["the program's"], "match")


@MODES
def test_garbage_of_a_replay_that_acts_is_refused_and_fails_the_run(
    mode: str, sent: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    run = compared(lambda: Order("the replay's") and None, mode)
    gc.collect()
    assert sent == []
    assert run.verdict == "failed"
    assert "mail.send" in (run.reason or "")
    assert "refused" not in capfd.readouterr().err


@MODES
def test_a_path_may_ask_for_its_own_garbage(mode: str) -> None:
    compared(nothing, mode)
    found: list[bool] = []

    class Node:
        def __init__(self) -> None:
            self.me = self

    def act() -> None:
        gone = weakref.ref(Node())
        gc.collect()
        found.append(gone() is None)

    assert compared(act, mode).verdict == "match"
    assert found == [True]


def test_what_the_program_has_set_for_its_collections_is_as_it_was() -> None:
    before = gc.get_threshold(), gc.isenabled()
    for is_async in (False, True):
        compared(nothing, "inline", is_async=is_async)
        assert (gc.get_threshold(), gc.isenabled()) == before
    gc.disable()
    compared(lambda: gc.collect() and None, "inline")
    assert not gc.isenabled()


def test_a_replay_that_makes_very_much_may_end_an_object_of_the_program(
    monkeypatch: pytest.MonkeyPatch, sent: list[str]
) -> None:
    monkeypatch.setattr(held_collections, "HELD_MAX", 1)  # as if it made more
    kept: list[Any] = []
    held: list[Any] = []

    def old() -> None:
        held.append(Order("the program's"))
        for generation in (0, 1):
            gc.collect(generation)
        held.clear()

    gc.set_threshold(100, 1, 1)
    try:
        run = compared(lambda: kept.extend([] for _ in range(500_000)), "inline", before=old)
    finally:
        gc.set_threshold(700, 10, 10)
    assert (sent, run.verdict) == ([], "unsafe")
