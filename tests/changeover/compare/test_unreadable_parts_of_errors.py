"""What cannot be read in an error that both paths raise makes no difference: the run has failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict


class Refused(Exception):
    """Of the program."""


def in_an_attribute(part: Any, number: int) -> Exception:
    error = Refused("no", number)
    error.held = part  # type: ignore[attr-defined]
    return error


def in_its_arguments(part: Any, number: int) -> Exception:
    return Refused("no", part, number)


def deep_inside(part: Any, number: int) -> Exception:
    return Refused({"all": [part], "number": number})


def in_a_group(part: Any, number: int) -> Exception:
    return ExceptionGroup("all", [in_an_attribute(part, number)])


def in_its_cause(part: Any, number: int) -> Exception:
    error = Refused("no", number)
    error.__cause__ = in_an_attribute(part, number)
    return error


PLACES: list[Callable[[Any, int], Exception]] = [
    in_an_attribute,
    in_its_arguments,
    deep_inside,
    in_a_group,
    in_its_cause,
]
UNREADABLE: dict[str, Callable[[], Any]] = {
    "an object": object,
    "code": lambda: compile("1", "rule", "eval"),
}


def compared(raised: Callable[[int], Exception], more: int, *, is_async: bool, mode: str) -> Run:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, mode=mode)

    def path(extra: int) -> Any:
        def called(number: int) -> None:
            raise raised(number + extra)

        async def awaited(number: int) -> None:
            raise raised(number + extra)

        return awaited if is_async else called

    answer: Any = migration.seam("s", legacy=path(0), candidate=path(more))
    with pytest.raises((Refused, ExceptionGroup)):
        asyncio.run(answer(3)) if is_async else answer(3)
    migration.flush()
    migration.close()
    return runs[0]


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("what", UNREADABLE)
@pytest.mark.parametrize("place", PLACES)
def test_the_same_error_is_no_difference(
    place: Callable[[Any, int], Exception], what: str, is_async: bool, mode: str
) -> None:
    def raised(number: int) -> Exception:
        return place(UNREADABLE[what](), number)

    run = compared(raised, 0, is_async=is_async, mode=mode)
    assert run.verdict is Verdict.FAILED
    assert "comparer-error" in str(run.reason)
    assert compared(raised, 1, is_async=is_async, mode=mode).verdict is not Verdict.MATCH
