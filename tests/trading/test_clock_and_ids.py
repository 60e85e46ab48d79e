"""Time never goes back, and an identifier is given out once."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.clock import Clock, SimulatedClock, SystemClock
from trading.ids import CountingIds, RandomIds

NOON = datetime(2016, 1, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize("clock", [SystemClock(), SimulatedClock(NOON)])
def test_now_is_aware_and_in_utc(clock: Clock) -> None:
    assert clock.now().tzinfo is UTC


@pytest.mark.parametrize("clock", [SystemClock(), SimulatedClock(NOON)])
def test_after_sleeping_it_is_at_least_that_much_later(clock: Clock) -> None:
    before = clock.now()
    clock.sleep(0.01)
    assert clock.now() - before >= timedelta(seconds=0.009)  # the machine's clock may be adjusted


@pytest.mark.parametrize("clock", [SystemClock(), SimulatedClock(NOON)])
def test_nobody_sleeps_into_the_past(clock: Clock) -> None:
    with pytest.raises(ValueError, match="sleep length"):
        clock.sleep(-1)


def test_a_simulated_clock_stands_still_between_sleeps() -> None:
    clock = SimulatedClock(NOON)
    assert clock.now() == clock.now() == NOON


@given(st.lists(st.floats(0, 1e6), max_size=10))
def test_a_simulated_clock_never_goes_back(sleeps: list[float]) -> None:
    clock = SimulatedClock(NOON)
    seen = [clock.now()]
    for seconds in sleeps:
        clock.sleep(seconds)
        seen.append(clock.now())
    assert seen == sorted(seen)


def test_a_simulated_clock_jumps_forward() -> None:
    clock = SimulatedClock(NOON)
    clock.advance_to(datetime(2016, 1, 4, 14, tzinfo=timezone(timedelta(hours=1))))
    assert clock.now().isoformat() == "2016-01-04T13:00:00+00:00"
    clock.advance_to(clock.now())
    assert clock.now() == datetime(2016, 1, 4, 13, tzinfo=UTC)


def test_a_simulated_clock_refuses_to_jump_back() -> None:
    clock = SimulatedClock(NOON)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance_to(NOON - timedelta(microseconds=1))


@pytest.mark.parametrize("naive", [datetime(2016, 1, 4)])
def test_a_moment_without_a_time_zone_is_refused(naive: datetime) -> None:
    with pytest.raises(ValueError, match="naive"):
        SimulatedClock(naive)
    with pytest.raises(ValueError, match="naive"):
        SimulatedClock(NOON).advance_to(naive)


def test_random_ids_begin_with_their_kind_and_are_given_out_once() -> None:
    ids = RandomIds()
    given_out = [ids.new("plan") for _ in range(100)]
    assert len(set(given_out)) == 100
    assert all(name.startswith("plan-") and len(name) == 37 for name in given_out)


def test_counting_ids_are_the_same_in_every_run() -> None:
    runs = []
    for _ in range(2):
        ids = CountingIds(lambda: "2016-01-04")
        runs.append([ids.new("plan"), ids.new("plan"), ids.new("run")])
    assert runs[0] == runs[1] == ["plan-2016-01-04-1", "plan-2016-01-04-2", "run-2016-01-04-1"]


def test_counting_ids_count_anew_in_each_scope_and_go_on_in_an_earlier_one() -> None:
    scope = "monday"
    ids = CountingIds(lambda: scope)
    first = ids.new("plan")
    scope = "tuesday"
    second = ids.new("plan")
    scope = "monday"
    assert [first, second, ids.new("plan")] == ["plan-monday-1", "plan-tuesday-1", "plan-monday-2"]
