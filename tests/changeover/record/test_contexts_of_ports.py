"""A port that is a context: its end is a call like any other, also where it hears of an error."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict

Happened = list[Any]
Planted = {"": Verdict.MATCH, "effect": Verdict.UNSAFE, "error": Verdict.UNSAFE}


class Unit:
    """Keeps what was done in it, and that it heard where an error came from."""

    def __init__(self, happened: Happened, *, swallows: bool) -> None:
        self.happened, self.swallows = happened, swallows

    def __enter__(self) -> Unit:
        self.happened.append("begin")
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> bool:
        self.happened.append(("end", kind, traceback is not None))
        return self.swallows

    async def __aenter__(self) -> Unit:
        return self.__enter__()

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> bool:
        await asyncio.sleep(0)
        return self.__exit__(kind, error, traceback)

    def add(self, what: Any) -> None:
        self.happened.append(what)


def sync_path(planted: str) -> Any:
    def path(unit: Any, number: int) -> str:
        with unit as opened:
            opened.add(number + (planted == "effect"))
            raise KeyError(number) if planted != "error" else LookupError(number)
        return "went on"

    return path


def async_path(planted: str) -> Any:
    async def path(unit: Any, number: int) -> str:
        async with unit as opened:
            opened.add(number + (planted == "effect"))
            raise KeyError(number) if planted != "error" else LookupError(number)
        return "went on"

    return path


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("swallows", [False, True])
@pytest.mark.parametrize("path", [sync_path, async_path])
@pytest.mark.parametrize("planted", Planted)
def test_an_error_inside_is_heard_once_and_compared(
    planted: str, path: Any, swallows: bool, mode: Any
) -> None:
    class Declared(Unit):
        """One that no other test declares."""

    happened: Happened = []
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, mode=mode)
    names = {"__enter__", "__exit__", "__aenter__", "__aexit__", "add"}
    migration.port("unit", Declared, effects=names)
    seam: Any = migration.seam("s", legacy=path(""), candidate=path(planted))
    with suppress(KeyError):
        answer = seam(Declared(happened, swallows=swallows), 1)
        assert (asyncio.run(answer) if path is async_path else answer) == "went on"
    migration.close()
    assert happened == ["begin", 1, ("end", KeyError, True)]
    (run,) = runs
    assert run.verdict is Planted[planted], run.reason
