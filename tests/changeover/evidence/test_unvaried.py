"""What had one value in all runs of a comparison is listed: whatever depends on it is not shown."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

from changeover import Case, Migration, Run, SourceOptions
from changeover.compare.rules import STRICT
from changeover.evidence import unvaried
from changeover.evidence.case_runner import compared_cases, select
from changeover.evidence.comparison_totals import Corpus
from changeover.evidence.sources import Source
from changeover.packs.http.messages import HttpAnswer
from changeover.values.observation import Side


class Way(Enum):
    BUY = "buy"
    SELL = "sell"


@dataclass
class Order:
    amount: int
    side: Way = Way.BUY
    ignore_hours: bool = False
    tags: list[str] = field(default_factory=list)


class Market:
    def __init__(self) -> None:
        self.quote: Any = None

    def price(self, symbol: str) -> Any:
        return self.quote


def corpus_of(
    calls: Sequence[tuple[Any, ...]],
    quotes: Sequence[Any] = (),
    redact: Callable[[Run], Run] | None = None,
    candidate: Callable[..., Any] | None = None,
) -> Corpus:
    migration, market = Migration(), Market()
    migration.port("market", market, reads={"price"})

    def path(order: Any, flag: bool = False) -> Any:
        return market.price("SPY"), 1

    seam = migration.seam("desk.fill", legacy=path, candidate=candidate or path)

    def case(number: int) -> Callable[[], object]:
        def run() -> object:
            market.quote = quotes[number] if quotes else number
            return seam(*calls[number])

        return run

    def made(_: SourceOptions) -> Iterator[Case]:
        for number in range(len(calls)):
            yield Case(str(number), case(number))

    corpus = Corpus(STRICT, redact=redact)
    options, selection = SourceOptions(answer=Side.LEGACY), select(migration, ())
    for done in compared_cases(
        migration, Source("all", "generated", made, "cases"), options, selection, rules=STRICT, noise=False
    ):
        corpus.add(done.name, done.runs, done.tags)
    return corpus


def listed(corpus: Corpus) -> dict[str, tuple[str, int, int]]:
    return {one.place: (one.value, one.runs, one.of) for one in corpus.unvaried}


def test_a_switch_that_no_source_ever_set_is_named_first() -> None:
    corpus = corpus_of([(Order(number), False) for number in range(30)])
    assert listed(corpus) == {
        "arguments.flag": ("false", 30, 30),
        "arguments.order.ignore_hours": ("false", 30, 30),
        "arguments.order.side": ("BUY", 30, 30),
        "arguments.order.tags": ("[]", 30, 30),
        "reads.market.price.arguments.symbol": ('"SPY"', 30, 30),
    }
    assert corpus.unvaried[0].place == "arguments.flag"
    assert {one.seam for one in corpus.unvaried} == {"desk.fill"}


VARIED = [
    (Order(1, Way.SELL), "side"),
    (Order(1, ignore_hours=True), "ignore_hours"),
    (Order(1, tags=["x"]), "tags"),
]


@pytest.mark.parametrize(("other", "name"), VARIED)
def test_one_other_value_in_one_run_is_enough(other: Order, name: str) -> None:
    constant = [(Order(1),) for _ in range(9)]
    assert f"arguments.order.{name}" in listed(corpus_of(constant))
    assert f"arguments.order.{name}" not in listed(corpus_of([*constant, (other,)]))
    assert f"arguments.order.{name}" not in listed(corpus_of([(other,), *constant]))


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), (Decimal(1), Decimal("1.0")), ("1", 1), (None, 0), ([], {})],
    ids=repr,
)
def test_values_of_two_types_are_two_values(one: Any, other: Any) -> None:
    found = listed(corpus_of([(one,), (other,), (one,)]))
    is_same = "arguments.order" in found
    assert is_same == (isinstance(one, Decimal) or one == [])


def test_what_is_there_in_some_runs_is_counted_by_those() -> None:
    quotes = [{"halted": False, "last": number} if number % 2 else None for number in range(10)]
    found = listed(corpus_of([(number,) for number in range(10)], quotes))
    assert found["reads.market.price.answer.halted"] == ("false", 5, 10)
    assert "reads.market.price.answer.last" not in found
    assert "reads.market.price.answer" not in found


def test_items_of_a_list_are_looked_at_together() -> None:
    rows = [[{"kind": "x", "n": number}, {"kind": "x", "n": -number}] for number in range(1, 6)]
    found = listed(corpus_of([(row,) for row in rows]))
    assert found["arguments.order[*].kind"] == ('"x"', 5, 5)
    assert "arguments.order[*].n" not in found
    rows[3][1]["kind"] = "y"
    assert "arguments.order[*].kind" not in listed(corpus_of([(row,) for row in rows]))


def test_one_run_alone_says_nothing() -> None:
    assert corpus_of([(Order(1),)]).unvaried == ()


def test_a_value_is_shown_as_the_redacted_run_has_it() -> None:
    def hidden(run: Run) -> Run:
        return replace(run, arguments={**run.arguments, "order": {"token": "[redacted]"}})

    calls = [({"token": "secret-of-the-shop"},) for _ in range(3)]
    found = listed(corpus_of(calls, redact=hidden))
    assert found["arguments.order.token"] == ('"[redacted]"', 3, 3)

    def gone(run: Run) -> Run:
        return replace(run, arguments={**run.arguments, "order": "[redacted]"})

    assert "secret" not in str(listed(corpus_of(calls, redact=gone)))


def test_runs_that_differ_count_as_well() -> None:
    corpus = corpus_of([(number, False) for number in range(5)], candidate=lambda order, flag: 2)
    assert corpus.total.diverged == 5
    assert listed(corpus)["arguments.flag"] == ("false", 5, 5)


def test_no_more_is_looked_at_than_the_limits_say() -> None:
    many = {f"name {number}": 0 for number in range(unvaried.PARTS_MAX)}
    large = {f"name {number}": 0 for number in range(unvaried.PARTS_MAX + 1)}
    wide = [[many] for _ in range(3)]
    assert len(corpus_of([(wide,), (wide,), (wide,)]).unvaried) == unvaried.LISTED_MAX
    assert [place for place in listed(corpus_of([(large,), (large,)])) if "name" in place] == []
    deep: Any = 0
    for _ in range(unvaried.DEPTH_MAX + 1):
        deep = [deep]
    assert "arguments.order" not in {
        place.partition("[")[0] for place in listed(corpus_of([(deep,), (deep,)]))
    }


def test_an_object_that_contains_itself_ends_the_look() -> None:
    knot: dict[str, Any] = {"name": "x"}
    knot["self"] = knot
    assert listed(corpus_of([(knot,), (knot,)]))["arguments.order.name"] == ('"x"', 2, 2)


def test_fields_that_an_answer_of_a_pack_has_where_nothing_is_said_are_not_listed() -> None:
    answers = [HttpAnswer(200, "OK", (), str(n).encode(), "http://shop.example") for n in range(5)]
    found = listed(corpus_of([(number,) for number in range(5)], answers))
    assert found["reads.market.price.answer.status"] == ("200", 5, 5)
    assert [place for place in found if "history" in place or "is_stream" in place] == []
    nothing = listed(corpus_of([({"kind": None, "n": number},) for number in range(5)]))
    assert nothing["arguments.order.kind"] == ("none", 5, 5)
    sent_on = [replace(one, history=(answers[0],)) for one in answers]
    found = listed(corpus_of([(number,) for number in range(5)], sent_on))
    assert found["reads.market.price.answer.history[*].status"] == ("200", 5, 5)
