"""Sends what the ledger holds to receivers elsewhere: one thread of a program, which nobody waits for."""

from __future__ import annotations

import atexit
import os
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic

from changeover.errors import ChangeoverError
from changeover.quick_dataclass import dataclass
from changeover.record.context import permitted
from changeover.telemetry.alert_ledger import Claimed, Ledger, MemoryLedger, Outcome
from changeover.telemetry.alerts import Alert
from changeover.telemetry.logs import logger
from changeover.telemetry.receiver import LOG, NotDelivered, Receiver

WAITING_MAX = 100
RETRY_S = 60.0
BATCH_S = 60.0
"""Of what was claimed at once, nothing more is begun after so long; the last may take as long again."""
END_WAIT_S = 5.0
_log = logger("alert")


@dataclass(frozen=True, slots=True)
class Delivered:
    """One round: how many were taken, and of which receivers one failed; those are tried again later."""

    sent: int
    failed: tuple[str, ...]


def deliver(
    ledger: Ledger, receivers: Mapping[str, Receiver], now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Delivered:
    """Send what is due, each alert to each of these receivers that has not taken it.

    A receiver that fails is left in peace until the next round, so that a slow one keeps the others waiting
    once. Raises ChangeoverError where the ledger cannot be used; what was claimed is due again later.
    """
    sent, failed = 0, []
    waiting = dict(receivers)
    while waiting:
        claims = ledger.claim(tuple(waiting), now())
        if not claims:
            break
        outcomes = _asked(claims, waiting)
        ledger.settle(outcomes, now())
        for outcome in outcomes:
            sent += outcome.asked and outcome.problem is None
            if outcome.asked and outcome.problem is not None:
                failed.append(outcome.claimed.receiver)
                _say(outcome, now())
    return Delivered(sent, tuple(failed))


def _asked(claims: Sequence[Claimed], waiting: dict[str, Receiver]) -> list[Outcome]:
    """Ask for each claim; a receiver that fails goes from those that wait, and is asked no more."""
    outcomes, began = [], monotonic()
    for claimed in claims:
        receiver = waiting.get(claimed.receiver)
        if receiver is None or monotonic() - began > BATCH_S:
            outcomes.append(Outcome(claimed, asked=False))
            continue
        outcome = _sent_to(receiver, claimed)
        outcomes.append(outcome)
        if outcome.problem is not None:
            del waiting[claimed.receiver]
    return outcomes


def _sent_to(receiver: Receiver, claimed: Claimed) -> Outcome:
    try:
        return Outcome(claimed, receiver.send(claimed.message))
    except NotDelivered as problem:
        return Outcome(claimed, problem=str(problem))
    except Exception as error:  # noqa: BLE001  one of the program's own may raise anything
        return Outcome(claimed, problem=type(error).__name__)


def _say(outcome: Outcome, now: datetime) -> None:
    given_up = "" if outcome.free_at(now) is not None else "; it is given up"
    receiver = outcome.claimed.receiver
    _log.warning("an alert did not reach %s: %s%s", receiver, outcome.problem, given_up)


def by_name(receivers: Sequence[Receiver]) -> dict[str, Receiver]:
    """Each under a name of its own: `webhook`, `webhook-2`."""
    found: dict[str, Receiver] = {}
    for one in receivers:
        same = sum(name.partition("-")[0] == one.name for name in found)
        found[f"{one.name}-{same + 1}" if same else one.name] = one
    return found


class AlertSender:
    """Takes alerts from any thread and sends them from one; `dropped` counts those that found no room.

    Args:
        receivers: all that alerts go to, beside the log.
        ledger: makes the ledger of the store, in the thread that sends; None where there is none. Where it
            cannot be used, alerts are sent all the same, once in this process.
        kinds: of alert that are sent, empty for all.
        now: the time.
        given: those of the receivers that the program itself has named.
    """

    def __init__(
        self,
        receivers: Sequence[Receiver],
        ledger: Callable[[], Ledger | None] = lambda: None,
        kinds: Sequence[str] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        given: Sequence[Receiver] = (),
    ) -> None:
        self.given = tuple(given)
        self._receivers = by_name(receivers)
        self._make_ledger, self._kinds, self._now = ledger, frozenset(kinds), now
        self._begin()

    def put(self, alert: Alert) -> None:
        """Take it; raises nothing, and waits for nobody."""
        if self._kinds and alert.kind not in self._kinds:
            return
        if os.getpid() != self._pid:
            self._begin()  # a forked child: what waits is the parent's, and so is its thread
        with self._changed:
            if len(self._waiting) >= WAITING_MAX:
                self.dropped += 1
                return
            self._waiting.append(alert)
            if self._thread is None:
                self._start()
            self._changed.notify_all()

    def close(self, wait_s: float = END_WAIT_S) -> None:
        """Wait until all was tried once, at most so many seconds."""
        if os.getpid() != self._pid:
            return
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._is_busy, wait_s)

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._changed = threading.Condition()
        self._waiting: deque[Alert] = deque()
        self._is_busy = False
        self._thread: threading.Thread | None = None
        self._memory: Ledger = MemoryLedger()
        self.sent = self.failed = self.dropped = 0

    def _start(self) -> None:
        thread = threading.Thread(target=self._work, name="changeover alerts", daemon=True)
        with permitted():
            try:
                thread.start()
            except RuntimeError:  # the interpreter ends: what is in the store is sent by another process
                return
        self._thread = thread
        atexit.register(self.close)

    def _work(self) -> None:
        with permitted():
            pause: float | None = None
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._waiting, pause)
                    taken = list(self._waiting)
                    self._waiting.clear()
                    self._is_busy = True
                try:
                    pause = self._round(taken)
                except Exception as error:  # noqa: BLE001  whatever it is, the next round may be better
                    _log.warning("alerts could not be sent: %r", error)
                    pause = RETRY_S
                with self._changed:
                    self._is_busy = False
                    self._changed.notify_all()

    def _round(self, taken: Sequence[Alert]) -> float | None:
        """Write all of them down, then send; gives after how many seconds to try again, None for never."""
        stored = self._stored()
        for alert in taken:
            self._enter(stored, alert)
        is_whole = True
        for ledger in filter(None, (stored, self._memory)):
            try:
                done = deliver(ledger, self._receivers, self._now)
            except ChangeoverError as problem:
                _log.warning("alerts wait in the store, which cannot be used: %s", problem)
                is_whole = False
                continue
            self.sent += done.sent
            self.failed += len(done.failed)
            is_whole = is_whole and not done.failed
        return None if is_whole else RETRY_S

    def _stored(self) -> Ledger | None:
        try:
            return self._make_ledger()
        except ChangeoverError as problem:
            _log.warning("what was told already is not known: %s", problem)
            return None

    def _enter(self, stored: Ledger | None, alert: Alert) -> None:
        names = tuple(self._receivers)
        if stored is not None:
            try:
                stored.enter(alert, names, taken=(LOG,))
            except ChangeoverError as problem:
                _log.warning("what was told already is not known: %s", problem)
            else:
                return
        self._memory.enter(alert, names)
