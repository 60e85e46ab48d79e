"""A legacy that fails while shadowed is an alert; a candidate that acted differently is moved back."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from changeover.rollout.tripwire import legacy_failure
from changeover.values.limits import Limits
from tests.changeover.support.live_program import Broker, LiveDesk, sells


def raises(error: Exception, *, after: int = 0) -> Callable[[Broker, str], object]:
    """A path that is as good as the other one so many times, and then raises."""
    calls = 0

    def path(broker: Broker, account: str) -> object:
        nonlocal calls
        calls += 1
        if calls > after:
            raise error
        return sells(18)(broker, account)

    return path


def asks_for_ever(broker: Broker, account: str) -> object:
    while True:
        broker.held("SPY")


def asks_another_question(broker: Broker, account: str) -> object:
    broker.held("TLT")
    return sells(18)(broker, account)


DEAD = {
    "raises from the first run on": (raises(ImportError("no module legacy")), "raised ImportError"),
    "raises after a hundred runs": (raises(RuntimeError("gone"), after=100), "raised RuntimeError"),
    "hangs into the limit of the replay": (asks_for_ever, "could not be replayed: limit"),
    "asks what is not on the tape": (asks_another_question, "could not be replayed: read-missing"),
}


@pytest.mark.parametrize("case", DEAD)
def test_a_legacy_that_fails_while_shadowed_is_an_alert_and_moves_nothing(tmp_path: Path, case: str) -> None:
    desk = LiveDesk(tmp_path, limits=Limits(port_calls_max=50), options="trip_after = 0")
    desk.legacy, said = DEAD[case]
    for number in range(110):
        desk.order(str(number))
    assert desk.kinds == ["legacy-failed"]
    assert said in desk.alerts[0].text
    assert desk.stage == "live"
    assert desk.fresh_process().stage == "live"


def test_a_candidate_that_raises_as_well_does_not_lead_into_a_dead_legacy(tmp_path: Path) -> None:
    desk = LiveDesk(tmp_path, options="trip_after = 0")
    desk.legacy = raises(ImportError("no module legacy"))
    desk.order("answers")
    desk.candidate = raises(KeyError("SPY"))
    with pytest.raises(KeyError):
        desk.order("raises")
    assert desk.runs[-1].verdict == "diverged"
    assert desk.stage == "live"


def skips(broker: Broker, account: str) -> object:
    broker.held("SPY")
    return ["order SPY"]


def buys_more(broker: Broker, account: str) -> object:
    return [*sells(18)(broker, account), broker.submit("TLT", 5)]  # type: ignore[misc]


def checks_its_order(broker: Broker, account: str) -> object:
    broker.held("SPY")
    if broker.submit("SPY", 18) != "order SPY":
        raise ValueError("not the order that was placed")
    return ["order SPY"]


def gives_up_after_the_first(broker: Broker, account: str) -> object:
    broker.held("SPY")
    broker.submit("SPY", 18)
    raise RuntimeError("gone")


def wraps_refusals(broker: Broker, account: str) -> object:
    try:
        return sells(18)(broker, account)
    except Exception as error:
        raise RuntimeError("the order failed") from error


def acts_between_reads(broker: Broker, account: str) -> object:
    broker.held("SPY")
    broker.submit("QQQ", 1)
    broker.held("TLT")
    return [broker.submit("SPY", 18)]


def reads_before_it_acts(broker: Broker, account: str) -> object:
    for symbol in ("SPY", "SPY", "TLT"):
        broker.held(symbol)
    return [broker.submit("SPY", 18)]


ACTED: dict[str, tuple[Callable[[Broker, str], object], Callable[[Broker, str], object]]] = {
    "legacy is refused an order that the candidate did not place": (sells(18), skips),
    "legacy wraps the refusal in an error of its own": (wraps_refusals, skips),
    "legacy raises after an order that differs": (gives_up_after_the_first, sells(312)),
    "legacy raises after the order before which the candidate placed another": (
        gives_up_after_the_first,
        lambda broker, account: (broker.held("SPY"), broker.submit("QQQ", 1), broker.submit("SPY", 18)),
    ),
    "an order that the candidate alone placed hides from legacy what comes after it": (
        reads_before_it_acts,
        acts_between_reads,
    ),
    "the candidate places one more": (sells(18), buys_more),
    "an order differs, and legacy is content": (checks_its_order, sells(17)),
}


@pytest.mark.parametrize("case", ACTED)
def test_a_candidate_that_acted_differently_is_moved_back_however_legacy_ended(
    tmp_path: Path, case: str
) -> None:
    desk = LiveDesk(tmp_path)
    desk.legacy, desk.candidate = ACTED[case]
    desk.order("one")
    assert desk.runs[-1].verdict == "unsafe"
    assert desk.stage == "shadow"
    assert desk.kinds == ["tripped"]


def test_an_exception_that_both_paths_have_raised_alike_is_an_answer_and_no_failure(tmp_path: Path) -> None:
    desk = LiveDesk(tmp_path)
    desk.legacy = desk.candidate = raises(ValueError("the market is closed"))
    for number in range(3):
        with pytest.raises(ValueError, match="closed"):
            desk.order(str(number))
    desk.candidate = sells(18)  # goes on where legacy still refuses to
    desk.order("lost guard")
    assert desk.kinds == ["tripped"]
    assert desk.stage == "shadow"


def test_a_refusal_counts_also_where_the_divergence_itself_was_beyond_a_limit(tmp_path: Path) -> None:
    desk = LiveDesk(tmp_path)
    desk.candidate = skips
    desk.order("one")
    assert legacy_failure(replace(desk.runs[-1], divergences=())) is None
