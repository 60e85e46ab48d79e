"""What a paper account holds between two transactions: frozen, and pure in what follows from an event.

What it begins with, which orders it may take, and what has come due by the clock.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from trading.domain.money import ZERO, to_cents, why_not_orderable
from trading.domain.order import Fill, Order, OrderRequest, OrderStatus, Side

ENTRY_PRICE_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Holding:
    """Shares of one symbol, more than none; `last_price` is that of the last trade in them."""

    symbol: str
    quantity: Decimal
    average_entry_price: Decimal
    last_price: Decimal


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that can still fill, with the fate that was decided when it was accepted.

    It fills once: `fill_quantity` at `price`, the price of its session's day, at the moment `fills_at`;
    None where that has happened, or never will. What it leaves over waits for a cancel or the session's end.
    """

    order: Order
    price: Decimal
    fill_quantity: Decimal
    fills_at: datetime | None

    @property
    def reserved_cash(self) -> Decimal:
        """What a BUY may still take: so reserved that a fill leaves buying power as it was, to the cent."""
        if self.order.side is Side.SELL:
            return ZERO
        return to_cents(self.order.quantity * self.price) - to_cents(self.order.filled_quantity * self.price)

    @property
    def reserved_quantity(self) -> Decimal:
        """What a SELL may still take."""
        return self.order.quantity - self.order.filled_quantity if self.order.side is Side.SELL else ZERO

    def lives_at(self, moment: datetime, is_open: Callable[[datetime], bool]) -> bool:
        """Whether its session is still on; a session lies within one day of UTC."""
        return moment.date() == self.order.submitted_at.date() and is_open(moment)


@dataclass(frozen=True, slots=True)
class Book:
    """Money, holdings in symbol order and open orders by their identifier, oldest first."""

    account_id: str
    cash: Decimal
    holdings: Mapping[str, Holding]
    open_orders: Mapping[str, OpenOrder]

    @property
    def buying_power(self) -> Decimal:
        """Cash less what open BUY orders may still take; a SELL adds to it when it has filled."""
        return self.cash - sum((waiting.reserved_cash for waiting in self.open_orders.values()), ZERO)

    def sellable(self, symbol: str) -> Decimal:
        """Shares held less what open SELL orders may still take."""
        held = self.holdings.get(symbol)
        return (ZERO if held is None else held.quantity) - sum(
            (
                waiting.reserved_quantity
                for waiting in self.open_orders.values()
                if waiting.order.symbol == symbol
            ),
            ZERO,
        )

    def with_accepted(self, accepted: OpenOrder) -> "Book":
        """The book with one more open order."""
        return replace(self, open_orders={**self.open_orders, accepted.order.order_id: accepted})

    def with_fill(self, waiting: OpenOrder) -> tuple["Book", Order, Fill]:
        """The book after an open order has filled, the order as it then is, and the fill."""
        order, quantity, price = waiting.order, waiting.fill_quantity, waiting.price
        if waiting.fills_at is None:
            raise ValueError(f"order {order.order_id} has no fill to come")
        amount = to_cents(quantity * price)
        cash_flow = -amount if order.side is Side.BUY else amount
        fill = Fill(order.order_id, order.symbol, order.side, quantity, price, cash_flow, waiting.fills_at)
        whole = quantity == order.quantity
        filled = replace(
            order,
            status=OrderStatus.FILLED if whole else OrderStatus.PARTIALLY_FILLED,
            filled_quantity=quantity,
            filled_average_price=price,
        )
        open_orders = dict(self.open_orders)
        if whole:
            del open_orders[order.order_id]
        else:
            open_orders[order.order_id] = replace(waiting, order=filled, fills_at=None)
        book = Book(self.account_id, self.cash + cash_flow, _after(self.holdings, fill), open_orders)
        return book, filled, fill

    def with_ended(self, waiting: OpenOrder, status: OrderStatus, reason: str) -> tuple["Book", Order]:
        """The book without an open order, and that order as it ended."""
        ended = replace(waiting.order, status=status, reason=reason)
        open_orders = {key: other for key, other in self.open_orders.items() if key != ended.order_id}
        return replace(self, open_orders=open_orders), ended


def _after(holdings: Mapping[str, Holding], fill: Fill) -> dict[str, Holding]:
    """Holdings after a fill, in symbol order; one of which nothing is left is gone.

    A BUY makes the average entry price (held x average + bought x price) / (held + bought), on six places;
    a SELL leaves it as it was.
    """
    held = holdings.get(fill.symbol, Holding(fill.symbol, ZERO, fill.price, fill.price))
    if fill.side is Side.BUY:
        quantity = held.quantity + fill.quantity
        paid = held.quantity * held.average_entry_price + fill.quantity * fill.price
        average = (paid / quantity).quantize(ENTRY_PRICE_STEP, ROUND_HALF_EVEN)
    else:
        quantity = held.quantity - fill.quantity
        average = held.average_entry_price
    after = {symbol: other for symbol, other in holdings.items() if symbol != fill.symbol}
    if quantity != ZERO:
        after[fill.symbol] = Holding(fill.symbol, quantity, average, fill.price)
    return dict(sorted(after.items()))


@dataclass(frozen=True, slots=True)
class Opening:
    """Money and holdings at the start; negative cash is a debt, with which nothing can be bought."""

    account_id: str
    cash: Decimal
    holdings: tuple[Holding, ...] = ()

    def __post_init__(self) -> None:
        account = f"paper account {self.account_id!r}"
        if not self.account_id:
            raise ValueError(f"{account}: the account_id is empty, it needs a name")
        if not self.cash.is_finite() or self.cash != to_cents(self.cash):
            raise ValueError(f"{account}: cash is {self.cash}, allowed: whole cents")
        for held in self.holdings:
            if not (held.quantity.is_finite() and held.quantity > ZERO):
                raise ValueError(f"{account}: holds {held.quantity} of {held.symbol}, allowed: above 0")
        symbols = [held.symbol for held in self.holdings]
        if twice := {symbol for symbol in symbols if symbols.count(symbol) > 1}:
            raise ValueError(f"{account}: {', '.join(sorted(twice))} held twice, add its holdings up")


def refusal(order: OrderRequest, book: Book, price: Decimal | None, step: Decimal) -> str | None:
    """Why an order may not be taken at this price (None: there is no quote), or None where it may.

    A SELL is bounded by what is held and not yet on offer, a BUY by buying power: nothing is ever short.
    """
    if bad := why_not_orderable(order.quantity, step):
        return bad
    if price is None:
        return f"there is no quote of {order.symbol}: unknown to the market, or without a price today"
    if order.side is Side.SELL:
        sellable = book.sellable(order.symbol)
        if order.quantity > sellable:
            return f"cannot sell {order.quantity} {order.symbol}: {sellable} held and not yet on offer"
        return None
    cost = to_cents(order.quantity * price)
    if cost > book.buying_power:
        return (
            f"cannot buy {order.quantity} {order.symbol} at {price}: "
            f"costs {cost}, buying power is {book.buying_power}"
        )
    return None


def settle(
    book: Book, now: datetime, is_open: Callable[[datetime], bool]
) -> Iterator[tuple[Book, Order, Fill | None]]:
    """Each change up to `now` in turn: the book after it, the order changed, and its fill if it is one.

    Fills come first, by their moment and then by age; a fill that would fall outside its order's session
    does not happen. Then every order whose session is over expires. It makes no difference how late or in
    how many goes this is asked, as long as the moments do not go back.
    """
    due = [
        (waiting.fills_at, waiting)
        for waiting in book.open_orders.values()
        if waiting.fills_at is not None
        and waiting.fills_at <= now
        and waiting.lives_at(waiting.fills_at, is_open)
    ]
    for _, waiting in sorted(due, key=lambda pair: pair[0]):
        book, order, fill = book.with_fill(waiting)
        yield book, order, fill
    for waiting in tuple(book.open_orders.values()):
        if not waiting.lives_at(now, is_open):
            book, order = book.with_ended(waiting, OrderStatus.EXPIRED, "its session has ended")
            yield book, order, None
