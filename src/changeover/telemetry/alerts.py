"""Alerts for people, sent at once. Sending one never breaks or delays a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from changeover.quick_dataclass import dataclass
from changeover.telemetry.logs import logger
from changeover.values.interruption import stop_if_interrupted

AGAIN_S = 3_600.0
REMEMBERED_MAX = 1_000
TEXT_CHARACTERS_MAX = 2_000
_log = logger("alert")


class AlertKind(StrEnum):
    """What happened."""

    UNSAFE = "unsafe"
    DIVERGED = "diverged"
    TRIPPED = "tripped"
    NOT_DEMOTED = "not-demoted"
    LEGACY_FAILED = "legacy-failed"
    EVIDENCE_LOST = "evidence-lost"
    FLAGS_REFUSED = "flags-refused"
    OBJECT_CHANGED = "object-changed"
    UNWATCHED = "unwatched"


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to hear of; `run` and `cluster` can be pasted after `changeover explain`.

    `repeats` counts alerts of the same kind and phase that were held back since the one before.
    """

    kind: AlertKind
    text: str
    phase: str | None = None
    run: str | None = None
    cluster: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    repeats: int = 0

    def to_data(self) -> dict[str, Any]:
        """Plain values, as a webhook sends them."""
        at = self.at.isoformat()
        return {"schema_version": 1, **asdict(self), "kind": str(self.kind), "at": at}


AlertSink = Callable[[Alert], None]


class LogAlerts:
    """Writes every alert to the log `changeover.alert`, as an error."""

    def __call__(self, alert: Alert) -> None:
        """One line."""
        again = f" ({alert.repeats} more like it were held back)" if alert.repeats else ""
        fields = {"phase": alert.phase, "run": alert.run, "cluster": alert.cluster, "repeats": alert.repeats}
        _log.error("%s: %s%s", alert.kind, alert.text, again, kind=alert.kind, **fields)


@dataclass(slots=True)
class _Sent:
    at: float
    held_back: int = 0


class Alerts:
    """Sends alerts to all sinks; the same kind for the same phase and revision once in `AGAIN_S` seconds.

    `redact` takes secrets out of a text before any sink sees it; where it fails, the text is left out. A
    sink that raises is said in the log and harms neither the run nor the other sinks.
    """

    def __init__(
        self,
        sinks: Iterable[AlertSink],
        *,
        redact: Callable[[str], str] = str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sinks = tuple(sinks)
        self._redact = redact
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._sent: dict[tuple[AlertKind, str | None, int | None], _Sent] = {}

    def send(self, alert: Alert, *, revision: int | None = None) -> None:
        """Send it to all sinks unless one like it was sent within `AGAIN_S`; only interrupts are raised."""
        held_back = self._held_back((alert.kind, alert.phase, revision))
        if held_back is None:
            return
        alert = replace(alert, text=self.readable(alert.text), repeats=held_back)
        for sink in self._sinks:
            try:
                sink(alert)
            except BaseException as error:  # noqa: BLE001  promise 1: no alert breaks the answer
                stop_if_interrupted(error)
                sink_name = getattr(sink, "__qualname__", type(sink).__qualname__)
                _log.warning("an alert could not be given to %s: %s", sink_name, type(error).__name__)

    def _held_back(self, key: tuple[AlertKind, str | None, int | None]) -> int | None:
        """How many were held back before this one; None where it is held back itself."""
        now = self._monotonic()
        with self._lock:
            sent = self._sent.get(key)
            if sent is not None and now - sent.at < AGAIN_S:
                sent.held_back += 1
                return None
            if len(self._sent) >= REMEMBERED_MAX:
                self._sent.clear()
            self._sent[key] = _Sent(now)
            return 0 if sent is None else sent.held_back

    def readable(self, text: str) -> str:
        """The text without secrets, and not too long."""
        try:
            return self._redact(text)[:TEXT_CHARACTERS_MAX]
        except Exception as error:  # noqa: BLE001  a text that may hold a secret is not shown
            return f"the text could not be redacted ({type(error).__name__})"
