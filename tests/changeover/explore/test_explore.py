"""The candidate under other orders of its events: all of them, each event twice, found and made small."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from changeover import Case, ConfigurationError, Migration
from changeover.evidence.sources import SourceOptions
from changeover.explore.exploration import Exploration, Explorer
from changeover.explore.orders import disturbed, next_order
from changeover.explore.recorded import recorded_cases
from changeover.explore.shrink import shrunk
from changeover.replay.schedule import Schedule, Turn, parse_schedule
from changeover.replay.scheduler import Drawn, Scheduler, TurnTaken
from tests.changeover.support.foreign_bus import ScheduledBus, describe
from tests.changeover.support.order_faults import (
    CONTRACT,
    FAULTS,
    Depot,
    Service,
    async_depot_migration,
    by_messages,
    depot_migration,
    legacy,
)


def explored(
    make: Any = Service,
    schedules: int = 400,
    *,
    jobs: int = 1,
    only: str | None = None,
    migration: Migration | None = None,
) -> Exploration:
    migration = migration or depot_migration(make)
    source = migration.sources.named("orders")
    for one in recorded_cases(migration, source, SourceOptions(), "depot.ship", None, None):
        explorer = Explorer(
            one.recording,
            inside_loop=one.inside_loop,
            case=one.name,
            seed=0,
            jobs=jobs,
            told=lambda _: None,
            is_stopped=lambda: False,
        )
        return explorer.explore(schedules) if only is None else explorer.only(parse_schedule(only))
    raise AssertionError


def test_a_path_that_stands_every_order_matches_in_all_of_them() -> None:
    done = explored(schedules=140)
    assert done.is_exhaustive
    # bill and pack, billed and packed: 6 orders of these four; note and mail: 2
    assert done.orders == 12
    assert done.turns > 7  # some of the seven deliveries came twice
    assert done.with_one == 12 * (1 + 7)
    assert (done.tried, done.match, done.drawn) == (140, 140, 140 - 96)
    assert not done.found


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_an_order_fault_is_found_and_made_as_small_as_four_events(fault: type[Service]) -> None:
    assert not explored(fault, 1).found, "it shows in the usual order"
    done = explored(fault, 50)
    assert done.found
    for failing in done.found:
        assert 1 <= len(failing.schedule) <= 4, str(failing.schedule)
        assert len(failing.events) == len(failing.schedule)
        again = explored(fault, only=str(failing.schedule))
        assert [one.id for one in again.found] == [failing.id]


def test_several_processes_find_what_one_does() -> None:
    alone, shared = (explored(FAULTS[2], 230, jobs=jobs) for jobs in (1, 2))
    found = [[(one.id, one.schedules, str(one.schedule)) for one in done.found] for done in (alone, shared)]
    assert found[0] == found[1]
    assert (alone.tried, alone.unsafe, alone.turns) == (shared.tried, shared.unsafe, shared.turns)


def test_a_bus_that_does_not_ask_is_not_explored() -> None:
    done = explored(migration=depot_migration(asks=False))
    assert (done.turns, done.tried, done.match) == (0, 1, 1)


def test_where_there_are_more_orders_than_schedules_the_exploration_says_so() -> None:
    done = explored(schedules=6)
    assert (done.orders, done.with_one, done.tried, done.drawn) == (None, None, 6, 3)
    done = explored(schedules=50)
    assert (done.orders, done.with_one, done.tried, done.drawn) == (12, None, 50, 38)


def taken(*sizes_and_places: tuple[int, int]) -> list[TurnTaken]:
    return [TurnTaken(size, Turn(place), False, "e", "h") for size, place in sizes_and_places]


def test_orders_are_gone_through_without_leaving_one_out() -> None:
    sizes, order, seen = [1, 2, 2, 1], Schedule(), []
    while order is not None:
        places = [order.turns.get(number, Turn()).place for number in range(1, 5)]
        seen.append(tuple(places))
        order = next_order(taken(*zip(sizes, places, strict=True)))  # type: ignore[assignment]
    assert seen == [(0, 0, 0, 0), (0, 0, 1, 0), (0, 1, 0, 0), (0, 1, 1, 0)]


def test_a_restart_moves_the_turns_that_follow_it() -> None:
    one = [turn._replace(can_restart=True) for turn in taken((2, 1), (2, 0), (2, 1))]
    assert [str(schedule) for schedule in disturbed(one)][3:] == ["1!,2:2,4:2", "1:2,2!,4:2", "1:2,3!,4:2"]


def test_a_schedule_is_shrunk_to_the_turns_that_it_takes() -> None:
    large = Schedule({number: Turn(number % 3, twice=number % 2 == 0) for number in range(1, 30)})
    found = shrunk(
        Schedule.of(large.turns), lambda one: one.turns.get(7, Turn()).place > 0 and 10 in one.turns
    )
    assert str(found) in ("7:2,10:2", "7:2,10+")


@pytest.mark.parametrize("text", ["4:2,5+,6!", "1:3+", "", "10!,11:2"])
def test_a_schedule_reads_back_from_its_text(text: str) -> None:
    assert str(parse_schedule(text)) == text


@pytest.mark.parametrize(
    ("text", "said"), [("x", "'x', allowed"), ("0+", "'0+'"), ("4:0", "'4:0'"), ("4+,4!", "turn 4 twice")]
)
def test_a_schedule_that_is_none_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_schedule(text)
    assert said in str(raised.value)


def test_drawn_schedules_are_the_same_for_the_same_seed_and_of_every_sort() -> None:
    def drawn(seed: str) -> Schedule:
        scheduler = Scheduler(Drawn(seed))
        for waiting in (1, 2, 3, 2, 2, 1, 2, 3):
            scheduler.turn(waiting, can_restart=True, names=lambda _: ("e", "h"))
        return scheduler.schedule

    assert [str(drawn(str(n))) for n in range(20)] == [str(drawn(str(n))) for n in range(20)]
    turns = [turn for n in range(200) for turn in drawn(str(n)).turns.values()]
    assert any(turn.restart for turn in turns)
    assert any(turn.twice for turn in turns)
    assert any(turn.place == 2 for turn in turns)


def test_a_seam_that_no_case_crosses_is_said() -> None:
    migration = depot_migration()
    source = migration.sources.named("orders")
    migration.seam("depot.other", legacy=len, candidate=len)
    with pytest.raises(ConfigurationError, match="no case of orders passes through it"):
        list(recorded_cases(migration, source, SourceOptions(), "depot.other", None, None))


def test_an_async_candidate_is_explored_when_its_loop_has_ended() -> None:
    done = explored(migration=async_depot_migration(), schedules=96)
    assert (done.orders, done.is_exhaustive, done.match) == (12, True, 96)
    assert explored(FAULTS[2], 30, migration=async_depot_migration(FAULTS[2])).found


def test_an_object_that_all_schedules_share_and_one_has_changed_lets_none_after_it_be_compared() -> None:
    """It is no longer what the recorded path had: what a later schedule shows may be due to that."""

    class Office:
        def __init__(self, depot: Depot) -> None:
            self.depot, self.kept = depot, list[str]()

        def ship(self, order: str) -> dict[str, Any]:
            return legacy(self.depot, order)

    migration = Migration(environment={}, refresh_s=0)
    depot, replays = Depot(), list[str]()
    migration.port("depot", Depot, effects={"send": None, "mail": None}, reads=["price"])
    events = migration.bus("depot", describe=describe, contract=CONTRACT)

    def candidate(office: Office, order: str) -> dict[str, Any]:
        replays.append(order)
        if len(replays) == 3:
            office.kept.append(order)
        return by_messages(events.watch(ScheduledBus()), Service(office.depot, order))

    migration.wrap(Office, "ship", candidate=candidate, name="depot.ship", shared_self=True)
    office = Office(depot)

    @migration.source("orders", population="generated")
    def orders(_options: object) -> Iterator[Case]:
        yield Case("lamp", lambda: office.ship("lamp"))

    done = explored(schedules=10, migration=migration)
    assert (done.tried, done.match, done.not_compared) == (10, 2, 8)
    assert all("self.kept" in reason for reason in done.reasons)
