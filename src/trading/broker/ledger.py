"""A paper account in SQLite, and the book that its rows add up to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from trading.broker import rows
from trading.broker.book import Book, Opening, OpenOrder
from trading.broker.fence import Fence
from trading.broker.port import BrokerError, BrokerUnavailable, ReplyLost, Superseded
from trading.database import (
    UNREADABLE,
    Connection,
    DatabaseUnusable,
    SqlError,
    copy_database,
    open_database,
    read_pair_id,
    write_pair_id,
)
from trading.domain.order import Fill, Order

Value = TypeVar("Value")


class Ledger:
    """One account; writes happen inside `effect`: all or none, and no other process's in between.

    The book is kept in memory and read again when another process has committed. Whatever the database
    refuses is raised as BrokerUnavailable.
    """

    def __init__(self, connection: Connection, *, shared: bool) -> None:
        """For `open` and `copy`; `shared` where another process may write to the same file."""
        self._connection = connection
        self._shared = shared
        self._fence = Fence(connection)
        self._data_version = 0
        self._book: Book | None = None

    @classmethod
    def open(cls, path: Path | None, opening: Opening, *, durable: bool = True) -> "Ledger":
        """Open the account in a file, created with `opening` where it holds none yet; None is memory.

        `durable` as for `open_database`. Raises DatabaseUnusable, also for the account of another id.
        """
        connection = open_database(
            path, kind=rows.KIND, version=rows.VERSION, schema=rows.SCHEMA, durable=durable
        )
        ledger = cls(connection, shared=path is not None)
        try:
            ledger._open_account(opening)
        except (BrokerError, DatabaseUnusable) as error:
            connection.close()
            raise DatabaseUnusable(f"{path}: {error}; name another file") from error
        except BaseException:
            connection.close()
            raise
        return ledger

    def copy(self) -> "Ledger":
        """An independent ledger in memory with the same rows."""
        twin = Ledger(copy_database(self._connection), shared=False)
        twin._book = None if self._shared else self._book  # a shared file may have changed since
        return twin

    def close(self) -> None:
        """Let go of the file; nothing else may be called afterwards."""
        self._connection.close()

    def pair_id(self) -> str | None:
        """The id that the account shares with the journal of its runs; None before they were paired."""
        return read_pair_id(self._connection)

    def pair(self, pair_id: str) -> str:
        """Give the account such an id, unless it has one; the id that it has now."""
        return write_pair_id(self._connection, pair_id)

    def book(self) -> Book:
        """The account as it was last committed, by this process or another."""
        # The version is read before the rows: a commit in between costs one more reading and loses nothing.
        version = self._read("PRAGMA data_version")[0][0] if self._shared else 0
        book = self._book
        if book is None or version != self._data_version:
            if self._connection.in_transaction:
                book = self._read_book()
            else:
                with self._transaction("BEGIN"):  # all tables as of one moment
                    book = self._read_book()
            self._book, self._data_version = book, version
        return book

    def take_over(self, parts: tuple[str, ...] | None, check: Callable[[], None]) -> None:
        """Have `fenced` effects of whoever worked on these parts before refused; None is all parts.

        `check` raises where this process has lost the right to it meanwhile: then nothing is changed.
        """
        with self._transaction("BEGIN IMMEDIATE"):
            check()
            try:
                self._fence.take_over(parts)
            except (SqlError, *UNREADABLE) as error:
                raise BrokerUnavailable(f"the paper account cannot be taken over: {error}") from error

    @contextmanager
    def effect(self, *, fenced: bool) -> Iterator[Book]:
        """A transaction, from the book at its beginning to the one recorded last.

        Raises BrokerUnavailable where the database refuses before the commit: nothing happened. Raises
        ReplyLost where the commit itself fails: only reading tells what happened. With `fenced`, raises
        Superseded where another process has taken the account over, and nothing happened.
        """
        with self._transaction("BEGIN IMMEDIATE"):
            if fenced and self._shared:
                self._refuse_passed()
            yield self.book()

    def next_order_id(self, book: Book) -> str:
        """The account and a number counted up; asked and used within one effect."""
        return f"{book.account_id}-{self._read(rows.NEXT_ORDER_NUMBER)[0][0]}"

    def record_refused(self, order: Order) -> None:
        """Keep an order that was refused: its client order id is taken by that."""
        self._write(rows.INSERT_ORDER, rows.order_row(order, None))

    def record_accepted(self, book: Book, accepted: OpenOrder) -> None:
        """Keep an order with its fate; `book` is the one that holds it."""
        self._write(rows.INSERT_ORDER, rows.order_row(accepted.order, accepted))
        self._book = book

    def record_change(self, book: Book, order: Order, fill: Fill | None) -> None:
        """Keep how an open order changed, and its fill if that is why; `book` is the one after it."""
        self._write(rows.UPDATE_ORDER, rows.order_change_row(order))
        if fill is not None:
            self._write(rows.INSERT_FILL, rows.fill_row(fill))
            self._write(rows.UPDATE_CASH, (str(book.cash),))
            held = book.holdings.get(fill.symbol)
            if held is None:
                self._write(rows.DELETE_POSITION, (fill.symbol,))
            else:
                self._write(rows.REPLACE_POSITION, rows.holding_row(held))
        self._book = book

    def order(self, order_id: str) -> Order | None:
        """Any order there ever was, by the broker's identifier."""
        return next(iter(self._read_as(rows.order_of, rows.ORDER_BY_ID, (order_id,))), None)

    def order_of_client(self, client_order_id: str) -> Order | None:
        """Any order there ever was, by the name its sender gave it."""
        return next(iter(self._read_as(rows.order_of, rows.ORDER_BY_CLIENT_ID, (client_order_id,))), None)

    def orders(self) -> tuple[Order, ...]:
        """All orders there ever were, oldest first."""
        return self._read_as(rows.order_of, rows.ALL_ORDERS)

    def last_order_at(self) -> datetime | None:
        """When the latest order was placed, or None where there is none."""
        [at] = self._read_as(lambda row: rows.moment_of(row[0]), rows.LAST_ORDER_AT)
        return at

    def fills(self, after: int) -> tuple[Fill, ...]:
        """The fills after the first `after`, oldest first."""
        return self._read_as(rows.fill_of, rows.FILLS_AFTER, (after,))

    def _refuse_passed(self) -> None:
        try:
            passed = self._fence.is_passed()
        except (SqlError, *UNREADABLE) as error:
            raise BrokerUnavailable(f"the paper account cannot be read: {error}") from error
        if passed:
            raise Superseded(
                "another process has taken this account over since this run began; nothing more is ordered "
                "or cancelled here, `python -m trading status` shows what the other one does"
            )

    def _open_account(self, opening: Opening) -> None:
        with self._transaction("BEGIN IMMEDIATE"):
            found = self._read(rows.ACCOUNT)
            if not found:
                cash = str(opening.cash)
                self._write(rows.INSERT_ACCOUNT, (opening.account_id, cash, cash))
                for held in opening.holdings:
                    self._write(rows.REPLACE_POSITION, rows.holding_row(held))
            elif found[0][0] != opening.account_id:
                raise DatabaseUnusable(f"holds account {found[0][0]!r}, not {opening.account_id!r}")

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        self._write(begin)
        try:
            yield
        except BaseException:
            self._forget()
            raise
        try:
            self._connection.execute("COMMIT")
        except SqlError as error:
            self._forget()
            raise ReplyLost(f"the paper account did not confirm its commit: {error}") from error

    def _forget(self) -> None:
        self._book = None
        if self._connection.in_transaction:  # SQLite itself rolls back after some errors
            self._connection.execute("ROLLBACK")

    def _read_book(self) -> Book:
        [(account_id, cash)] = self._read_as(lambda row: (row[0], Decimal(row[1])), rows.ACCOUNT)
        holdings = self._read_as(rows.holding_of, rows.POSITIONS)
        waiting = self._read_as(rows.open_order_of, rows.OPEN_ORDERS)
        return Book(
            account_id=account_id,
            cash=cash,
            holdings={held.symbol: held for held in holdings},
            open_orders={accepted.order.order_id: accepted for accepted in waiting},
        )

    def _read_as(
        self, value_of: Callable[[rows.Row], Value], statement: str, values: rows.Row = ()
    ) -> tuple[Value, ...]:
        found = self._read(statement, values)
        try:
            return tuple(map(value_of, found))
        except UNREADABLE as error:
            raise BrokerUnavailable(f"the paper account holds a row that is damaged: {error!r}") from error

    def _read(self, statement: str, values: rows.Row = ()) -> list[rows.Row]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except (SqlError, *UNREADABLE) as error:
            raise BrokerUnavailable(f"the paper account cannot be read: {error}") from error

    def _write(self, statement: str, values: rows.Row = ()) -> None:
        try:
            self._connection.execute(statement, values)
        except SqlError as error:
            raise BrokerUnavailable(f"the paper account cannot be written: {error}") from error
