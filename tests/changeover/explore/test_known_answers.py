"""An invariant is asked again wherever it could say something else, and says what it would say without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover import Observation, Returned
from changeover.explore.exploration import Exploration
from changeover.explore.known_answers import ALIKE_KEPT_MAX, KnownAnswers, Likeness
from changeover.record.port import PortBook
from changeover.replay.observation_copy import SHOWN
from changeover.seam.judge import Predicate
from changeover.values.event import EventPoint, EventStep
from changeover.values.observation import PortCall, Side
from tests.changeover.explore.test_explore import explored
from tests.changeover.support.order_faults import depot_migration

BOOK = PortBook()


def call(name: str, value: Any, position: int) -> PortCall:
    return PortCall("depot", name, value, {"value": value}, Returned(None), position)


def event(name: str, content: Any, position: int) -> EventStep:
    return EventStep(EventPoint.PUBLISHED, "bus", f"{name}-1", name, position, content=content)


def observed(
    value: Any = 1,
    effects: tuple[PortCall, ...] = (),
    events: tuple[EventStep, ...] = (),
    seconds: float = 0.0,
) -> Observation:
    return Observation(Side.CANDIDATE, Returned(value), effects, (), seconds, False, {}, (), events)


class Asked:
    """A predicate as a runtime shows it copies, and how often it was asked."""

    def __init__(self, predicate: Predicate) -> None:
        self.times = 0
        self.predicate = predicate
        self.__name__ = "asked"

    def __call__(self, seen: Observation) -> bool:
        self.times += 1
        return self.predicate(SHOWN.of(seen, BOOK))


def known(predicate: Predicate) -> tuple[Asked, Predicate]:
    asked = Asked(predicate)
    return asked, KnownAnswers(Likeness()).asked(asked)


def test_it_is_asked_once_of_what_it_cannot_tell_apart() -> None:
    asked, holds = known(lambda seen: seen.outcome.give()["sum"] == len(seen.effects))
    for number in range(10):
        seen = observed({"sum": 1}, (call("send", [1], 3),), (event("sent", number, number),), float(number))
        assert holds(seen) is True
    assert asked.times == 1


DIFFERENT: list[tuple[Callable[[Observation], Any], Callable[[int], Observation]]] = [
    (lambda seen: seen.outcome.give(), lambda n: observed([1, {"b": n}])),
    (lambda seen: seen.effects[0].arguments, lambda n: observed(effects=(call("send", n, 1),))),
    (lambda seen: seen.effects[0].position, lambda n: observed(effects=(call("send", 1, n),))),
    (
        lambda seen: [one.name for one in seen.effects],
        lambda n: observed(effects=tuple([call("send", 1, 1)] * n)),
    ),
    (lambda seen: seen.events[0].type, lambda n: observed(events=(event("ab"[n % 2], 1, 1),))),
    (lambda seen: seen.events[0].position, lambda n: observed(events=(event("a", 1, n),))),
    (lambda seen: seen.own_time_s, lambda n: observed(seconds=float(n))),
    (lambda seen: seen.gave_up, lambda n: observed(None if n % 2 else 1)),
    (lambda seen: sorted(seen.outcome.give()), lambda n: observed({n, 2})),
]


@pytest.mark.parametrize(("look", "make"), DIFFERENT)
def test_it_is_asked_again_where_anything_that_it_looked_at_is_another(look: Any, make: Any) -> None:
    answers: list[Any] = []
    asked, holds = known(lambda seen: answers.append(look(seen)) or True)  # type: ignore[func-returns-value]
    for number in (1, 2, 3, 4):
        holds(make(number))
    assert asked.times >= len({repr(look(make(number))) for number in (1, 2, 3, 4)})


def test_an_invariant_that_looks_at_nothing_or_gives_no_answer_is_asked_each_time() -> None:
    predicates: list[Any] = [
        lambda _: True,
        lambda seen: "outcome" not in vars(seen),
        lambda seen: not seen.effects and "reads" not in vars(seen),  # at a part, and past all of them
        lambda seen: seen.outcome.give() and None,
        lambda seen: 1 // seen.outcome.give(),
    ]
    for predicate in predicates:
        asked, holds = known(predicate)
        for _ in range(3):
            try:
                holds(observed(0))
            except ZeroDivisionError:
                continue
        assert asked.times == 3


def test_a_part_that_is_always_another_is_soon_looked_at_no_more() -> None:
    asked, holds = known(lambda seen: bool(seen.outcome.give()))
    for number in range(1, 2 * ALIKE_KEPT_MAX):
        assert holds(observed(number))
    assert asked.times == 2 * ALIKE_KEPT_MAX - 1


PREDICATES: list[Predicate] = [
    lambda seen: seen.outcome.give() in (1, 2, "a"),
    lambda seen: type(seen.outcome.give()) is int,
    lambda seen: str(seen.outcome.give()) == "1",
    lambda seen: [one.method for one in seen.effects] == sorted(one.method for one in seen.effects),
    lambda seen: all(one.position % 2 for one in seen.effects),
    lambda seen: not seen.effects or seen.effects[0].arguments["value"] == seen.outcome.give(),
    lambda seen: [step.type for step in seen.events] == sorted(step.type for step in seen.events),
    lambda seen: all(step.content for step in seen.events) if seen.outcome.give() else seen.own_time_s > 1,
    lambda seen: seen.gave_up,
    lambda seen: len(repr(seen)) % 2 == 0,
]
VALUES = st.sampled_from([0, 1, 1.0, True, "a", None, [1], [1, 1], {"a": 1, "b": 2}, {"b": 2, "a": 1}])
OBSERVED = st.builds(
    observed,
    VALUES,
    st.lists(st.builds(call, st.sampled_from("pq"), VALUES, st.integers(1, 2)), max_size=2).map(tuple),
    st.lists(st.builds(event, st.sampled_from("xy"), VALUES, st.integers(1, 2)), max_size=2).map(tuple),
    st.sampled_from([0.0, 2.0]),
)


@given(st.lists(OBSERVED, max_size=12))
def test_its_answers_are_those_of_one_that_is_asked_each_time(seen: list[Observation]) -> None:
    answers = KnownAnswers(Likeness())
    for predicate in PREDICATES:
        holds = answers.asked(Asked(predicate))
        assert [holds(one) for one in seen] == [predicate(one) for one in seen]


def shipped_in_order(seen: Observation) -> bool:
    """What is packed is packed before the bill, which only some orders show."""
    handled = [step.handler for step in seen.events if step.point is EventPoint.HANDLED]
    return "pack" not in handled or handled.index("pack") < handled.index("bill")


def with_invariant(invariant: Predicate, schedules: int) -> Exploration:
    migration = depot_migration()
    migration.invariant("depot.ship")(invariant)
    return explored(schedules=schedules, migration=migration)


def test_an_invariant_about_the_order_of_events_is_asked_for_each_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    orders: list[tuple[Any, ...]] = []

    def counted(seen: Observation) -> bool:
        orders.append(tuple((step.point, step.type, step.handler) for step in seen.events))
        return shipped_in_order(seen)

    counted.__name__ = "shipped_in_order"
    known, asked = with_invariant(counted, 96), {*orders}
    orders.clear()
    monkeypatch.setattr(KnownAnswers, "asked", lambda self, predicate: predicate)
    each = with_invariant(counted, 96)
    assert asked == {*orders}
    assert len(asked) > 12
    assert (known.match, known.diverged, known.unsafe) == (each.match, each.diverged, each.unsafe)
    assert known.match
    assert known.match < known.tried == 96
    shown = [[(one.id, one.schedules, str(one.schedule)) for one in done.found] for done in (known, each)]
    assert shown[0] == shown[1]
