"""Which alert was told to whom: a file of its own beside the journal, which it never touches.

An alert is written down before it is sent and marked when a receiver has taken it, so a process that dies in
between sends it again, with the same key. Of several processes one has it at a time; a process that dies
leaves a lease that runs out.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any

from trading.alerts.alert import Alert
from trading.database import SqlError, open_database

KIND = "alert ledger"
VERSION = 1
SCHEMA = """
CREATE TABLE alerts (
    key TEXT NOT NULL,
    receiver TEXT NOT NULL,
    body TEXT NOT NULL,
    found_at TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_at TEXT NOT NULL,
    leased_until TEXT,
    ended_at TEXT,
    error TEXT,
    PRIMARY KEY (key, receiver)
) WITHOUT ROWID;
CREATE INDEX alerts_waiting ON alerts (receiver, next_at) WHERE state = 'waiting';
CREATE INDEX alerts_found ON alerts (found_at);
CREATE TABLE begun (one INTEGER PRIMARY KEY CHECK (one = 1), at TEXT NOT NULL);
"""

ATTEMPTS_MAX = 80  # about three days
LEASE_S = 120.0
PAUSE_S, PAUSE_MAX_S = 10.0, 3600.0
KEPT_MAX = 10_000

INSERT = (
    "INSERT INTO alerts (key, receiver, body, found_at, state, next_at, ended_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key, receiver) DO NOTHING"
)
NEXT = (
    "SELECT key, body, attempts FROM alerts WHERE receiver = ? AND state = 'waiting' AND next_at <= ? "
    "AND (leased_until IS NULL OR leased_until <= ?) ORDER BY next_at, key LIMIT 1"
)
LEASE = "UPDATE alerts SET leased_until = ? WHERE key = ? AND receiver = ?"
END = (
    "UPDATE alerts SET state = ?, attempts = ?, next_at = ?, leased_until = NULL, ended_at = ?, error = ? "
    "WHERE key = ? AND receiver = ?"
)
BEGIN = "INSERT INTO begun VALUES (1, ?) ON CONFLICT (one) DO NOTHING"
COUNTS = "SELECT receiver, state, count(*) FROM alerts GROUP BY receiver, state ORDER BY receiver, state"
LATEST = (
    "SELECT receiver, state, attempts, found_at, ended_at, error, body FROM alerts "
    "WHERE state <> 'known' ORDER BY found_at DESC, key, receiver LIMIT ?"
)
FORGET = (
    "DELETE FROM alerts WHERE (key, receiver) IN (SELECT key, receiver FROM alerts WHERE state <> 'waiting' "
    "ORDER BY found_at DESC LIMIT -1 OFFSET ?)"
)


class AlertState(StrEnum):
    """Where an alert stands with one receiver."""

    WAITING = "waiting"
    TAKEN = "taken"
    GIVEN_UP = "given-up"
    KNOWN = "known"  # it was there, and old, when somebody began to watch: nobody is told


@dataclass(frozen=True, slots=True)
class Leased:
    """An alert that this process sends now; `attempts` were made before."""

    alert: Alert
    attempts: int


@dataclass(frozen=True, slots=True)
class Told:
    """One alert at one receiver, for a page."""

    alert: Alert
    receiver: str
    state: AlertState
    attempts: int
    found_at: datetime
    ended_at: datetime | None
    error: str | None


class AlertLedger:
    """One file, used by several threads and processes."""

    def __init__(self, path: Path | None) -> None:
        """None keeps everything in memory, and forgets it with the process."""
        self._connection = open_database(path, kind=KIND, version=VERSION, schema=SCHEMA)
        self._lock = Lock()

    def begin(self, now: datetime) -> bool:
        """Whether nobody has watched this account before."""
        with self._transaction():
            return self._connection.execute(BEGIN, (_text(now),)).rowcount == 1

    def write_down(
        self, alerts: Sequence[Alert], receivers: Sequence[str], now: datetime, *, known: bool = False
    ) -> int:
        """Have these sent to each of the receivers, unless they were already; how many are new.

        What is `known` is never sent.
        """
        state = AlertState.KNOWN if known else AlertState.WAITING
        at = _text(now)
        with self._transaction():
            new = 0
            for alert in alerts:
                body = json.dumps(alert.data())
                for receiver in receivers:
                    values = (alert.key, receiver, body, at, state.value, at, at if known else None)
                    new += self._connection.execute(INSERT, values).rowcount
            if new:
                self._connection.execute(FORGET, (KEPT_MAX,))
            return new

    def lease(self, receiver: str, now: datetime) -> Leased | None:
        """The next alert that is due for a receiver, for this process alone until the lease runs out."""
        at = _text(now)
        with self._transaction():
            row = self._connection.execute(NEXT, (receiver, at, at)).fetchone()
            if row is None:
                return None
            key, body, attempts = row
            self._connection.execute(LEASE, (_text(now + timedelta(seconds=LEASE_S)), key, receiver))
        return Leased(Alert.from_data(json.loads(body)), int(attempts))

    def taken(self, leased: Leased, receiver: str, now: datetime) -> None:
        """It has arrived."""
        self._end(leased, receiver, AlertState.TAKEN, now, now, None)

    def not_taken(self, leased: Leased, receiver: str, now: datetime, why: str) -> AlertState:
        """It has not: it is tried again after a pause that doubles, and given up in the end."""
        made = leased.attempts + 1
        state = AlertState.GIVEN_UP if made >= ATTEMPTS_MAX else AlertState.WAITING
        pause = min(PAUSE_S * 2 ** min(leased.attempts, 16), PAUSE_MAX_S)
        self._end(leased, receiver, state, now, now + timedelta(seconds=pause), why)
        return state

    def counts(self) -> dict[tuple[str, ...], float]:
        """How many alerts stand how, by (receiver, state)."""
        with self._lock:
            found = self._connection.execute(COUNTS).fetchall()
        return {(str(receiver), str(state)): float(count) for receiver, state, count in found}

    def latest(self, most: int) -> list[Told]:
        """The latest ones, the newest first."""
        with self._lock:
            found = self._connection.execute(LATEST, (most,)).fetchall()
        return [_told(*row) for row in found]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _end(
        self,
        leased: Leased,
        receiver: str,
        state: AlertState,
        now: datetime,
        next_at: datetime,
        why: str | None,
    ) -> None:
        ended = None if state is AlertState.WAITING else _text(now)
        values = (state.value, leased.attempts + 1, _text(next_at), ended, why, leased.alert.key, receiver)
        with self._transaction():
            self._connection.execute(END, values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(SqlError):
                    self._connection.execute("ROLLBACK")
                raise


def ledger_path(journal: Path) -> Path:
    """Where the ledger of an account's alerts lies: beside its journal."""
    return journal.with_name(f"{journal.name.removesuffix('.journal.db')}.alerts.db")


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _told(
    receiver: str, state: str, attempts: int, found: str, ended: str | None, error: str | None, body: Any
) -> Told:
    return Told(
        alert=Alert.from_data(json.loads(body)),
        receiver=receiver,
        state=AlertState(state),
        attempts=attempts,
        found_at=datetime.fromisoformat(found),
        ended_at=None if ended is None else datetime.fromisoformat(ended),
        error=error,
    )
