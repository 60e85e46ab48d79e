"""An account's file and the journal of its runs belong together, whatever they are called.

Both lie in one folder, and each holds the same id. So an account that is opened by another name (a link, a
copy, a file that was moved) is never traded beside a journal that knows nothing of its sessions. The account
takes orders from the process that claimed the journal last, and from no earlier one.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from trading.broker.ledger import Ledger
from trading.broker.port import BrokerError
from trading.database import DatabaseUnusable, SqlError
from trading.desk import journal_path
from trading.events.journal.sqlite import SqliteJournal

Kept = TypeVar("Kept", bound=SqliteJournal)


def open_journal_of(account: Path, ledger: Ledger, open_journal: Callable[[Path], Kept]) -> Kept:
    """The journal of an open account, made and paired with it where neither has been traded with.

    `open_journal` says how much of it this process works on.
    Raises DatabaseUnusable where the journal is missing or belongs to another account.
    """
    path = journal_path(account)
    try:
        if ledger.pair_id() is not None and not path.exists():
            raise DatabaseUnusable(
                f"{account}: the journal of its runs, {path}, is missing, and nothing else knows which "
                "sessions it has traded; bring the journal back under this name, or name another account"
            )
        journal = open_journal(path)
        try:
            _pair(account, ledger, path, journal)
            journal.when_claimed(partial(_take_over, account, ledger, journal.parts))
        except BaseException:
            journal.close()
            raise
    except (BrokerError, SqlError) as error:
        raise DatabaseUnusable(f"{account}: cannot be used with its journal {path}: {error}") from error
    return journal


def _take_over(
    account: Path, ledger: Ledger, parts: tuple[str, ...] | None, check: Callable[[], None]
) -> None:
    """Whoever claims the journal is the one whose orders the account takes."""
    try:
        ledger.take_over(parts, check)
    except BrokerError as error:
        raise DatabaseUnusable(f"{account}: cannot be taken over: {error}; try again") from error


def _pair(account: Path, ledger: Ledger, path: Path, journal: SqliteJournal) -> None:
    """The journal's id first, then its runs, then the account's id: another process may do the same now."""
    of_journal = journal.pair_id()
    has_run = bool(journal.workflows())
    of_account = ledger.pair_id()
    if of_account is None and not (of_journal is not None and has_run):
        # A journal without an id, from before there were ids, may have runs: they are this account's.
        of_account = ledger.pair(journal.pair(of_journal or uuid4().hex))
        of_journal = journal.pair_id()
    if of_account is None or of_account != of_journal:
        raise DatabaseUnusable(
            f"{path}: is the journal of another account than {account}, and knows nothing of the sessions "
            "that this one has traded; bring back the journal of this account, or name another account"
        )
