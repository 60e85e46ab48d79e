"""Alerts for people, sent at once. Sending one never breaks or delays a run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from changeover.quick_dataclass import dataclass
from changeover.telemetry.logs import logger
from changeover.values.interruption import stop_if_interrupted

AGAIN_S = 3_600.0
DAY_S = 86_400.0
SUBJECT_CHARACTERS_MAX = 200
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
    NEW_CLUSTER = "new-cluster"
    REGRESSED = "regressed"
    GATE_CHANGED = "gate-changed"
    EXPIRES = "expires"
    NO_RUNS = "no-runs"
    LOOP_HELD_UP = "loop-held-up"
    TEST = "test"


_LASTING = frozenset(
    {
        AlertKind.NOT_DEMOTED,
        AlertKind.LEGACY_FAILED,
        AlertKind.EVIDENCE_LOST,
        AlertKind.FLAGS_REFUSED,
        AlertKind.OBJECT_CHANGED,
        AlertKind.UNWATCHED,
        AlertKind.LOOP_HELD_UP,
    }
)
_EACH_TIME = frozenset({AlertKind.GATE_CHANGED, AlertKind.TEST})


def again_after(kind: AlertKind) -> timedelta | None:
    """After how long receivers hear of the same subject again; None for never.

    What lasts is told once a day, what has happened once.
    """
    if kind in _EACH_TIME:
        return timedelta(0)
    return timedelta(seconds=DAY_S) if kind in _LASTING else None


def subject_of(kind: AlertKind, *about: object) -> str:
    """What an alert is about, alike in every process: two alerts of one subject are the same alert."""
    text = ":".join([str(kind), *("" if one is None else str(one) for one in about)])
    safe = text.encode("ascii", "backslashreplace").decode()
    if len(safe) <= SUBJECT_CHARACTERS_MAX:
        return safe
    from hashlib import sha256

    return f"{safe[:SUBJECT_CHARACTERS_MAX]}~{sha256(safe.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to hear of; `run` and `cluster` can be pasted after `changeover explain`.

    `repeats` counts alerts of the same kind and phase that were held back since the one before. Receivers
    hear of a `subject` once, whichever process tells of it.
    """

    kind: AlertKind
    text: str
    phase: str | None = None
    run: str | None = None
    cluster: str | None = None
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    repeats: int = 0
    subject: str = ""

    def to_data(self) -> dict[str, Any]:
        """Plain values, as a webhook sends them."""
        return {
            "schema_version": 1,
            **asdict(self),
            "kind": str(self.kind),
            "subject": self.subject or subject_of(self.kind, self.phase),
            "at": self.at.isoformat(),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Alert:
        """What `to_data` gave; raises ValueError, TypeError and KeyError for anything else."""
        more = {name: data[name] for name in ("text", "phase", "run", "cluster", "repeats", "subject")}
        return cls(AlertKind(data["kind"]), at=datetime.fromisoformat(data["at"]), **more)


AlertSink = Callable[[Alert], None]


class Sending(Protocol):
    """Takes alerts for receivers elsewhere, from whoever must not wait for them."""

    def put(self, alert: Alert) -> None:
        """Take it; raises nothing."""


class LogAlerts:
    """Writes every alert to the log `changeover.alert`, as an error."""

    def __call__(self, alert: Alert) -> None:
        """One line."""
        again = f" ({alert.repeats} more like it were held back)" if alert.repeats else ""
        names = ("kind", "phase", "run", "cluster", "subject", "repeats")
        fields = {name: getattr(alert, name) for name in names}
        _log.error("%s: %s%s", alert.kind, alert.text, again, **fields)


@dataclass(slots=True)
class _Sent:
    at: float
    held_back: int = 0


class Alerts:
    """Sends alerts to all sinks; the same kind for the same phase and revision once in `AGAIN_S` seconds.

    `sending` is handed each of them for receivers elsewhere. `redact` takes secrets out of a text before any
    sink sees it; where it fails, the text is left out. A sink that raises is said in the log and harms
    neither the run nor the other sinks.
    """

    def __init__(
        self,
        sinks: Iterable[AlertSink],
        *,
        redact: Callable[[str], str] = str,
        sending: Sending | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sinks = tuple(sinks)
        self._redact = redact
        self.sending = sending
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._sent: dict[tuple[AlertKind, str | None, int | None], _Sent] = {}

    def send(self, alert: Alert, *, revision: int | None = None) -> None:
        """Send it to all sinks unless one like it was sent within `AGAIN_S`; only interrupts are raised."""
        held_back = self._held_back((alert.kind, alert.phase, revision))
        if held_back is None:
            return
        subject = alert.subject or subject_of(alert.kind, alert.phase, revision)
        alert = replace(alert, text=self.readable(alert.text), repeats=held_back, subject=subject)
        for sink in self._sinks:
            try:
                sink(alert)
            except BaseException as error:  # noqa: BLE001  promise 1: no alert breaks the answer
                stop_if_interrupted(error)
                sink_name = getattr(sink, "__qualname__", type(sink).__qualname__)
                _log.warning("an alert could not be given to %s: %s", sink_name, type(error).__name__)
        if self.sending is not None:
            self.sending.put(alert)

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
