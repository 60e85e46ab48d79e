"""What a broker asks of an order before it takes it."""

from decimal import Decimal

from trading.broker.book import Book
from trading.domain.money import ZERO, to_cents
from trading.domain.order import OrderRequest, Side

ORDER_QUANTITY_MAX = Decimal(10**9)  # keeps every product with a price exact


def refusal(order: OrderRequest, book: Book, price: Decimal | None, step: Decimal) -> str | None:
    """Why an order may not be taken at this price (None: there is no quote), or None where it may.

    A SELL is bounded by what is held and not yet on offer, a BUY by buying power: nothing is ever short.
    """
    if bad := _bad_quantity(order.quantity, step):
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


def _bad_quantity(quantity: Decimal, step: Decimal) -> str | None:
    if not quantity.is_finite() or not ZERO < quantity <= ORDER_QUANTITY_MAX:
        return f"quantity is {quantity}, allowed: above 0, at most {ORDER_QUANTITY_MAX}"
    if quantity % step != ZERO:
        return f"quantity is {quantity}, allowed: multiples of {step}"
    return None
