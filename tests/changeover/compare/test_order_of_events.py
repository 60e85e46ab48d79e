"""Where events of a replay stand among the calls of its run, so that what they led to is told below them."""

import pytest

from changeover.compare.clusters import Clusters, RunFound, RunOccurrence
from changeover.compare.consequences import on_the_tape
from changeover.values.divergence import ABSENT, AFTER_ALL, Divergence, Kind
from changeover.values.observation import Observation, PortCall, Returned, Side


def effect(position: int) -> PortCall:
    return PortCall("till", "pay", "a", {}, Returned(None), position)


@pytest.mark.parametrize(
    ("own", "placed"),
    [(1, 0), (5, 0), (6, 3), (9, 3), (10, 7), (99, 7), (AFTER_ALL, None)],
)
def test_an_event_of_a_replay_stands_behind_as_many_effects_as_had_been_made(
    own: int, placed: int | None
) -> None:
    """The replayed path asked more before its effects: they are its fifth and its ninth call."""
    answered = Observation(Side.LEGACY, Returned(None), (effect(3), effect(7)), ())
    replayed = Observation(Side.CANDIDATE, Returned(None), (effect(5), effect(9)), ())
    breach = Divergence("events.shop.Charge", Kind.EVENT_CORRELATION, ABSENT, "b", replayed_at=own)
    assert [one.position for one in on_the_tape([breach], answered, replayed)] == [placed]


@pytest.mark.parametrize(("first", "second"), [("Question", "Answer"), ("Answer", "Question")])
def test_an_event_is_told_before_what_it_led_to_and_events_in_their_order(first: str, second: str) -> None:
    def event(name: str, own: int) -> Divergence:
        return Divergence(f"events.shop.{name}", Kind.EVENT_REPEATED, ABSENT, "b", 0, replayed_at=own)

    refused = Divergence("reads.till.balance", Kind.READ_MISSING, ABSENT, "b", 4, replayed_at=4)
    calls = tuple((1, False, number, 1) for number in (1, 2))
    clusters = Clusters()
    found = (refused, event(second, 3), event(first, 2))
    clusters.add(RunFound("1", "s", found, occurrence=RunOccurrence(calls, (1, True, 2, 1))))
    assert [one.fingerprint.place for one in clusters.found] == [
        f"events.shop.{first}",
        f"events.shop.{second}",
        "reads.till.balance",
    ]
