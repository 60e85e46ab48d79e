"""What has come due in a paper account by the clock, as a function of its book."""

from collections.abc import Callable, Iterator
from datetime import datetime

from trading.broker.book import Book
from trading.domain.order import Fill, Order, OrderStatus


def settled(
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
