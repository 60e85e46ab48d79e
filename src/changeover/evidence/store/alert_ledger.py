"""The ledger of alerts in a store: one for all processes that share it, and over their restarts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from changeover.evidence.store.connection import Connection
from changeover.evidence.store.rows_of_runs import stored_at
from changeover.evidence.store.store import StorePlace, has_store, reading, writing
from changeover.quick_dataclass import dataclass
from changeover.telemetry.alert_ledger import CLAIMED_MAX, LEASE, Claimed, Outcome, is_told, key_of
from changeover.telemetry.alerts import Alert
from changeover.telemetry.receiver import Message

KEPT = timedelta(days=400)
KEPT_MAX = 10_000
LISTED_MAX = 1_000
_ALWAYS = ""
"""Sorts before every moment: what has this may be claimed at any time."""


class StoreLedger:
    """As `telemetry.alert_ledger.Ledger` says; every method raises StoreProblem.

    Args:
        place: the store.
        timeout_s: how long is waited for it; a command waits longer than a program.
    """

    def __init__(self, place: StorePlace, timeout_s: float | None = None) -> None:
        self._place, self._timeout_s = place, timeout_s

    def enter(self, alert: Alert, receivers: Sequence[str], taken: Sequence[str] = ()) -> str | None:
        """Write it down, unless its subject was told; gives its key, or None.

        Of a subject that was told, receivers that nobody knew of before are written down beside the others.
        """
        with writing(self._place, self._timeout_s) as connection:
            return _entered(connection, alert, receivers, taken)

    def enter_change(
        self, subject: str, state: str, alert: Callable[[str], Alert], at: datetime, receivers: Sequence[str]
    ) -> str | None:
        """Remember a state; where it is another one than before, write the alert down that this makes.

        The first state of a subject is no change. Both are kept, or neither is.
        """
        with writing(self._place, self._timeout_s) as connection:
            row = connection.execute(
                "SELECT state FROM alert_states WHERE subject = ?", (subject,)
            ).fetchone()
            if row is not None and row[0] == state:
                return None
            connection.execute(
                "INSERT INTO alert_states (subject, state, at) VALUES (?, ?, ?)"
                " ON CONFLICT (subject) DO UPDATE SET state = excluded.state, at = excluded.at",
                (subject, state, stored_at(at)),
            )
            return None if row is None else _entered(connection, alert(row[0]), receivers, ())

    def claim(self, receivers: Sequence[str], now: datetime) -> list[Claimed]:
        """What is due for these, for this process alone until the lease is over."""
        if not self._place.exists() or not receivers:
            return []
        values = (stored_at(now), *receivers, CLAIMED_MAX)
        query = _DUE.format(marks=", ".join("?" * len(receivers)))
        with reading(self._place) as connection:  # mostly nothing is due, and nobody is kept from writing
            if not connection.execute(query, values).fetchall():
                return []
        with writing(self._place, self._timeout_s) as connection:
            rows = connection.execute(query, values).fetchall()
            free_at = stored_at(now + LEASE)
            connection.executemany(
                "UPDATE deliveries SET free_at = ?, tries = tries + 1 WHERE key = ? AND receiver = ?",
                [(free_at, key, receiver) for key, receiver, _, _ in rows],
            )
        return [
            Claimed(Message(key, Alert.from_data(json.loads(body))), receiver, int(tries))
            for key, receiver, tries, body in rows
        ]

    def untold(self, wanted: Sequence[tuple[Alert, Sequence[str]]]) -> list[tuple[Alert, Sequence[str]]]:
        """Those of these that `enter` has to write down, for one of their receivers at least."""
        if not self._place.exists():
            return list(wanted)
        with reading(self._place) as connection:
            rows = connection.execute("SELECT subject, key, at FROM alerts ORDER BY number").fetchall()
            last = {subject: (key, datetime.fromisoformat(at)) for subject, key, at in rows}
            known = set(connection.execute("SELECT key, receiver FROM deliveries").fetchall())

        def is_done(alert: Alert, receivers: Sequence[str]) -> bool:
            key, at = last.get(alert.subject, ("", None))
            return is_told(at, alert) and all((key, name) in known for name in receivers)

        return [one for one in wanted if not is_done(*one)]

    def states(self) -> dict[str, str]:
        """The states that `enter_change` remembers, by subject."""
        if not self._place.exists():
            return {}
        with reading(self._place) as connection:
            return dict(connection.execute("SELECT subject, state FROM alert_states").fetchall())

    def settle(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """What became of claims; raises StoreProblem, and then they run out by themselves."""
        if not outcomes:
            return
        with writing(self._place, self._timeout_s) as connection:
            connection.executemany(
                "UPDATE deliveries SET free_at = ?, sent_at = ?, answer = ?, tries = ?"
                " WHERE key = ? AND receiver = ? AND sent_at IS NULL",
                [_row(outcome, now) for outcome in outcomes],
            )


_DUE = (
    "SELECT alerts.key, deliveries.receiver, deliveries.tries, alerts.body"
    " FROM deliveries JOIN alerts ON alerts.key = deliveries.key"
    " WHERE deliveries.free_at IS NOT NULL AND deliveries.free_at <= ? AND deliveries.receiver IN ({marks})"
    " ORDER BY deliveries.tries, alerts.rowid, deliveries.receiver LIMIT ?"
)


def _row(outcome: Outcome, now: datetime) -> tuple[object, ...]:
    claimed, free_at = outcome.claimed, outcome.free_at(now)
    is_taken = outcome.asked and outcome.problem is None
    return (
        None if free_at is None else stored_at(free_at),
        stored_at(now) if is_taken else None,
        _safe(outcome.answer if is_taken else outcome.problem or ""),
        claimed.tries + outcome.asked,
        claimed.message.key,
        claimed.receiver,
    )


def _entered(
    connection: Connection, alert: Alert, receivers: Sequence[str], taken: Sequence[str]
) -> str | None:
    last = connection.execute(
        "SELECT number, at, key FROM alerts WHERE subject = ? ORDER BY number DESC LIMIT 1", (alert.subject,)
    ).fetchone()
    if last is not None and is_told(datetime.fromisoformat(last[1]), alert):
        _add_deliveries(connection, last[2], stored_at(alert.at), receivers, taken)
        return None
    ((store,),) = connection.execute("SELECT store FROM identity LIMIT 1").fetchall()
    number, at = (1 if last is None else last[0] + 1), stored_at(alert.at)
    key = key_of(store, alert.subject, number)
    _forget(connection, alert.at)
    connection.execute(
        "INSERT INTO alerts (key, subject, number, at, body) VALUES (?, ?, ?, ?, ?)",
        (key, alert.subject, number, at, json.dumps(alert.to_data())),
    )
    _add_deliveries(connection, key, at, receivers, taken)
    return key


def _add_deliveries(
    connection: Connection, key: str, at: str, receivers: Sequence[str], taken: Sequence[str]
) -> None:
    due = [(key, name, at, _ALWAYS, None, None) for name in receivers if name not in taken]
    done = [(key, name, at, None, at, "written") for name in taken]
    connection.executemany(
        "INSERT INTO deliveries (key, receiver, at, free_at, sent_at, answer) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (key, receiver) DO NOTHING",
        [*due, *done],
    )


def _forget(connection: Connection, now: datetime) -> None:
    """What is long told, and the oldest beyond a number."""
    connection.execute("DELETE FROM alerts WHERE at < ?", (stored_at(now - KEPT),))
    connection.execute(
        "DELETE FROM alerts WHERE key IN (SELECT key FROM alerts ORDER BY at DESC, key LIMIT ? OFFSET ?)",
        (KEPT_MAX, KEPT_MAX),
    )


def _safe(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", " ")


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an alert at one receiver; `sent_at` is None where it waits or was given up."""

    receiver: str
    tries: int
    sent_at: datetime | None
    is_due: bool
    answer: str


@dataclass(frozen=True, slots=True)
class ToldAlert:
    """One alert of a store, and where it went."""

    key: str
    alert: Alert
    deliveries: tuple[Delivery, ...]


def told_alerts(place: StorePlace, most: int = LISTED_MAX) -> tuple[ToldAlert, ...]:
    """The latest alerts of a store, the latest first; raises StoreProblem."""
    if not has_store(place):
        return ()
    with reading(place) as connection:
        rows = connection.execute(
            "SELECT key, body FROM alerts ORDER BY at DESC, rowid DESC LIMIT ?", (most,)
        ).fetchall()
        found: dict[str, list[Delivery]] = {key: [] for key, _ in rows}
        for key, *row in connection.execute(
            "SELECT key, receiver, tries, sent_at, free_at, answer FROM deliveries ORDER BY key, receiver"
        ).fetchall():
            if key in found:
                found[key].append(_delivery(row))
    told = []
    for key, body in rows:
        with suppress(ValueError, TypeError, KeyError):  # a kind of a newer version
            told.append(ToldAlert(key, Alert.from_data(json.loads(body)), tuple(found[key])))
    return tuple(told)


def _delivery(row: Sequence[Any]) -> Delivery:
    receiver, tries, sent_at, free_at, answer = row
    sent = None if sent_at is None else datetime.fromisoformat(sent_at).astimezone(UTC)
    return Delivery(receiver, int(tries), sent, free_at is not None, answer or "")
