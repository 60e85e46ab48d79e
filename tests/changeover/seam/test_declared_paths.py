"""What may be declared works in every form: paths of each kind, tags, invariants, keys."""

import asyncio
import functools
import logging
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from changeover import ConfigurationError, Migration, Run, fresh
from changeover.errors import DeclarationError
from changeover.rollout.plan_file import load_plan


def same(n: Any) -> Any:
    return n


class Broker:
    def submit(self, symbol: Any, quantity: int = 1) -> None:
        return None

    def price(self, symbol: Any) -> int:
        return 5


class Desk:
    def _hidden(self, n: Any) -> Any:
        return n


NUMBERS = [0, 1, 0.5, Decimal("0.5"), Fraction(1, 2), np.float32(0.5), np.int64(1)]


@pytest.mark.parametrize("sample", NUMBERS, ids=repr)
def test_a_sample_is_any_number_from_0_to_1(sample: Any) -> None:
    migration = Migration(environment={}, sample=sample)
    migration.seam("s", legacy=same, sample=sample)
    assert migration.seams["s"].sample == sample


def shadowed(**options: Any) -> tuple[Any, list[Run], Migration]:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0)
    return migration.seam("s", **options), runs, migration


class Order:
    def __init__(self, n: Any) -> None:
        self.n = n


async def async_twice(n: Any, factor: int = 2) -> Any:
    await asyncio.sleep(0)
    return n * factor


def twice(n: Any, factor: int = 2) -> Any:
    return n * factor


class AsyncTwice:
    async def __call__(self, n: Any) -> Any:
        return await async_twice(n)


class AsyncTwiceByClass:
    async def twice(self, n: Any) -> Any:
        return await async_twice(n)


SYNC_PATHS: dict[str, Any] = {
    "a function": twice,
    "a lambda": lambda n: n * 2,
    "a partial": functools.partial(twice, factor=2),
    "a cached function": functools.lru_cache(twice),
    "a function of more, with defaults": lambda n, more=2: n * more,
    "any arguments": lambda *args: args[0] * 2,
}
ASYNC_PATHS: dict[str, Any] = {
    "a coroutine function": async_twice,
    "an object that is awaited": AsyncTwice(),
    "a partial of a coroutine function": functools.partial(async_twice, factor=2),
    "a partial of an object that is awaited": functools.partial(AsyncTwice()),
    "a method": AsyncTwiceByClass().twice,
}
ANY_PATHS = SYNC_PATHS | ASYNC_PATHS


@pytest.mark.parametrize(
    "candidate", [*SYNC_PATHS.values(), *ASYNC_PATHS.values()], ids=SYNC_PATHS | ASYNC_PATHS
)
@pytest.mark.parametrize("legacy", SYNC_PATHS.values(), ids=SYNC_PATHS)
def test_a_sync_seam_has_candidates_of_every_kind(legacy: Any, candidate: Any) -> None:
    answer, runs, _ = shadowed(legacy=legacy, candidate=candidate)
    assert answer(4) == 8
    assert [run.verdict for run in runs] == ["match"]


@pytest.mark.parametrize(
    "candidate", [*SYNC_PATHS.values(), *ASYNC_PATHS.values()], ids=SYNC_PATHS | ASYNC_PATHS
)
@pytest.mark.parametrize("legacy", ASYNC_PATHS.values(), ids=ASYNC_PATHS)
def test_an_async_seam_has_candidates_of_every_kind(legacy: Any, candidate: Any) -> None:
    answer, runs, _ = shadowed(legacy=legacy, candidate=candidate)
    assert asyncio.run(answer(4)) == 8
    assert [run.verdict for run in runs] == ["match"]


def test_a_class_is_a_path_whose_answers_are_compared() -> None:
    answer, runs, _ = shadowed(legacy=Order, candidate=lambda n: Order(n + 1))
    assert answer(1).n == 1
    assert [str(found.place) for found in runs[0].divergences] == ["result.n"]


@pytest.mark.parametrize("answering", [async_twice, AsyncTwice()], ids=["a function", "an object"])
def test_a_built_path_that_answers_with_a_coroutine_makes_an_async_seam(answering: Any) -> None:
    answer, runs, _ = shadowed(
        legacy=fresh(lambda ports: async_twice, answering=answering), candidate=async_twice
    )
    assert asyncio.run(answer(4)) == 8
    assert runs[0].verdict == "match"


@pytest.mark.parametrize("stage", ["off", "shadow", "live", "complete"])
def test_methods_of_every_kind_stand_above_their_seam(stage: str) -> None:
    migration = Migration(
        environment=dict.fromkeys(("CHANGEOVER_STAGE_RATE", "CHANGEOVER_STAGE_MADE"), stage), refresh_s=0
    )

    def rate(n: int) -> int:
        return n

    def made(cls: type, n: int) -> tuple[str, int]:
        return cls.__name__, n

    methods = {
        "rate": staticmethod(migration.seam("rate")(rate)),
        "made": classmethod(migration.seam("made")(made)),
    }
    counter: Any = type("Counter", (), methods)
    counter.rate.candidate(rate)
    counter.made.candidate(made)
    assert (counter.rate(1), counter().rate(1)) == (1, 1)
    assert (counter.made(1), counter().made(1)) == (("Counter", 1), ("Counter", 1))


@pytest.mark.parametrize(
    ("given", "kept"),
    [("large", ("large",)), (["large", "late"], ("large", "late")), (None, ()), ((), ())],
    ids=["one text", "a list", "none", "an empty one"],
)
def test_one_text_is_one_tag(given: Any, kept: tuple[str, ...]) -> None:
    answer, runs, _ = shadowed(legacy=same, candidate=same, tags=lambda n: given)
    answer(1)
    assert runs[0].tags == kept


def test_a_tag_that_is_no_text_is_told() -> None:
    answer, runs, migration = shadowed(legacy=same, candidate=same, tags=lambda n: [5])
    assert answer(1) == 1
    assert runs[0].verdict == "failed"
    assert "the tags of `s`" in migration.problems[0]


def test_an_invariant_of_no_seam_is_told_until_the_seam_is_declared(caplog: pytest.LogCaptureFixture) -> None:
    answer, _, migration = shadowed(legacy=same, candidate=same)
    migration.invariant("ss")(lambda seen: False)
    with caplog.at_level(logging.WARNING):
        answer(1)
        answer(2)
    assert sum("'ss'" in record.getMessage() for record in caplog.records) == 1
    assert [("'ss'" in text, 'did you mean "s"' in text) for text in migration.problems] == [(True, True)]
    migration.seam("ss", legacy=same)
    assert migration.problems == ()


PLAN = """
[migration]
name = "shop"
legacy = []
code = ["app"]

[[phase]]
name = "trade"
number = 1
seams = ["trade.plan"]
"""


def test_an_invariant_of_no_seam_of_the_plan_is_refused(tmp_path: Path) -> None:
    (tmp_path / "phases.toml").write_text(PLAN)
    migration = Migration(plan=load_plan(tmp_path / "phases.toml"), environment={})
    migration.invariant("trade.plan")(lambda seen: True)
    with pytest.raises(DeclarationError, match=r'did you mean "trade\.plan"'):
        migration.invariant("trade.plna")
    with pytest.raises(DeclarationError, match=r'did you mean "trade\.plan"'):
        migration.seam("trade.plna", legacy=same)


def test_two_seams_do_not_share_the_variable_of_their_stage() -> None:
    migration = Migration(environment={})
    migration.seam("a.b", legacy=same)
    with pytest.raises(ConfigurationError, match=r"CHANGEOVER_STAGE_A_B of seam 'a\.b'"):
        migration.seam("a-b", legacy=same)


def test_a_method_with_an_underscore_has_a_name_of_its_own() -> None:
    migration = Migration(environment={})
    shown = type("Shown", (), {"_hidden": Desk.__dict__["_hidden"]})
    assert migration.wrap(shown, "_hidden", candidate=lambda self, n: n).name == "shown.hidden"


ALIKE: dict[str, tuple[Any, Any]] = {
    "a number of numpy": (7, np.int64(7)),
    "a number of numpy inside": (("a", 7), ("a", np.int64(7))),
    "a fraction of numpy": (1.5, np.float64(1.5)),
    "a text of numpy": ("a", np.str_("a")),
}


@pytest.mark.parametrize("keyed", [True, False], ids=["with a key", "without"])
@pytest.mark.parametrize(("ours", "theirs"), ALIKE.values(), ids=ALIKE)
def test_keys_are_read_like_values(ours: Any, theirs: Any, keyed: bool) -> None:
    """The read is answered and the effect has its partner: what differs is the type of an argument."""

    class Shop(Broker):
        def submit(self, symbol: Any, quantity: int = 1) -> None:
            return None

        def price(self, symbol: Any) -> int:
            return 5

    shop = Shop()
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0)
    submit = {"submit": lambda symbol, quantity: symbol} if keyed else {"submit"}
    price = {"price": lambda symbol: symbol} if keyed else {"price"}
    migration.port("shop", Shop, effects=submit, reads=price)

    def path(symbol: Any) -> Callable[[int], Any]:
        def asks(n: int) -> int:
            shop.submit(symbol)
            return shop.price(symbol)

        return asks

    migration.seam("s", legacy=path(ours), candidate=path(theirs))(1)
    assert [str(found.kind) for found in runs[0].divergences] == ["effect-changed"]
    assert runs[0].reason is None


def test_a_key_is_one_whichever_library_made_its_number() -> None:
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "ramp:50"}, refresh_s=0)
    pins: list[Any] = []
    seam = migration.seam("s", legacy=lambda key: pins.append(migration.pinned().key), key=lambda key: key)
    for key in (7, np.int64(7), ("a", 7), ("a", np.int64(7)), ["a", {"n": 7}], ["a", {"n": np.int64(7)}]):
        seam(key)
    assert pins[0::2] == pins[1::2]


def _twice(number: int) -> int:
    return 2 * number


def _of_desk(desk: Any, number: int) -> int:
    return int(desk.rate) * number


async def _awaited_twice(number: int) -> int:
    return 2 * number


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("stage", ["off", "shadow", "live", "complete"])
def test_the_legacy_path_is_decorated_where_the_candidate_is_given_with_the_name(
    is_async: bool, stage: str
) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_DOUBLE": stage}, sink=runs.append)

    def answer(number: Any) -> Any:
        return asyncio.run(number) if asyncio.iscoroutine(number) else number

    if is_async:

        @migration.seam("double", candidate=_awaited_twice)
        async def double(number: int) -> int:
            return number + number
    else:

        @migration.seam("double", candidate=_twice)
        def double(number: int) -> int:
            return number + number

    assert [answer(double(number)) for number in (1, 4)] == [2, 8]
    assert [str(run.verdict) for run in runs] == (["match"] * 2 if stage in ("shadow", "live") else [])
    assert migration.problems == ()


def test_a_method_is_decorated_where_the_candidate_is_given_with_the_name() -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_PRICE": "shadow"}, sink=runs.append)

    class Shop:
        rate = 3

        @migration.seam("price", candidate=_of_desk)
        def price(self, number: int) -> int:
            return number * self.rate

    assert Shop().price(2) == 6
    assert len(runs) == 1
