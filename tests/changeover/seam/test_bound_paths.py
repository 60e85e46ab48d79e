"""Paths that come with an object of the program: a replay acts on a copy of it, and its state is compared."""

import asyncio
import logging
import socket
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.seam.uncopied_objects import problems_of_objects

Paths = tuple[Any, Any]


class Shop:
    def __init__(self, planted: int = 0) -> None:
        self.stock, self.log, self.planted = 10, list[int](), planted

    def old(self, count: int) -> int:
        self.stock -= count
        self.log.append(count)
        return count

    def new(self, count: int) -> int:
        self.old(count)
        self.stock -= self.planted
        return count

    async def old_async(self, count: int) -> int:
        await asyncio.sleep(0)
        return self.old(count)

    async def new_async(self, count: int) -> int:
        await asyncio.sleep(0)
        return self.new(count)

    def __call__(self, count: int) -> int:
        return self.new(count)


class Adapter:
    """A service over a shop that others use as well, with a state of its own."""

    def __init__(self, shop: Shop, name: str) -> None:
        self.shop, self.name, self.calls = shop, name, 0

    def run(self, count: int) -> int:
        self.calls += self.name == "new"
        found: int = getattr(self.shop, self.name)(count)
        return found

    def __call__(self, count: int) -> int:
        return self.run(count)


def held(shop: Shop, count: int, log: list[int] | None = None) -> int:
    if log is not None:
        log.append(count)
    return shop.old(count)


def held_new(shop: Shop, count: int, log: list[int] | None = None) -> int:
    if log is not None:
        log.append(count)
    return shop.new(count)


WAYS: dict[str, Callable[[Shop], Paths]] = {
    "bound methods": lambda shop: (shop.old, shop.new),
    "bound methods of async functions": lambda shop: (shop.old_async, shop.new_async),
    "partials of bound methods": lambda shop: (partial(shop.old), partial(partial(shop.new))),
    "partials over the object": lambda shop: (partial(Shop.old, shop), partial(Shop.new, shop)),
    "partials by name": lambda shop: (partial(held, log=shop.log, shop=shop), partial(held_new, shop=shop)),
    "a method and a callable object": lambda shop: (shop.old, shop),
    "cached methods": lambda shop: (lru_cache(shop.old), lru_cache(maxsize=3)(shop.new)),
    "objects that hold it": lambda shop: (Adapter(shop, "old"), Adapter(shop, "new")),
    "methods of objects that hold it": lambda shop: (Adapter(shop, "old").run, Adapter(shop, "new").run),
    "functions over the object": lambda shop: (partial(held, shop), partial(held_new, shop)),
}
NAMED = frozenset({"partials by name"})
"""Their calls name what they give."""


def called(shop: Shop, name: str, stage: str, mode: str) -> list[Run]:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append, mode=mode)
    legacy, candidate = WAYS[name](shop)
    seam: Any = migration.seam("s", legacy=legacy, candidate=candidate)
    for count in (1, 2, 3):
        found = seam(count=count) if name in NAMED else seam(count)
        assert (asyncio.run(found) if "async" in name else found) == count
    migration.close()
    return runs


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("name", WAYS)
def test_the_object_is_changed_once_and_the_same_code_matches(name: str, stage: str, mode: str) -> None:
    shop = Shop()
    runs = called(shop, name, stage, mode)
    assert (shop.stock, {*shop.log}) == (4, {1, 2, 3})
    if name not in NAMED:
        assert shop.log == [1, 2, 3]
        assert [str(run.verdict) for run in runs] == ["match"] * 3


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("name", WAYS)
def test_a_path_that_leaves_another_state_differs(name: str, stage: str) -> None:
    runs = called(Shop(planted=1), name, stage, "inline")
    assert {str(run.verdict) for run in runs} == {"diverged"}


class Counter:
    """A service with a state that goes on."""

    def __init__(self, step: int = 1) -> None:
        self.count, self.step = 0, step

    def next(self) -> int:
        self.count += self.step
        return self.count

    def __call__(self) -> int:
        return self.next()


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize(
    "form", [lambda one: one.next, lambda one: one, lambda one: partial(Counter.next, one)]
)
def test_an_object_of_its_own_goes_on_in_a_copy(stage: str, form: Callable[[Counter], Any]) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append)
    old, new = Counter(), Counter()
    seam: Any = migration.seam("s", legacy=form(old), candidate=form(new))
    assert [seam() for _ in range(4)] == [1, 2, 3, 4]
    assert (old.count, new.count) == ((4, 0) if stage == "shadow" else (0, 4))
    assert {str(run.verdict) for run in runs} <= {"match", "vacuous"}


def test_an_object_of_its_own_that_the_program_changes_is_copied_anew() -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    old, new = Counter(), Counter()
    seam: Any = migration.seam("s", legacy=lambda number: old.next(), candidate=lambda_of(new))
    seam(1)
    old.step = new.step = 7
    old.count = new.count = 0
    seam(2)
    assert [str(run.verdict) for run in runs] == ["match"] * 2


def lambda_of(counter: Counter) -> Any:
    return partial(_next_of, counter)


def _next_of(counter: Counter, number: int) -> int:
    return counter.next()


def test_a_seam_inside_of_a_replay_acts_on_a_copy_as_well() -> None:
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": "shadow", "CHANGEOVER_STAGE_INNER": "off"}
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append)
    counter = Counter()
    inner: Any = migration.seam("inner", legacy=counter.next, candidate=counter.next)
    seam = migration.seam(
        "s", legacy=lambda number: inner() * 0 + number, candidate=lambda number: inner() * 0 + number
    )
    assert seam(3) == 3
    assert counter.count == 1


class Sells:
    """A service with a state of its own, beside what both have: what nobody changes, and a logger."""

    def __init__(self, log: logging.Logger, prices: tuple[int, ...]) -> None:
        self.log, self.prices, self.count = log, prices, 0

    def next(self, number: int) -> int:
        self.count += self.prices[0]
        self.log.debug("sold")
        return self.count + number


def test_what_both_have_and_nobody_can_change_lets_an_object_of_its_own_go_on() -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    log, prices = logging.getLogger("sells"), (3,)
    seam: Any = migration.seam("s", legacy=Sells(log, prices).next, candidate=Sells(log, prices).next)
    assert [seam(1) for _ in range(3)] == [4, 7, 10]
    assert [str(run.verdict) for run in runs] == ["match"] * 3


class Connected:
    """Nobody can copy it."""

    def __init__(self) -> None:
        self.socket, self.count = socket.socket(), 0

    def next(self, number: int) -> int:
        self.count += 1
        return number


def test_an_object_that_cannot_be_copied_is_the_programs_own_and_doctor_says_so() -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    old, new = Connected(), Connected()
    seam: Any = migration.seam("s", legacy=old.next, candidate=new.next)
    assert seam(1) == 1
    assert (old.count, new.count) == (1, 1)
    (found, _) = problems_of_objects(migration.seams.values(), migration.runtime.book)
    assert "the legacy path comes with an object that cannot be copied" in found
    for one in (old, new):
        one.socket.close()


def test_one_object_of_both_that_cannot_be_copied_fails_the_run_where_a_replay_changes_it() -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    both = Connected()
    seam: Any = migration.seam("s", legacy=both.next, candidate=both.next)
    assert seam(1) == 1
    assert [str(run.verdict) for run in runs] == ["failed"]
    assert "self changed during the replay" in str(runs[0].reason)
    both.socket.close()


@pytest.mark.parametrize("stage", ["shadow", "live"])
def test_an_object_that_another_thread_changes_while_it_is_looked_into_breaks_no_answer(
    stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changing(*_: Any) -> Any:
        raise RuntimeError("dictionary changed size during iteration")

    monkeypatch.setattr("changeover.seam.bound_objects.ObjectReading", changing)
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append)
    shop = Shop()
    seam: Any = migration.seam("s", legacy=shop.old, candidate=shop.new)
    assert seam(3) == 3
    assert shop.stock == 7
    assert [str(run.verdict) for run in runs] == ["failed"]
    assert "changed size" in str(runs[0].reason)
