"""A broker on paper: deterministic, with the rules of a real one, and its failures on demand."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from trading.broker.book import Book, Holding, OpenOrder, refusal, settle
from trading.broker.faults import DELAY_S_MAX, NO_FAULTS, FaultCount, Faults
from trading.broker.ledger import Ledger
from trading.broker.port import (
    BrokerUnavailable,
    DuplicateOrder,
    MarketClosed,
    OrderRejected,
    ReplyLost,
)
from trading.clock import Clock
from trading.domain.account import Account, PortfolioState, Position
from trading.domain.money import ONE, ZERO, orderable, to_cents
from trading.domain.order import Fill, Order, OrderRequest, OrderStatus
from trading.market.port import MarketData, MarketDataError

FILL_DELAY_S = 1.0


class PaperBroker:
    """A `Broker` for market orders that are good for one session.

    What becomes of an order is decided when it is accepted and kept with it: it fills once, `fill_delay_s`
    later, at the price of its session's day; what has not filled when the session ends expires. Each call
    first settles what has come due by the clock, so nothing runs between the calls. An order that is
    refused is kept as REJECTED and its client order id is taken; one that comes while the market is closed
    is not kept. `is_open` says when there is a session; `step` is the smallest quantity that is traded.
    """

    def __init__(
        self,
        ledger: Ledger,
        market: MarketData,
        clock: Clock,
        *,
        is_open: Callable[[datetime], bool],
        faults: Faults = NO_FAULTS,
        step: Decimal = ONE,
        fill_delay_s: float = FILL_DELAY_S,
    ) -> None:
        if not (step.is_finite() and step > ZERO):
            raise ValueError(f"paper broker: step is {step}, allowed: above 0")
        if not 0 <= fill_delay_s <= DELAY_S_MAX:
            raise ValueError(f"paper broker: fills after {fill_delay_s} seconds, allowed: 0 to {DELAY_S_MAX}")
        self._ledger = ledger
        self.market = market
        self.clock = clock
        self._is_open = is_open
        self._faults = FaultCount(faults)
        self._step = step
        self._fill_delay_s = fill_delay_s
        self._valued: dict[str, tuple[Holding, Position]] = {}

    def copy(self, *, market: MarketData, clock: Clock) -> "PaperBroker":
        """An independent broker in memory: same account, same rules, same faults used up so far.

        Market and clock belong together; give the copy its own, and sleeping in one world moves no other.
        """
        twin = PaperBroker(
            self._ledger.copy(),
            market,
            clock,
            is_open=self._is_open,
            step=self._step,
            fill_delay_s=self._fill_delay_s,
        )
        twin._faults = self._faults.copy()
        return twin

    def close(self) -> None:
        """Let go of the ledger; nothing else may be called afterwards."""
        self._ledger.close()

    def account(self) -> Account:
        """Portfolio value is cash and market values, each in whole cents; equity is the same."""
        return self._account(self._begin("account"))

    def positions(self) -> tuple[Position, ...]:
        """Holdings in symbol order; one without a quote stands at the latest price that is known."""
        return self._positions(self._begin("positions"))

    def open_orders(self) -> tuple[Order, ...]:
        """Orders that can still fill, oldest first."""
        return _open_orders(self._begin("open_orders"))

    def quote(self, symbol: str) -> Decimal | None:
        """The price of the day, or None for a symbol without one."""
        self._begin("quote")
        return self._quote(symbol)

    def is_market_open(self) -> bool:
        """Whether an order would be taken now."""
        self._begin("is_market_open")
        return self._takes_orders(self.clock.now())

    def submit_order(self, order: OrderRequest) -> Order:
        """Take an order or refuse it; a client order id that was ever kept is a DuplicateOrder first."""
        self._begin("submit_order")
        now = self.clock.now()
        with self._ledger.effect(fenced=True) as book:
            if self._ledger.order_of_client(order.client_order_id) is not None:
                raise DuplicateOrder(f"{order.client_order_id}: there is an order of this id; find it")
            if not self._takes_orders(now):
                raise MarketClosed(f"{order.client_order_id}: the market is closed at {now}")
            placed = self._place(order, book, now)
        if placed.status is OrderStatus.REJECTED:
            raise OrderRejected(f"{order.client_order_id}: {placed.reason}")
        if self._faults.loses_reply(order):
            raise ReplyLost(f"{order.client_order_id}: sent, and no reply came")
        return placed

    def get_order(self, order_id: str) -> Order:
        """Any order there ever was; raises OrderRejected for an unknown identifier."""
        book = self._begin("get_order")
        waiting = book.open_orders.get(order_id)
        return self._known(order_id) if waiting is None else waiting.order

    def find_order(self, client_order_id: str) -> Order | None:
        """Any order there ever was, those whose reply was lost and those refused included."""
        self._begin("find_order")
        return self._ledger.order_of_client(client_order_id)

    def cancel_order(self, order_id: str) -> Order:
        """End an open order, what it has filled stays; an order that is not open is returned as it is."""
        self._begin("cancel_order")
        with self._ledger.effect(fenced=True) as book:
            waiting = book.open_orders.get(order_id)
            if waiting is None:
                return self._known(order_id)
            book, cancelled = book.with_ended(waiting, OrderStatus.CANCELLED, "cancelled by its sender")
            self._ledger.record_change(book, cancelled, None)
        return cancelled

    def orders(self) -> tuple[Order, ...]:
        """For audits: all orders there ever were, oldest first; no fault applies."""
        self._settle()
        return self._ledger.orders()

    def fills(self, after: int = 0) -> tuple[Fill, ...]:
        """For audits: the fills after the first `after`, oldest first; no fault applies."""
        self._settle()
        return self._ledger.fills(after)

    def state(self) -> PortfolioState:
        """For audits: account, positions and open orders as of one moment; no fault applies."""
        book = self._settle()
        return PortfolioState(self._account(book), self._positions(book), _open_orders(book))

    def last_order_at(self) -> datetime | None:
        """When the account was last traded on, or None for a new one; no fault applies."""
        return self._ledger.last_order_at()

    def _begin(self, method: str) -> Book:
        self._faults.answer_call(method)
        return self._settle()

    def _settle(self) -> Book:
        book = self._ledger.book()
        if not book.open_orders:
            return book
        now = self.clock.now()
        if next(settle(book, now, self._is_open), None) is None:
            return book
        try:
            with self._ledger.effect(fenced=False) as book:
                for changed, order, fill in settle(book, now, self._is_open):
                    self._ledger.record_change(changed, order, fill)
        except ReplyLost as error:  # the caller's own call has not begun, and settling again is harmless
            raise BrokerUnavailable(str(error)) from error
        return self._ledger.book()

    def _place(self, order: OrderRequest, book: Book, now: datetime) -> Order:
        price = self._quote(order.symbol)
        if self._faults.rejects(order):
            reason: str | None = f"{order.side} {order.symbol} is refused, as the faults say"
        else:
            reason = refusal(order, book, price, self._step)
        placed = Order(
            order_id=self._ledger.next_order_id(book),
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=order.quantity,
            status=OrderStatus.ACCEPTED if reason is None else OrderStatus.REJECTED,
            filled_quantity=ZERO,
            filled_average_price=None,
            submitted_at=now,
            reason=reason,
        )
        if reason is not None or price is None:
            self._ledger.record_refused(placed)
            return placed
        fill_quantity = orderable(order.quantity * self._faults.fraction(order), self._step)
        fills_at = now + timedelta(seconds=self._faults.delay_s(order, self._fill_delay_s))
        accepted = OpenOrder(placed, price, fill_quantity, fills_at if fill_quantity > ZERO else None)
        self._ledger.record_accepted(book.with_accepted(accepted), accepted)
        return placed

    def _known(self, order_id: str) -> Order:
        order = self._ledger.order(order_id)
        if order is None:
            raise OrderRejected(f"{order_id}: there is no order of this identifier")
        return order

    def _takes_orders(self, now: datetime) -> bool:
        return not self._faults.faults.market_closed and self._is_open(now)

    def _quote(self, symbol: str) -> Decimal | None:
        return None if symbol in self._faults.faults.no_quote else self._price(symbol)

    def _price(self, symbol: str) -> Decimal | None:
        try:
            return self.market.latest_price(symbol)
        except MarketDataError:
            return None

    def _account(self, book: Book) -> Account:
        value = sum((held.market_value for held in self._positions(book)), book.cash)
        return Account(
            account_id=book.account_id,
            portfolio_value=value,
            cash=book.cash,
            buying_power=book.buying_power,
            equity=value,
        )

    def _positions(self, book: Book) -> tuple[Position, ...]:
        return tuple([self._position(held) for held in book.holdings.values()])

    def _position(self, held: Holding) -> Position:
        # Missing quotes are faults of trading, not of valuation: the price itself is known to the market.
        price = self._price(held.symbol)
        if price is None:
            price = held.last_price
        known = self._valued.get(held.symbol)
        if known is not None and known[0] is held and known[1].current_price == price:
            return known[1]
        value = to_cents(held.quantity * price)
        position = Position(
            symbol=held.symbol,
            quantity=held.quantity,
            average_entry_price=held.average_entry_price,
            current_price=price,
            market_value=value,
            unrealised_pl=value - to_cents(held.quantity * held.average_entry_price),
        )
        self._valued[held.symbol] = (held, position)
        return position


def _open_orders(book: Book) -> tuple[Order, ...]:
    return tuple(waiting.order for waiting in book.open_orders.values())
