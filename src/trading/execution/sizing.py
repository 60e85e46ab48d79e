"""How much to ask for: what the plan wants, within what is held or affordable."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from trading.domain.money import ZERO, to_cents, whole_steps
from trading.domain.plan import RebalanceItem


def planned_quantity(item: RebalanceItem, price: Decimal, step: Decimal) -> Decimal:
    """The amount of a trade as a quantity at this price, in whole steps, rounded down."""
    return whole_steps(abs(item.trade_amount) / price, step)


class Sizing(Protocol):
    """Turns items of one side into quantities, and remembers what earlier ones took."""

    def wanted(self, item: RebalanceItem, price: Decimal) -> Decimal:
        """The quantity that the plan asks for, in whole steps of the broker, rounded down."""
        ...

    def possible(self, item: RebalanceItem, wanted: Decimal, price: Decimal) -> Decimal:
        """As much of it as means allow."""
        ...

    def take(self, quantity: Decimal, price: Decimal) -> None:
        """An order of that size may fill: its means are gone."""
        ...


class SellSizing:
    """Never more than is held; an exit is the whole position, whatever the step."""

    def __init__(self, held: Mapping[str, Decimal], step: Decimal) -> None:
        self._held = held
        self._step = step

    def wanted(self, item: RebalanceItem, price: Decimal) -> Decimal:
        """The whole holding for an exit, else the amount at this price."""
        if item.sells_whole_position:
            return self._held.get(item.symbol, ZERO)
        return planned_quantity(item, price, self._step)

    def possible(self, item: RebalanceItem, wanted: Decimal, price: Decimal) -> Decimal:
        """What is held at the most; in whole steps, but for an exit."""
        held = self._held.get(item.symbol, ZERO)
        return held if item.sells_whole_position else min(wanted, whole_steps(held, self._step))

    def take(self, quantity: Decimal, price: Decimal) -> None:
        """A plan has one item per symbol, so one SELL never limits another."""


class BuySizing:
    """Never more than the buying power that earlier BUYs of the plan have left."""

    def __init__(self, buying_power: Decimal, step: Decimal) -> None:
        self._left = buying_power
        self._step = step

    def wanted(self, item: RebalanceItem, price: Decimal) -> Decimal:
        """The amount at this price."""
        return planned_quantity(item, price, self._step)

    def possible(self, item: RebalanceItem, wanted: Decimal, price: Decimal) -> Decimal:
        """What the rest of the buying power pays for."""
        return min(wanted, whole_steps(max(self._left, ZERO) / price, self._step))

    def take(self, quantity: Decimal, price: Decimal) -> None:
        """The price of the order is spoken for."""
        self._left -= to_cents(quantity * price)
