"""What a journal in SQLite answers: to the process that works on it, and to whoever only looks on."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from trading.database import Connection, open_to_read, read_pair_id
from trading.events.journal import rows
from trading.events.journal.backlog import Backlog, read_backlog
from trading.events.journal.records import DeadLetter, StoredEvent, WorkflowRecord
from trading.events.journal.totals import Totals, read_totals
from trading.events.messages.envelope import BaseEvent
from trading.events.schema.catalogue import VERSIONS
from trading.events.schema.versions import Versions


class JournalReader:
    """Questions that change nothing."""

    def __init__(self, connection: Connection, versions: Versions = VERSIONS) -> None:
        self._connection = connection
        self._connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        self._versions = versions

    def pair_id(self) -> str | None:
        """The id that the journal shares with its account; None before they were paired."""
        return read_pair_id(self._connection)

    def last_number(self) -> int:
        """The number of the latest event."""
        (number,) = self._connection.execute(rows.LAST_NUMBER).fetchone()
        return int(number)

    def find_event(self, event_id: str) -> BaseEvent | None:
        """An event by its id."""
        row = self._connection.execute(rows.EVENT, (event_id,)).fetchone()
        return rows.run_event(row, self._versions) if row else None

    def run_events(self, correlation_id: str) -> Sequence[BaseEvent]:
        """All readable events of a run."""
        found = self._connection.execute(rows.EVENTS, (correlation_id,))
        events = (rows.run_event(row, self._versions) for row in found)
        return [event for event in events if event is not None]

    def events_of_run(self, correlation_id: str) -> int:
        """How many events of a run are kept."""
        (number,) = self._connection.execute(rows.EVENTS_OF_RUN, (correlation_id,)).fetchone()
        return int(number)

    def events(self, correlation_id: str) -> Sequence[StoredEvent]:
        """All events of a run."""
        execute = self._connection.execute
        return [
            rows.stored_event(row, execute(rows.DELIVERIES, (row[0],)).fetchall(), self._versions)
            for row in execute(rows.EVENTS, (correlation_id,)).fetchall()
        ]

    def dead_letters(self) -> Sequence[DeadLetter]:
        """Every delivery that was given up."""
        found = self._connection.execute(rows.DEAD_LETTERS + "ORDER BY d.seq, d.position")
        return [rows.dead_letter(row, self._versions) for row in found]

    def dead_letter(self, seq: int, handler: str) -> DeadLetter | None:
        """One of them."""
        where = rows.DEAD_LETTERS + "AND d.seq = ? AND d.handler = ?"
        row = self._connection.execute(where, (seq, handler)).fetchone()
        return rows.dead_letter(row, self._versions) if row else None

    def workflows(
        self,
        *,
        account: str | None = None,
        session: str | None = None,
        after: str = "",
        unfinished_only: bool = False,
    ) -> Sequence[WorkflowRecord]:
        """Workflows in the order in which they started."""
        chosen = {"account": account, "session": session, "after": after, "unfinished_only": unfinished_only}
        return [rows.workflow(row) for row in self._connection.execute(rows.CHOSEN_WORKFLOWS, chosen)]

    def backlog(self) -> Backlog:
        """What has not got where it is meant to go."""
        return read_backlog(self._connection)

    def totals(self) -> Totals:
        """How events and deliveries stand, counted by event type and handler."""
        return read_totals(self._connection)


@contextmanager
def looking_at(path: Path) -> Iterator[JournalReader]:
    """A journal as it is at this moment, whatever others write meanwhile, and nobody waits for this.

    It is open only within: who looks for long keeps others from tidying up their write-ahead log. Raises
    DatabaseUnusable and, within, SqlError.
    """
    with closing(open_to_read(path, kind=rows.KIND, version=rows.VERSION)) as connection:
        connection.execute("BEGIN")
        yield JournalReader(connection)
