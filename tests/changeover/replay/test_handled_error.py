"""What a replayed path sees of an error that is handled where the answering path was called."""

import asyncio
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from changeover import Migration, Run

MODES = pytest.mark.parametrize("mode", ["inline", "background"])


def report(number: int) -> str:
    return type(sys.exc_info()[1]).__name__


def again(number: int) -> Any:
    raise


def another(number: int) -> Any:
    raise LookupError("no price")


def nothing(number: int) -> str:
    return "NoneType"


def compared(legacy: Callable[[int], Any], candidate: Callable[[int], Any], mode: str, is_async: bool) -> Run:
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": "shadow"}
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode)

    async def legacy_async(number: int) -> Any:
        return legacy(number)

    async def candidate_async(number: int) -> Any:
        return candidate(number)

    seam: Any
    if is_async:
        seam = migration.seam("s", legacy=legacy_async, candidate=candidate_async)
    else:
        seam = migration.seam("s", legacy=legacy, candidate=candidate)

    async def main() -> None:
        try:
            raise ZeroDivisionError("no shares")
        except ZeroDivisionError:
            with suppress(ZeroDivisionError, LookupError):
                await seam(1) if is_async else seam(1)

    asyncio.run(main())
    migration.close()
    return runs[0]


@MODES
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("path", [report, again, another])
def test_a_replay_sees_the_error_that_is_handled_where_its_path_is_called(
    path: Callable[[int], Any], is_async: bool, mode: str
) -> None:
    assert compared(path, path, mode, is_async).verdict == "match"
    assert compared(path, nothing, mode, is_async).verdict == "diverged"


@pytest.mark.parametrize(
    ("mode", "is_async"), [("background", False), ("background", True), ("inline", True)]
)
def test_the_traceback_of_that_error_is_not_there(mode: str, is_async: bool) -> None:
    def path(number: int) -> str:
        return traceback.format_exc()

    def other(number: int) -> str:
        return f"{traceback.format_exc()}"

    assert compared(path, other, mode, is_async).verdict == "diverged"
