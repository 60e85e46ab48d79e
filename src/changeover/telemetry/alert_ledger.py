"""What was told to whom: an alert is written down before it is sent, and marked when it was taken.

Of several processes one claims an alert for a receiver, for as long as sending may take. Whoever dies in
between leaves a claim that runs out, so that the alert is sent again, with the same key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Protocol
from uuid import uuid4

from changeover.quick_dataclass import dataclass
from changeover.telemetry.alerts import Alert, again_after
from changeover.telemetry.receiver import Message

LEASE = timedelta(seconds=180)
"""How long a claim holds."""
CLAIMED_MAX = 20
TRIES_MAX = 80
"""Then an alert is given up: about three days after the first one."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
_DOUBLED_MAX = 10
ENTRIES_KEPT_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Claimed:
    """One alert that this process sends to one receiver; `tries` counts how often that was begun before."""

    message: Message
    receiver: str
    tries: int

    def again_at(self, now: datetime) -> datetime | None:
        """When it is tried again after this time failed, None where it is given up."""
        if self.tries + 1 >= TRIES_MAX:
            return None
        doubled: int = 2 ** min(self.tries, _DOUBLED_MAX)
        return now + min(_FIRST_PAUSE * doubled, _LONGEST_PAUSE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claim: `problem` is None where it was taken; one that was not `asked` is free."""

    claimed: Claimed
    answer: str = ""
    problem: str | None = None
    asked: bool = True

    def free_at(self, now: datetime) -> datetime | None:
        """From when on it may be claimed again, None where it may not."""
        if not self.asked:
            return now
        return None if self.problem is None else self.claimed.again_at(now)


class Ledger(Protocol):
    """Every method may raise ChangeoverError where what it is kept in cannot be used."""

    def enter(self, alert: Alert, receivers: Sequence[str], taken: Sequence[str] = ()) -> str | None:
        """Write an alert down for these receivers, unless its subject was told; gives its key, or None.

        `taken` are further receivers that have it already.
        """

    def claim(self, receivers: Sequence[str], now: datetime) -> list[Claimed]:
        """What these have not taken, at most `CLAIMED_MAX`; for this process alone until `LEASE` is over."""

    def settle(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """What became of claims: what was not taken is tried later, by whoever claims it then."""


def key_of(place: str, subject: str, number: int) -> str:
    """The idempotency key of the alert of this number about a subject, in the ledger of this name."""
    return f"{place[:12]}-{sha256(f'{subject}#{number}'.encode()).hexdigest()[:20]}"


def is_told(last: datetime | None, alert: Alert) -> bool:
    """Whether the subject was told already, where an alert of it was last entered at that moment."""
    if last is None:
        return False
    again = again_after(alert.kind)
    return again is None or alert.at - last < again


@dataclass(slots=True)
class _Delivery:
    free_at: datetime | None = None
    tries: int = 0


@dataclass(slots=True)
class _Entry:
    message: Message
    due: dict[str, _Delivery] = field(default_factory=dict)


class MemoryLedger:
    """The ledger of one process, where there is no store: it is told once in each process."""

    def __init__(self, name: Callable[[], str] = lambda: uuid4().hex) -> None:
        self._name = name()
        self._last: dict[str, tuple[datetime, int]] = {}
        self._entries: dict[str, _Entry] = {}

    def enter(self, alert: Alert, receivers: Sequence[str], taken: Sequence[str] = ()) -> str | None:
        """As `Ledger` says."""
        at, number = self._last.get(alert.subject, (None, 0))
        if is_told(at, alert):
            return None
        if len(self._last) >= ENTRIES_KEPT_MAX:
            del self._last[next(iter(self._last))]
        if len(self._entries) >= ENTRIES_KEPT_MAX:
            del self._entries[next(iter(self._entries))]
        self._last[alert.subject] = (alert.at, number + 1)
        key = key_of(self._name, alert.subject, number + 1)
        self._entries[key] = _Entry(
            Message(key, alert), {name: _Delivery() for name in receivers if name not in taken}
        )
        return key

    def claim(self, receivers: Sequence[str], now: datetime) -> list[Claimed]:
        """As `Ledger` says."""
        found: list[Claimed] = []
        for entry in self._entries.values():
            for name, delivery in entry.due.items():
                is_free = delivery.free_at is None or delivery.free_at <= now
                if name in receivers and is_free and len(found) < CLAIMED_MAX:
                    found.append(Claimed(entry.message, name, delivery.tries))
                    delivery.free_at, delivery.tries = now + LEASE, delivery.tries + 1
        return found

    def settle(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        """As `Ledger` says."""
        for outcome in outcomes:
            claimed, free_at = outcome.claimed, outcome.free_at(now)
            entry = self._entries.get(claimed.message.key)
            if entry is None or claimed.receiver not in entry.due:
                continue
            if free_at is not None:
                tries = claimed.tries + outcome.asked
                entry.due[claimed.receiver] = _Delivery(free_at, tries)
                continue
            del entry.due[claimed.receiver]
            if not entry.due:
                del self._entries[claimed.message.key]
