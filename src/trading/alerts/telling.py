"""Tells each receiver of every finding once: one thread per receiver, so that a slow one delays no other."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from threading import Event, Thread

import structlog

from trading.alerts.alert import Alert, AlertNotTaken, alert_of
from trading.alerts.ledger import AlertLedger, AlertState
from trading.alerts.receiver import Receiver
from trading.database import DatabaseUnusable, SqlError
from trading.monitor.finding import Finding, FindingKind
from trading.monitor.look import Look

log = structlog.get_logger(__name__)

NEW_PER_LOOK_MAX = 50  # the others are told after the next looks
OLD_AFTER = timedelta(days=1)
PAUSE_S = 1.0


class Telling:
    """What a watching process does about findings."""

    def __init__(
        self, ledger: AlertLedger, receivers: Sequence[Receiver], *, wall: Callable[[], datetime]
    ) -> None:
        self._ledger = ledger
        self._receivers = tuple(receivers)
        self._wall = wall
        self._wake = {receiver.name: Event() for receiver in self._receivers}
        self._ended = Event()
        self._seen: set[str] = set()  # what this process has written down: not asked of the file every time
        self._journal_id = ""
        self._is_first = True

    def tell(self, look: Look, found: Sequence[Finding], account: str) -> None:
        """Write down what nobody was told yet; raises nothing that the ledger's file may do.

        Failed runs that were over long before anybody watched are known: they are no news. A look that could
        not be read is told under the id that the journal had before.
        """
        self._journal_id = look.journal_id or self._journal_id
        alerts = [(one, alert_of(one, account=account, journal_id=self._journal_id)) for one in found]
        new = [(one, alert) for one, alert in alerts if alert.key not in self._seen]
        try:
            if self._is_first and self._ledger.begin(self._wall()):
                new = self._without_old(new, look)
            self._is_first = False
            self._write_down([alert for _, alert in new[:NEW_PER_LOOK_MAX]])
        except (SqlError, DatabaseUnusable) as error:
            log.warning("alerts_not_written_down", error=str(error))

    def start(self) -> list[Thread]:
        """Send from threads of their own until `close`."""
        threads = [
            Thread(
                target=self._send_to, args=(receiver,), name=f"trading-alerts-{receiver.name}", daemon=True
            )
            for receiver in self._receivers
        ]
        for thread in threads:
            thread.start()
        return threads

    def close(self) -> None:
        """End the threads; what they have not sent is sent by the next process."""
        self._ended.set()
        for wake in self._wake.values():
            wake.set()

    def send_due(self, receiver: Receiver) -> int:
        """Send all that is due for one receiver; how many it took. After one failure the others wait."""
        taken = 0
        while not self._ended.is_set():
            leased = self._ledger.lease(receiver.name, self._wall())
            if leased is None:
                return taken
            try:
                receiver.send(leased.alert)
            except AlertNotTaken as failed:
                self._not_taken(
                    receiver,
                    leased.alert,
                    self._ledger.not_taken(leased, receiver.name, self._wall(), str(failed)),
                    str(failed),
                )
                return taken
            self._ledger.taken(leased, receiver.name, self._wall())
            taken += 1
        return taken

    def _without_old(self, new: list[tuple[Finding, Alert]], look: Look) -> list[tuple[Finding, Alert]]:
        old = [
            alert
            for one, alert in new
            if one.kind is FindingKind.FAILED and look.as_of - one.since > OLD_AFTER
        ]
        if old:
            self._ledger.write_down(old, [one.name for one in self._receivers], self._wall(), known=True)
            self._seen.update(alert.key for alert in old)
            log.warning("failed_runs_of_before", number=len(old), told=False)
        return [(one, alert) for one, alert in new if alert.key not in self._seen]

    def _write_down(self, alerts: list[Alert]) -> None:
        if not alerts:
            return
        self._ledger.write_down(alerts, [one.name for one in self._receivers], self._wall())
        self._seen.update(alert.key for alert in alerts)
        for wake in self._wake.values():
            wake.set()

    def _send_to(self, receiver: Receiver) -> None:
        wake = self._wake[receiver.name]
        while not self._ended.is_set():
            try:
                self.send_due(receiver)
            except Exception:  # a receiver with a defect must not end what tells of others
                log.exception("alerts_not_sent", receiver=receiver.name)
            wake.wait(PAUSE_S)
            wake.clear()

    def _not_taken(self, receiver: Receiver, alert: Alert, state: AlertState, why: str) -> None:
        log.warning("alert_not_taken", receiver=receiver.name, key=alert.key, state=state.value, why=why)
