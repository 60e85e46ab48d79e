"""Replay semantics, case by case, on a small trade."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from changeover import Raised, fresh
from tests.changeover.support.small_trade import Order, Rejected, Trade


def sell(trade: Trade, quantity: int = 4, client_id: str = "client-1") -> Order:
    return trade.broker.submit(client_id, "SPY", "SELL", quantity)


def legacy(trade: Trade) -> Any:
    held = trade.broker.positions()["SPY"]
    quote = trade.broker.quote("SPY")
    order = sell(trade, held // 2)
    while trade.broker.get(order.order_id).status != "filled":
        trade.clock.sleep(1)
    after = trade.broker.positions()["SPY"]
    trade.mailbox.send("desk", f"sold {order.quantity} at {quote}, {after} left")
    return order.quantity, after


def test_the_same_path_replayed_on_its_own_tape_matches() -> None:
    trade = Trade()
    assert trade.run(legacy, legacy).verdict == "match"
    assert len(trade.broker.orders) == len(trade.mailbox.sent) == 1


def test_reading_in_another_order_matches() -> None:
    def candidate(trade: Trade) -> Any:
        quote = trade.broker.quote("SPY")
        held = trade.broker.positions()["SPY"]
        order = sell(trade, held // 2)
        while trade.broker.get(order.order_id).status != "filled":
            trade.clock.sleep(1)
        after = trade.broker.positions()["SPY"]
        trade.mailbox.send("desk", f"sold {order.quantity} at {quote}, {after} left")
        return order.quantity, after

    assert Trade().run(legacy, candidate).verdict == "match"


def test_polling_more_often_repeats_the_last_answer() -> None:
    def candidate(trade: Trade) -> Any:
        held = trade.broker.positions()["SPY"]
        order = sell(trade, held // 2)
        statuses = [trade.broker.get(order.order_id).status for _ in range(5)]
        assert statuses == ["open", "filled", "filled", "filled", "filled"]
        after = trade.broker.positions()["SPY"]
        trade.mailbox.send("desk", f"sold {order.quantity} at {trade.broker.quote('SPY')}, {after} left")
        return order.quantity, after

    assert Trade().run(legacy, candidate).verdict == "match"


def test_polling_less_often_gets_the_first_answers() -> None:
    def candidate(trade: Trade) -> str:
        return trade.broker.get(sell(trade).order_id).status

    def patient(trade: Trade) -> str:
        order = sell(trade)
        first = trade.broker.get(order.order_id).status
        trade.broker.get(order.order_id)
        return first

    assert Trade().run(patient, candidate).verdict == "match"


def test_reading_something_extra_cannot_be_compared() -> None:
    def candidate(trade: Trade) -> Any:
        trade.broker.quote("TLT")
        return legacy(trade)

    run = Trade().run(legacy, candidate)
    assert run.verdict == "failed"
    assert run.reason is not None
    assert 'read-missing: broker.quote: quote(symbol="TLT")' in run.reason
    assert "test_replay.py:" in run.reason


def test_a_missing_read_stays_missing_when_the_path_goes_on_as_if_nothing_were() -> None:
    def candidate(trade: Trade) -> Any:
        with pytest.raises(Exception, match="read-missing"):
            trade.broker.quote("TLT")
        return legacy(trade)

    assert Trade().run(legacy, candidate).verdict == "failed"


def test_trading_another_quantity_is_unsafe_and_names_the_argument() -> None:
    def candidate(trade: Trade) -> Any:
        order = sell(trade, trade.broker.positions()["SPY"])
        while trade.broker.get(order.order_id).status != "filled":
            trade.clock.sleep(1)
        trade.mailbox.send("desk", f"sold {order.quantity} at 400, {trade.broker.positions()['SPY']} left")
        return order.quantity, 5

    trade = Trade()
    assert trade.run(legacy, candidate).verdict == "unsafe"
    assert trade.kinds() == ["effect-changed effects.broker.submit[SPY,SELL].quantity"]
    assert [order.quantity for order in trade.broker.orders.values()] == [5]


def test_identifiers_of_its_own_can_be_looked_up_again() -> None:
    def by(client_id: str) -> Any:
        def path(trade: Trade) -> Any:
            sell(trade, client_id=client_id)
            found = trade.broker.find(client_id)
            assert found is not None
            assert found.client_id == client_id
            return found.quantity

        return path

    trade = Trade()
    run = trade.run(by("legacy-17"), by("c4d1-uuid-like-9"))
    assert trade.kinds() == ["effect-changed effects.broker.submit[SPY,SELL].client_id"]
    assert not run.notes
    assert run.candidate is not None
    assert run.legacy is not None
    assert run.candidate.outcome == run.legacy.outcome


def test_positions_read_only_after_the_fill_are_not_answered_from_before_it() -> None:
    def early(trade: Trade) -> int:
        held = trade.broker.positions()["SPY"]
        order = sell(trade)
        trade.broker.get(order.order_id)
        return held

    def late(trade: Trade) -> int:
        order = sell(trade)
        trade.broker.get(order.order_id)
        return trade.broker.positions()["SPY"]

    run = Trade().run(early, late)
    assert run.verdict == "failed"
    assert [str(note.kind) for note in run.notes] == ["read-missing"]


def test_effects_made_in_another_order_leave_every_recorded_epoch() -> None:
    def one_then_other(trade: Trade) -> Any:
        trade.broker.positions()
        sell(trade)
        between = trade.broker.positions()
        trade.broker.submit("client-2", "TLT", "BUY", 1)
        return between

    def other_way_round(trade: Trade) -> Any:
        trade.broker.positions()
        trade.broker.submit("client-2", "TLT", "BUY", 1)
        between = trade.broker.positions()  # a world in which only TLT was bought: never recorded
        sell(trade)
        return between

    run = Trade().run(one_then_other, other_way_round)
    assert [str(note.kind) for note in run.notes] == ["read-missing"]
    assert run.verdict in ("failed", "unsafe")


def test_once_all_effects_are_made_the_order_they_had_no_longer_hides_the_reads() -> None:
    def one_then_other(trade: Trade) -> Any:
        sell(trade)
        trade.broker.submit("client-2", "TLT", "BUY", 1)
        return trade.broker.positions()

    def other_way_round(trade: Trade) -> Any:
        trade.broker.submit("client-2", "TLT", "BUY", 1)
        sell(trade)
        return trade.broker.positions()

    run = Trade().run(one_then_other, other_way_round)
    assert not run.notes
    assert {str(found.kind) for found in run.divergences} == {"effect-order"}


def test_a_mail_sent_first_is_another_port_and_hides_no_read_of_the_broker() -> None:
    def mail_first(trade: Trade) -> Any:
        trade.mailbox.send("desk", "sold 5 at 400, 5 left")
        held = trade.broker.positions()["SPY"]
        order = sell(trade, held // 2)
        while trade.broker.get(order.order_id).status != "filled":
            trade.clock.sleep(1)
        return order.quantity, trade.broker.positions()["SPY"]

    trade = Trade()
    run = trade.run(legacy, mail_first)
    assert not run.notes
    assert {str(found.kind) for found in run.divergences} <= {"effect-order"}


def test_waiting_in_a_loop_on_the_clock_takes_no_time_and_ends() -> None:
    def waits(seconds: float) -> Any:
        def path(trade: Trade) -> bool:
            end = trade.clock.now() + timedelta(seconds=seconds)
            while trade.clock.now() < end:
                trade.clock.sleep(30)
            return True

        return path

    trade = Trade()
    assert trade.run(waits(60), waits(3600)).verdict == "match"
    assert trade.clock.slept == [30, 30]


def test_time_never_goes_back_in_a_replay() -> None:
    def legacy_path(trade: Trade) -> int:
        return len({trade.clock.now(), trade.clock.now()})

    def candidate(trade: Trade) -> int:
        first = trade.clock.now()
        trade.clock.sleep(100)
        second, third = trade.clock.now(), trade.clock.now()
        assert first + timedelta(seconds=100) <= second <= third
        return 2

    assert Trade().run(legacy_path, candidate).verdict == "match"


def test_an_effect_that_the_tape_does_not_have_is_withheld() -> None:
    def candidate(trade: Trade) -> Any:
        trade.broker.submit("client-9", "TLT", "BUY", 100)
        return legacy(trade)

    trade = Trade()
    assert trade.run(legacy, candidate).verdict == "unsafe"
    assert trade.kinds() == ["effect-extra effects.broker.submit[TLT,BUY]"]
    assert [order.symbol for order in trade.broker.orders.values()] == ["SPY"]


def test_what_follows_a_withheld_effect_names_it_as_the_cause() -> None:
    def candidate(trade: Trade) -> Any:
        trade.broker.submit("client-9", "TLT", "BUY", 100)
        return "something else"

    trade = Trade()
    trade.run(legacy, candidate)
    first, *others = trade.runs[-1].divergences
    causes = {found.place: found.consequence_of for found in (first, *others)}
    assert causes.pop("effects.broker.submit[TLT,BUY]") is None
    assert set(causes.values()) == {"effects.broker.submit[TLT,BUY]"}


def test_recorded_exceptions_are_raised_again_as_copies() -> None:
    def path(trade: Trade) -> str:
        try:
            trade.broker.submit("client-1", "GLD", "BUY", 1)
        except Rejected as error:
            errors.append(error)
            return f"{error} / {error.symbol}"
        return "accepted"

    errors: list[Rejected] = []
    run = Trade().run(path, path)
    assert run.verdict == "match"
    assert errors[0] is not errors[1]
    assert str(errors[1]) == "GLD was rejected"


def test_ambiguous_answers_make_a_run_inexact_and_never_diverged() -> None:
    def recorded(trade: Trade) -> Any:
        before = trade.broker.get("broker-1").status
        trade.broker.positions()
        trade.broker.find("x")
        after = trade.broker.get("broker-1").status
        return before, after

    def another(trade: Trade) -> Any:
        trade.broker.positions()
        status = trade.broker.get("broker-1").status  # before or after find? the tape cannot tell
        return status, status

    trade = Trade()
    sell(trade)
    run = trade.run(recorded, another)
    assert [str(note.kind) for note in run.notes] == ["inexact"]
    assert run.verdict == "failed"


def test_a_supplement_answers_reads_after_the_last_effect() -> None:
    trade = Trade()

    def reconciling(trade: Trade) -> int:
        sell(trade)
        return trade.broker.positions()["SPY"]

    def plain(trade: Trade) -> int:
        sell(trade)
        return 10

    seam = trade.migration.seam(
        "trade", legacy=lambda day: plain(trade), candidate=lambda day: reconciling(trade)
    )
    seam("day")
    assert trade.runs[-1].verdict == "failed"
    seam.seam.supplement = (("broker", "positions"),)
    seam("day")
    run = trade.runs[-1]
    assert run.verdict == "match"
    assert run.tape.supplements == 1
    assert run.legacy is not None
    assert not run.legacy.reads


def test_more_port_calls_than_the_limit_fail_the_run_even_in_a_loop_that_swallows_everything() -> None:
    from changeover.values.limits import Limits

    def hungry(trade: Trade) -> Any:
        while True:
            with suppress(Exception):  # what a careless retry loop does
                trade.clock.now()

    trade = Trade(limits=Limits(port_calls_max=50))
    run = trade.run(lambda trade: trade.clock.now(), hungry)
    assert run.verdict == "failed"
    assert run.reason is not None
    assert "more than 50 port calls" in run.reason


def test_a_fresh_path_gets_ports_that_know_only_the_tape() -> None:
    trade = Trade()
    seam = trade.migration.seam(
        "trade",
        legacy=lambda day: legacy(trade),
        candidate=fresh(lambda ports: lambda day: (ports.broker.positions()["SPY"] // 2, 5)),
    )
    assert seam("day") == (5, 5)
    run = trade.runs[-1]
    assert {str(found.kind) for found in run.divergences} == {"effect-missing"}


def test_answers_given_to_the_path_are_copies_that_it_may_change() -> None:
    def careless(trade: Trade) -> Any:
        held = trade.broker.positions()
        held.clear()
        return len(trade.broker.positions())

    assert Trade().run(lambda trade: len(trade.broker.positions()), careless).verdict == "match"


def test_local_identifiers_of_a_replay_do_not_move_the_real_counter() -> None:
    def path(trade: Trade) -> str:
        trade.broker.positions()
        return trade.ids.new()

    trade = Trade()
    seam = trade.migration.seam("trade", legacy=lambda day: path(trade), candidate=lambda day: path(trade))
    assert [seam("day"), seam("day"), seam("day")] == ["id-1", "id-2", "id-3"]


def test_an_exception_of_the_shadowed_path_is_compared_and_not_raised() -> None:
    def broken(trade: Trade) -> Any:
        raise SystemExit(3)

    trade = Trade()
    run = trade.run(legacy, broken)
    assert run.candidate is not None
    assert isinstance(run.candidate.outcome, Raised)
    assert "error-one-side error" in trade.kinds()


def test_a_copied_world_shows_what_follows_a_divergence() -> None:
    def all_of_it(trade: Trade) -> Any:
        order = sell(trade, trade.broker.positions()["SPY"])
        while trade.broker.get(order.order_id).status != "filled":
            trade.clock.sleep(1)
        trade.mailbox.send("desk", "sold")
        return order.quantity, trade.broker.positions()["SPY"]

    trade = Trade(world="copy")
    run = trade.run(legacy, all_of_it)
    assert run.verdict == "unsafe"
    assert run.candidate is not None
    assert run.candidate.outcome.give() == (10, 0)
    assert trade.broker.held["SPY"] == 5
    assert len(trade.broker.orders) == 1


def test_a_key_function_that_raises_fails_the_run_and_not_the_caller() -> None:
    trade = Trade()
    seam = trade.migration.seam(
        "trade",
        legacy=lambda day: sell(trade).quantity,
        candidate=lambda day: trade.broker.submit("client-1", "SPY", "SELL", quantity=4, speed="high"),  # type: ignore[call-arg]
    )
    assert seam("day") == 4
    run = trade.runs[-1]
    assert run.verdict == "failed"
    assert "key cannot be worked out" in str(run.notes[0])
