"""How the paper broker values an account and keeps its entry prices."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests.trading.support.paper_world import PaperWorld, holding
from trading.broker.book import Opening
from trading.domain.account import Account, PortfolioState, Position


def test_a_new_account_is_its_cash() -> None:
    with PaperWorld("1234.56") as world:
        cash = Decimal("1234.56")
        assert world.broker.account() == Account("paper", cash, cash, cash, cash)
        assert world.broker.positions() == ()


def test_portfolio_value_is_cash_and_market_values_in_whole_cents() -> None:
    with PaperWorld("10.00", (holding("TLT", "3", "100"), holding("GLD", "2", "110"))) as world:
        gold, bonds = world.broker.positions()
        assert bonds == Position(
            "TLT", Decimal(3), Decimal(100), Decimal("120.333"), Decimal("361.00"), Decimal("61.00")
        )
        assert (gold.market_value, gold.unrealised_pl) == (Decimal("203.10"), Decimal("-16.90"))
        account = world.broker.account()
        assert account.portfolio_value == account.equity == Decimal("574.10")


def test_the_state_is_account_positions_and_open_orders_read_together() -> None:
    with PaperWorld() as world:
        world.buy("SPY", "1")
        world.clock.sleep(1)
        waiting = world.buy("GLD", "1")
        broker = world.broker
        assert broker.state() == PortfolioState(broker.account(), broker.positions(), (waiting,))


def test_positions_follow_the_price() -> None:
    with PaperWorld("0.00", (holding("SPY", "2", "100"),)) as world:
        assert world.broker.account().portfolio_value == Decimal("400.20")
        world.market.prices["SPY"] = Decimal(50)
        assert world.broker.account().portfolio_value == Decimal("100.00")
        assert world.broker.quote("SPY") == Decimal(50)


def test_a_position_that_lost_its_price_stands_at_that_of_its_last_trade() -> None:
    with PaperWorld() as world:
        world.buy("SPY", "1")
        world.clock.sleep(1)
        world.market.prices["SPY"] = None
        assert world.broker.quote("SPY") is None
        assert world.broker.account().portfolio_value == Decimal("10000.00")


def test_average_entry_price_is_weighted_by_what_was_bought_and_left_alone_by_a_sale() -> None:
    with PaperWorld() as world:
        averages = []
        for price, trade, quantity in (
            ("100", world.buy, "1"),
            ("101", world.buy, "2"),
            ("150", world.sell, "2"),
            ("110", world.buy, "1"),
        ):
            world.market.prices["SPY"] = Decimal(price)
            trade("SPY", quantity)
            world.clock.sleep(1)
            held = world.held("SPY")
            averages.append(None if held is None else held.average_entry_price)
        assert averages == [
            Decimal(100),
            Decimal("100.666667"),
            Decimal("100.666667"),
            Decimal("105.333334"),  # (1 x 100.666667 + 1 x 110) / 2, half to even
        ]


def test_a_position_is_gone_when_nothing_is_left_and_begins_anew() -> None:
    with PaperWorld(holdings=(holding("SPY", "1", "50"),)) as world:
        world.sell("SPY", "1")
        world.clock.sleep(1)
        assert world.broker.positions() == ()
        world.buy("SPY", "1")
        world.clock.sleep(1)
        held = world.held("SPY")
        assert held is not None
        assert held.average_entry_price == Decimal("200.10")


def test_positions_are_in_symbol_order_however_they_were_bought() -> None:
    with PaperWorld() as world:
        for symbol in ("TLT", "GLD", "SPY"):
            world.buy(symbol, "1")
        world.clock.sleep(1)
        assert [held.symbol for held in world.broker.positions()] == ["GLD", "SPY", "TLT"]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Opening("", Decimal(1)), "account_id is empty"),
        (lambda: Opening("a", Decimal("1.005")), r"cash is 1\.005, allowed: whole cents"),
        (lambda: Opening("a", Decimal("NaN")), "cash is NaN"),
        (lambda: Opening("a", Decimal(1), (holding("SPY", "0", "1"),)), "holds 0 of SPY, allowed: above 0"),
        (lambda: Opening("a", Decimal(1), (holding("SPY", "1", "1"),) * 2), "SPY held twice"),
    ],
)
def test_an_account_cannot_begin_with_what_it_could_not_hold(make: Callable[[], Opening], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()
