"""The audit finds every law that is broken, one at a time, and nothing where all of them hold."""

from dataclasses import replace
from decimal import Decimal

from tests.trading.support.values import made_fill, made_position, made_state
from trading.domain.account import PortfolioState, Position
from trading.domain.audit import audit
from trading.domain.order import Side

BEFORE = made_state("1000.00", made_position("AAA", "10", "50"), made_position("BBB", "4", "25.005"))
FILLS = [made_fill("AAA", Side.SELL, "10", "50"), made_fill("CCC", Side.BUY, "7", "100")]
AFTER = made_state("800.00", made_position("BBB", "4", "25.005"), made_position("CCC", "7", "100"))


def with_position(state: PortfolioState, changed: Position) -> PortfolioState:
    """Another holding of a symbol, with a portfolio value that takes it into account."""
    positions = tuple(changed if held.symbol == changed.symbol else held for held in state.positions)
    return made_state(str(state.account.cash), *positions)


def test_books_that_close_are_found_to_close() -> None:
    assert audit(BEFORE, FILLS, AFTER) == []


def test_a_portfolio_value_that_is_not_cash_and_holdings_is_found() -> None:
    account = replace(AFTER.account, portfolio_value=Decimal("1600.03"))
    assert audit(BEFORE, FILLS, replace(AFTER, account=account)) == [
        "cash 800.00 + holdings 800.02 is not 1600.03"
    ]


def test_negative_cash_is_found() -> None:
    bought = made_fill("CCC", Side.BUY, "11", "100")
    after = made_state("-100.00", *BEFORE.positions, made_position("CCC", "11", "100"))
    assert audit(BEFORE, [bought], after) == ["cash -100.00 is negative"]


def test_a_short_position_is_found() -> None:
    sold = made_fill("AAA", Side.SELL, "12", "50")
    after = made_state("1600.00", made_position("AAA", "-2", "50"), BEFORE.positions[1])
    assert audit(BEFORE, [sold], after) == ["AAA: -2 is a short position"]


def test_a_market_value_that_is_not_quantity_times_price_is_found() -> None:
    wrong = replace(AFTER.positions[1], market_value=Decimal("700.01"))
    assert audit(BEFORE, FILLS, with_position(AFTER, wrong)) == ["CCC: 700.01 is not 7 x 100"]


def test_a_market_value_is_rounded_half_to_even() -> None:
    assert AFTER.positions[0].market_value == Decimal("100.02")


def test_a_cash_flow_that_is_not_quantity_times_price_is_found() -> None:
    wrong = replace(FILLS[1], cash_flow=Decimal("-699.99"))
    after = made_state("800.01", *AFTER.positions)
    assert audit(BEFORE, [FILLS[0], wrong], after) == ["order order-1: -699.99 is not 7 x 100"]


def test_a_cash_flow_of_the_wrong_sign_is_found() -> None:
    wrong = replace(FILLS[0], cash_flow=Decimal("-500.00"))
    after = made_state("-200.00", *AFTER.positions)
    assert "order order-1: -500.00 is not 10 x 50" in audit(BEFORE, [wrong, FILLS[1]], after)


def test_cash_that_went_missing_is_found() -> None:
    after = made_state("799.99", *AFTER.positions)
    assert audit(BEFORE, FILLS, after) == ["cash 1000.00 and flows -200.00 do not make 799.99"]


def test_shares_that_no_fill_explains_are_found() -> None:
    after = with_position(AFTER, made_position("CCC", "8", "100"))
    assert audit(BEFORE, FILLS, after) == ["CCC: fills lead to 7, held is 8"]


def test_shares_of_a_symbol_that_was_never_bought_are_found() -> None:
    after = made_state("800.00", *AFTER.positions, made_position("DDD", "1", "1"))
    assert audit(BEFORE, FILLS, after) == ["DDD: fills lead to 0, held is 1"]


def test_shares_that_disappeared_are_found() -> None:
    after = made_state("800.00", AFTER.positions[1])
    assert audit(BEFORE, FILLS, after) == ["BBB: fills lead to 4, held is 0"]


def test_a_sold_position_that_is_still_held_is_found() -> None:
    after = made_state("800.00", BEFORE.positions[0], *AFTER.positions)
    assert audit(BEFORE, FILLS, after) == ["AAA: fills lead to 0, held is 10"]
