"""What a person reads about a run: all that happened, in figures that are not rounded away."""

from decimal import Decimal

from tests.trading.support.values import DAY, failed, made_position, made_state, said
from trading.domain.execution import ExecutionResult, OrderFate, OrderOutcome
from trading.domain.order import Side
from trading.domain.portfolio import consolidate
from trading.notify.message import failure, market_closed, trading_report
from trading.results import (
    ResultDict,
    account_dict,
    empty_results,
    orders_list,
    portfolio_dict,
    positions_dict,
    signals_dict,
)


def made_outcome(symbol: str, fate: OrderFate, filled: str, detail: str) -> OrderOutcome:
    return OrderOutcome(
        symbol=symbol,
        side=Side.BUY,
        client_order_id=f"p.{symbol}.BUY",
        order_id="1",
        trade_amount=Decimal(1),
        wanted_quantity=Decimal("1234567"),
        asked_quantity=Decimal("1234567"),
        filled_quantity=Decimal(filled),
        average_price=Decimal("12.3456") if Decimal(filled) else None,
        fate=fate,
        detail=detail,
    )


def made_results(*, success: bool = True, readable: bool = True) -> ResultDict:
    day = [said("trend", "0.6", AAA="0.5"), failed("ladder", "0.4", "AAA has 3 closes")]
    state = made_state("1234567.89", made_position("AAA", "0.5", "10"), made_position("BBB", "1234567", "1"))
    results = empty_results(success=success, message="the message") | {
        "strategy_signals": signals_dict(day),
        "consolidated_portfolio": portfolio_dict(consolidate(day)),
    }
    if readable:
        results |= {"account_info": account_dict(state), "current_positions": positions_dict(state)}
    return results


def with_orders(*outcomes: OrderOutcome) -> ResultDict:
    return made_results() | {"orders_executed": orders_list(ExecutionResult("p", outcomes))}


def test_a_closed_market_is_told_as_no_failure() -> None:
    note = market_closed(DAY)
    assert (note.kind, note.subject) == ("market-closed", "2016-01-04: market closed")
    assert note.body == "The market is closed. Nothing was evaluated or traded.\n"


def test_a_failure_is_told_with_its_reason() -> None:
    note = failure(DAY, "the reason")
    assert (note.kind, note.subject) == ("failure", "2016-01-04: trading run FAILED")
    assert note.body == "the reason\n"


def test_a_report_says_in_its_subject_how_the_run_ended() -> None:
    assert trading_report(DAY, made_results()).subject == "2016-01-04: trading run done"
    assert trading_report(DAY, made_results(success=False)).subject == "2016-01-04: trading run FAILED"


def test_a_report_says_what_became_of_every_order() -> None:
    body = trading_report(
        DAY,
        with_orders(
            made_outcome("AAA", OrderFate.FILLED, "1234567", ""),
            made_outcome("BBB", OrderFate.REJECTED, "0", "refused"),
            made_outcome("CCC", OrderFate.PARTIALLY_FILLED, "0.25", "the rest cancelled"),
        ),
    ).body
    assert (
        "Orders\n"
        "  BUY AAA  1,234,567 of 1,234,567 at 12.3456  FILLED\n"
        "  BUY BBB  0 of 1,234,567  REJECTED (refused)\n"
        "  BUY CCC  0.25 of 1,234,567 at 12.3456  PARTIALLY_FILLED (the rest cancelled)\n"
    ) in body


def test_a_report_says_what_was_aimed_at() -> None:
    assert "Target\n  AAA  30.00%\n  cash  70.00%\n" in trading_report(DAY, made_results()).body


def test_a_report_says_what_is_held_to_the_cent_and_the_share() -> None:
    body = trading_report(DAY, made_results()).body
    assert "  value 2,469,139.89  cash 1,234,567.89\n  AAA  0.5  5.00\n  BBB  1,234,567  1,234,567.00" in body


def test_a_report_without_account_data_says_so() -> None:
    body = trading_report(DAY, made_results(readable=False)).body
    assert "Account\n  could not be read\n" in body


def test_a_report_warns_of_a_strategy_that_failed() -> None:
    body = trading_report(DAY, made_results()).body
    assert body.endswith("Warnings\n  ladder gave no signal: AAA has 3 closes\n")


def test_a_report_without_orders_and_targets_leaves_them_out() -> None:
    body = trading_report(DAY, empty_results(success=False, message="the message")).body
    assert body == "the message\n\nAccount\n  could not be read\n"
