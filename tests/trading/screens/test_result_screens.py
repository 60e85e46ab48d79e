"""What a terminal shows of a run and an account reconciles with the account itself."""

import json
from dataclasses import replace
from decimal import Decimal

from tests.trading.support.values import MOMENT, failed, made_position, made_state, said
from trading.domain.comparison import compare_allocations
from trading.domain.execution import ExecutionResult, OrderFate, OrderOutcome
from trading.domain.order import Order, OrderStatus, Side
from trading.domain.portfolio import consolidate
from trading.events.journal.backlog import Backlog
from trading.parking import Parking
from trading.results import (
    ResultDict,
    account_dict,
    comparison_dict,
    empty_results,
    orders_list,
    portfolio_dict,
    positions_dict,
    signals_dict,
)
from trading.screens.results import JsonDisplay, TextDisplay, signals_screen, trading_screen
from trading.screens.status import ORDERS_SHOWN, StatusSeen, status_data, status_screen

NOTHING = Parking(MOMENT, Backlog(), ())
STATE = made_state("1234.56", made_position("AAA", "10.5", "100"), made_position("BBB", "1234567", "2.5"))
ORDER = Order(
    order_id="test-1",
    client_order_id="p.AAA.BUY",
    symbol="AAA",
    side=Side.BUY,
    quantity=Decimal("10.5"),
    status=OrderStatus.FILLED,
    filled_quantity=Decimal("10.5"),
    filled_average_price=Decimal(100),
    submitted_at=MOMENT,
)


def made_results() -> ResultDict:
    day = [said("trend", "0.6", AAA="0.5", BBB="SELL"), failed("ladder", "0.4", "too little history")]
    portfolio = consolidate(day)
    outcome = OrderOutcome(
        symbol="AAA",
        side=Side.BUY,
        client_order_id="p.AAA.BUY",
        order_id="test-1",
        trade_amount=Decimal(1100),
        wanted_quantity=Decimal("10.5"),
        asked_quantity=Decimal("10.5"),
        filled_quantity=Decimal("2.25"),
        average_price=Decimal(100),
        fate=OrderFate.PARTIALLY_FILLED,
        detail="the rest cancelled",
    )
    return empty_results(success=False, message="1 of 2 trades done") | {
        "strategy_signals": signals_dict(day),
        "consolidated_portfolio": portfolio_dict(portfolio),
        "account_info": account_dict(STATE),
        "current_positions": positions_dict(STATE),
        "allocation_comparison": comparison_dict(
            compare_allocations(portfolio.target_allocations, STATE, Decimal("0.02"))
        ),
        "orders_executed": orders_list(ExecutionResult("p", (outcome,))),
    }


def figures_of(lines: list[str], first: str) -> list[str]:
    [line] = [line for line in lines if line.startswith(first)]
    return line.removeprefix(first).split()


def money(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def test_values_of_a_status_add_up_to_the_account() -> None:
    lines = status_screen(StatusSeen(STATE, [], MOMENT, [], [], NOTHING))
    values = [figures_of(lines, "AAA")[2], figures_of(lines, "BBB")[2], figures_of(lines, "cash")[0]]
    assert sum(map(money, values)) == STATE.account.portfolio_value
    assert f"value {STATE.account.portfolio_value:,.2f}" in lines[0]


def test_parts_of_a_share_are_shown() -> None:
    assert figures_of(status_screen(StatusSeen(STATE, [], MOMENT, [], [], NOTHING)), "AAA")[0] == "10.5"
    assert figures_of(trading_screen(made_results()), "AAA")[0] == "10.5"
    assert figures_of(trading_screen(made_results()), "BUY AAA")[1:3] == ["10.5", "2.25"]


def test_an_empty_account_has_a_status() -> None:
    lines = status_screen(StatusSeen(made_state("0"), [], MOMENT, [], [], NOTHING))
    assert figures_of(lines, "cash") == ["·", "·"]
    counts = "outbox 0, undelivered 0, overdue 0, parked 0"
    assert lines[-5:] == ["no order yet", "", counts, "", "no workflow yet"]


def test_a_status_shows_the_last_orders_and_counts_all() -> None:
    orders = [replace(ORDER, order_id=f"test-{n}") for n in range(ORDERS_SHOWN + 5)]
    lines = status_screen(StatusSeen(STATE, orders, MOMENT, [], [], NOTHING))
    assert len([line for line in lines if "BUY AAA" in line]) == ORDERS_SHOWN
    assert any(line.startswith(f"last of {ORDERS_SHOWN + 5} orders") for line in lines)
    assert any("10.5 of 10.5" in line for line in lines)


def test_a_status_as_data_is_json_with_the_same_account() -> None:
    data = json.loads(json.dumps(status_data(StatusSeen(STATE, [ORDER], MOMENT, [], [], NOTHING))))
    assert data["account_info"]["portfolio_value"] == float(STATE.account.portfolio_value)
    assert (data["orders"], len(data["last_orders"])) == (1, 1)


def test_differences_of_an_allocation_lead_from_now_to_the_target() -> None:
    lines = signals_screen(made_results())
    now, target, difference = map(money, figures_of(lines, "AAA")[-3:])
    assert now + difference == target


def test_signals_are_shown_with_the_strategy_that_gave_none() -> None:
    lines = signals_screen(made_results())
    assert "trend  60.00 % of the account" in lines
    assert "    no signal: too little history" in lines


def test_a_run_that_failed_says_so_at_the_end() -> None:
    assert trading_screen(made_results())[-1] == "FAILED: 1 of 2 trades done"


def test_results_without_anything_are_a_message() -> None:
    nothing = empty_results(success=True, message="market closed")
    assert trading_screen(nothing) == ["done: market closed"]
    assert signals_screen(nothing) == ["market closed"]


def test_text_says_first_which_account_is_traded() -> None:
    written: list[str] = []
    TextDisplay(written.append, "paper account x").show_failure("the reason")
    assert written == ["paper account x\n\nFAILED: the reason"]


def test_json_is_one_object_with_its_version() -> None:
    written: list[str] = []
    JsonDisplay(written.append).show_trading(made_results())
    [shown] = map(json.loads, written)
    assert (shown["schema_version"], shown["paper"], shown["success"]) == (1, True, False)
