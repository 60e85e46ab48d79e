"""Looking is not acting: views, keys, tags and invariants change nothing and reach nothing."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from changeover import ConfigurationError, Migration, Observation, Returned, Run
from changeover.values.verdict import Verdict


class Shop:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def price(self, name: str) -> int:
        self.asked.append(name)
        return 3


def shop_migration(stage: str = "shadow") -> tuple[Migration, list[Run], Shop]:
    class Mine(Shop):
        pass

    runs: list[Run] = []
    shop = Mine()
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append)
    migration.port("shop", Mine, reads={"price"})
    return migration, runs, shop


def asking(shop: Shop, *, swallows: bool) -> Callable[..., Any]:
    def asks(*args: Any) -> Any:
        try:
            shop.price("tea")
        except Exception:
            if not swallows:
                raise
        return ("one",)

    asks.__name__ = "asks"
    return asks


@pytest.mark.parametrize("swallows", [False, True])
@pytest.mark.parametrize("what", ["view", "tags", "key", "invariant"])
@pytest.mark.parametrize("is_async", [False, True])
def test_what_looks_and_calls_a_port_is_refused_and_fails_the_run(
    what: str, swallows: bool, is_async: bool
) -> None:
    migration, runs, shop = shop_migration()
    asks = asking(shop, swallows=swallows)
    options: dict[str, Any] = {"view": (asks, None), "tags": asks, "key": asks}
    given = {what: options[what]} if what in options else {}

    async def path_async(number: int) -> int:
        return number

    def path(number: int) -> int:
        return number

    chosen: Any = path_async if is_async else path
    answer: Any = migration.seam("s", legacy=chosen, candidate=chosen, **given)
    if what == "invariant":
        migration.invariant("s")(asks)
    assert (asyncio.run(answer(1)) if is_async else answer(1)) == 1
    assert shop.asked == []
    assert runs[0].verdict is Verdict.FAILED
    if what != "invariant" or swallows:
        assert "shop.price" in f"{runs[0].reason} {runs[0].divergences}"


def test_a_view_that_writes_a_file_is_refused(tmp_path: Path) -> None:
    migration, runs, _ = shop_migration()

    def writes(value: int) -> int:
        (tmp_path / "seen").write_text("x")
        return value

    assert migration.seam("s", legacy=lambda: 1, candidate=lambda: 1, view=(writes, writes))() == 1
    assert not (tmp_path / "seen").exists()
    assert runs[0].verdict is Verdict.FAILED
    assert "view" in (runs[0].reason or "")


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("mode", ["inline", "background"])
def test_a_view_has_an_answer_of_its_own(mode: str, stage: str) -> None:
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": stage}
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode)
    kept = [3, 1, 2]

    def in_order(rows: list[int]) -> list[int]:
        rows.sort()
        rows.append(0)
        return rows

    answer = migration.seam("s", legacy=lambda: kept, candidate=lambda: kept, view=(in_order, in_order))
    assert answer() is kept
    migration.close()
    assert kept == [3, 1, 2]
    assert runs[0].verdict in (Verdict.MATCH, Verdict.VACUOUS)


def test_an_invariant_that_changes_what_it_sees_hides_nothing_from_the_next() -> None:
    migration, runs, _ = shop_migration()
    seen: list[Any] = []

    def first(observation: Observation) -> bool:
        assert isinstance(observation.outcome, Returned)
        observation.outcome.value.clear()
        return True

    def second(observation: Observation) -> bool:
        assert isinstance(observation.outcome, Returned)
        seen.append(list(observation.outcome.value))
        return True

    migration.invariant("s")(first)
    migration.invariant("s")(second)
    assert migration.seam("s", legacy=lambda n: [1], candidate=lambda n: [2])(1) == [1]
    assert seen == [[1], [2]]
    assert runs[0].verdict is Verdict.DIVERGED


def stream() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize(
    "make", [lambda: stream(), lambda: iter([1]), lambda: map(int, "1"), lambda: zip([1])]
)
def test_an_answer_that_can_be_gone_through_once_is_left_to_the_caller(make: Callable[[], Any]) -> None:
    migration, _, _ = shop_migration()
    answer = migration.seam("s", legacy=make, candidate=make, view=(list, list))
    assert len(list(answer())) == 1


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), LookupError()])
@pytest.mark.parametrize("what", ["key", "tags"])
def test_a_key_or_tags_that_raise_are_noted_once_and_legacy_answers(what: str, error: BaseException) -> None:
    def raises(number: int) -> Any:
        raise error

    migration, runs, _ = shop_migration("ramp:50" if what == "key" else "shadow")
    options: Any = {what: raises}
    answer = migration.seam("s", legacy=lambda n: "old", candidate=lambda n: "new", **options)
    assert [answer(1), answer(2)] == ["old", "old"]
    assert len(runs) == 2
    assert len([one for one in migration.problems if type(error).__name__ in one]) == 1


def test_keys_and_tags_get_the_defaults_of_what_was_not_passed() -> None:
    migration, runs, _ = shop_migration("ramp:50")
    seam = migration.seam(
        "s",
        legacy=lambda name, *, express=False: 1,
        candidate=lambda name, *, express=False: 1,
        key=lambda name, express: f"{name} {express}",
        tags=lambda name, **more: (str(sorted(more)),),
    )
    seam("a")
    seam("a", express=True)
    assert [run.key for run in runs] == ["a False", "a True"]
    assert runs[0].tags == ("['express']",)


def test_a_key_that_no_call_can_be_given_to_is_refused_where_it_is_declared() -> None:
    migration, _, _ = shop_migration()
    with pytest.raises(ConfigurationError, match="key"):
        migration.seam("s", legacy=lambda name: 1, candidate=lambda name: 1, key=lambda a, b: a)
    with pytest.raises(ConfigurationError, match="price"):
        migration.port("other", Shop, reads={"price": lambda: 1})


class Hard:
    """Cannot be compared with anything."""

    def __eq__(self, other: object) -> bool:
        raise TypeError("neither true nor false")

    __hash__ = None  # type: ignore[assignment]


def changes(rows: list[int]) -> str:
    rows.append(1)
    raise RuntimeError("broken")


def broken(given: Any) -> str:
    raise RuntimeError("broken")


@pytest.mark.parametrize(
    ("argument", "candidate", "answers"),
    [
        ([], broken, "old"),
        (Hard(), broken, "old"),
        ([], changes, "broken"),
        (threading.Lock(), broken, "old"),
        (open(__file__), broken, "broken"),  # noqa: PTH123, SIM115  what cannot be read decides nothing
    ],
)
def test_legacy_answers_only_where_nothing_is_known_to_have_changed(
    argument: Any, candidate: Any, answers: str
) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "live"}, refresh_s=0, sink=runs.append)
    seam = migration.seam("s", legacy=lambda given: "old", candidate=candidate, fallback=True)
    try:
        found = seam(argument)
    except RuntimeError as error:
        found = str(error)
    assert found == answers
    assert len(runs) == 1


def test_a_method_whose_object_the_candidate_changed_does_not_fall_back() -> None:
    class Account:
        def __init__(self) -> None:
            self.balance = 1

        def pay(self, amount: int) -> str:
            return "old"

    def pay(self: Account, amount: int) -> str:
        self.balance -= amount
        raise RuntimeError("broken")

    migration, _, _ = shop_migration("live")
    migration.wrap(Account, "pay", candidate=pay, name="s", fallback=True)
    with pytest.raises(RuntimeError, match="broken"):
        Account().pay(1)
