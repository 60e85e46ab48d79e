"""Accounts as scenarios find them."""

import random
from collections.abc import Mapping, Set
from datetime import date
from decimal import Decimal

from trading.broker.book import Holding, Opening
from trading.domain.money import ONE, ZERO, to_cents
from trading.market.history import PriceHistory

ACCOUNT = "paper"
USUAL = Decimal("100000")


def cash_only(chance: random.Random, least: str, most: str) -> Opening:
    """Money and nothing else."""
    cents = chance.randint(int(Decimal(least) * 100), int(Decimal(most) * 100))
    return Opening(ACCOUNT, Decimal(cents) / 100)


def outside_target(prices: PriceHistory, session: date, targets: Set[str], chance: random.Random) -> Opening:
    """Holdings of which no strategy wants any, beside money."""
    strangers = [symbol for symbol in prices.symbols if symbol not in targets]
    chosen = chance.sample(strangers, chance.randint(1, 5))
    holdings = tuple(_holding(prices, session, symbol, chance.randint(1, 300)) for symbol in sorted(chosen))
    return Opening(ACCOUNT, USUAL, holdings)


def balanced(
    prices: PriceHistory,
    session: date,
    targets: Mapping[str, Decimal],
    cash_reserve: Decimal,
    chance: random.Random,
) -> Opening:
    """As near to the targets as whole shares come, so that little or nothing is to be traded."""
    value = USUAL * chance.randint(1, 20)
    holdings, cash = [], value
    for symbol, weight in sorted(targets.items()):
        price = prices.closes(symbol, session, 1)[0]
        quantity = (value * (ONE - cash_reserve) * weight) // price
        if quantity > ZERO:
            holdings.append(Holding(symbol, quantity, price, price))
            cash -= to_cents(quantity * price)
    return Opening(ACCOUNT, cash, tuple(holdings))


def in_debt(prices: PriceHistory, session: date, chance: random.Random) -> Opening:
    """More bought than there was money for."""
    held = tuple(_holding(prices, session, symbol, chance.randint(50, 500)) for symbol in ("SPY", "TLT"))
    return Opening(ACCOUNT, Decimal(-chance.randint(1, 500_000)) / 100, held)


def _holding(prices: PriceHistory, session: date, symbol: str, quantity: int) -> Holding:
    price = prices.closes(symbol, session, 1)[0]
    return Holding(symbol, Decimal(quantity), price, price)
