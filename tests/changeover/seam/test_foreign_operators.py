"""Wherever an object stands in a run, none of its operators is asked: it is read and shown by its parts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from changeover import Migration
from changeover.evidence.reasons_not_compared import why_not_compared

ASKED: list[str] = []
OPERATORS = (
    "__repr__ __str__ __format__ __eq__ __ne__ __lt__ __le__ __gt__ __ge__ __hash__ __bool__ __len__ "
    "__iter__ __contains__ __int__ __float__ __index__ __bytes__ __dir__ __sizeof__ __getitem__ "
    "__copy__ __deepcopy__ __reduce__ __reduce_ex__ __getstate__ __setstate__ __getattr__ __enter__ "
    "__instancecheck__ __call__"
)


def operator(name: str) -> Callable[..., Any]:
    def asked(self: Any, *given: Any, **named: Any) -> Any:
        ASKED.append(name)
        raise RuntimeError(f"{name} was asked")

    return asked


SPIES = {name: operator(name) for name in OPERATORS.split()}


class Plain:
    def __init__(self, n: int) -> None:
        self.n = n

    vars().update(SPIES)


class Slotted:
    __slots__ = ("n",)

    def __init__(self, n: int) -> None:
        self.n = n

    vars().update(SPIES)


class Broken(Exception):
    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.n = n

    vars().update(SPIES)


class Text(str):
    def __new__(cls, n: int) -> Any:
        return str.__new__(cls, str(n))

    vars().update(SPIES)


class Number(int):
    vars().update(SPIES)


class Row(dict[str, int]):
    def __init__(self, n: int) -> None:
        dict.__setitem__(self, "n", n)

    vars().update(SPIES)


class Basket(list[int]):
    def __init__(self, n: int) -> None:
        list.append(self, n)

    vars().update(SPIES)


class Pair(tuple[int, ...]):
    def __new__(cls, n: int) -> Any:
        return tuple.__new__(cls, (n, n))

    vars().update(SPIES)


KINDS: list[Any] = [Plain, Slotted, Broken, Text, Number, Row, Basket, Pair]


class Feed:
    def get(self, what: Any) -> Any:
        return what

    def put(self, what: Any) -> None:
        return None

    def fail(self, kind: Any, n: int) -> Any:
        raise kind(n)

    def cannot_be_named(self, what: Any) -> None:
        return None


def no_key(what: Any) -> Any:
    raise Broken(7)


def raised(feed: Feed, kind: Any, n: int) -> Any:
    raise Broken(n)


def raised_by_a_port(feed: Feed, kind: Any, n: int) -> Any:
    return feed.fail(Broken, n)


def changed(feed: Feed, kind: Any, n: int) -> Any:
    box = [kind(0)]
    feed.put(box)
    box.append(kind(n))
    return box


PLACES: dict[str, tuple[Callable[[Feed, Any, int], Any], set[str]]] = {
    "the result": (lambda feed, kind, n: kind(n), {"diverged"}),
    "a part of the result": (lambda feed, kind, n: {"a": [kind(n)], "b": (kind(n), 1)}, {"diverged"}),
    "a member of a set in the result": (lambda feed, kind, n: [frozenset({1, 2}), kind(n)], {"diverged"}),
    "a question": (lambda feed, kind, n: (feed.get(kind(n)), None)[1], {"failed"}),
    "an answer": (lambda feed, kind, n: [feed.get(n)] * 2, {"failed"}),
    "an effect": (lambda feed, kind, n: feed.put(kind(n)), {"unsafe"}),
    "an effect without a key": (lambda feed, kind, n: feed.cannot_be_named(kind(n)), {"failed"}),
    "an error": (raised, {"diverged"}),
    "the error of a port": (raised_by_a_port, {"failed"}),
    "what was changed": (changed, {"diverged"}),
}


def runs_of(legacy: Any, candidate: Any, stage: str = "shadow") -> tuple[Any, list[Any], Migration]:
    runs: list[Any] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append)
    migration.port(
        "feed",
        Feed,
        reads={"get", "fail"},
        effects={"put": lambda what: "one", "cannot_be_named": no_key},
    )
    return migration.seam("s", legacy=legacy, candidate=candidate), runs, migration


def answered(call: Callable[[], Any]) -> None:
    """What a path raises is no matter of these tests."""
    with suppress(Broken):
        call()


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind in KINDS])
@pytest.mark.parametrize("place", PLACES)
def test_no_operator_of_an_object_is_asked_wherever_it_stands(place: str, kind: Any, stage: str) -> None:
    body, otherwise = PLACES[place]
    feed = Feed()
    for candidate_n, verdicts in ((1, {"match", "vacuous", "failed"}), (2, otherwise)):
        seam, runs, migration = runs_of(
            lambda given: body(feed, kind, 1), lambda given, n=candidate_n: body(feed, kind, n), stage
        )
        ASKED.clear()
        answered(partial(seam, kind(5)))
        (run,) = runs
        why_not_compared("case", run, run.verdict)
        assert ASKED == []
        assert run.verdict in verdicts, run.reason
        assert "was asked" not in (run.reason or "")
        migration.close()


@pytest.mark.parametrize("place", PLACES)
def test_nor_in_a_seam_that_is_awaited(place: str) -> None:
    body, otherwise = PLACES[place]
    feed = Feed()

    async def legacy(given: Any) -> Any:
        return body(feed, Plain, 1)

    async def candidate(given: Any) -> Any:
        return body(feed, Plain, 2)

    seam, runs, migration = runs_of(legacy, candidate)
    ASKED.clear()

    async def awaited() -> (
        None
    ):  # its own answer is none: asyncio itself asks what a task ended with to show itself
        with suppress(Broken):
            await seam(Plain(5))

    asyncio.run(awaited())
    assert ASKED == []
    assert runs[0].verdict in otherwise, runs[0].reason
    migration.close()
