"""The latest look, kept for all who ask: taken again when the journal's files were written to.

A look costs something in a long journal, so the next one is taken at the earliest after ten times what the
last one took. Nothing here keeps a transaction open or waits for a lock.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock, Thread
from time import perf_counter

import structlog

from trading.desk import journal_path
from trading.events.journal.reading import looking_at
from trading.monitor.counters import Counters
from trading.monitor.finding import Finding, findings
from trading.monitor.look import Look, Signature, take_look
from trading.tracking import TrackedWorkflow, track

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.5
LOOK_AGAIN_S = 5.0  # also where no file seems written to: a file system's clock is coarse, and time passes
RESTS_FOR = 10


def wall_clock() -> datetime:
    """The watcher's time, in UTC."""
    return datetime.now(UTC)


class Board:
    """What the journal of one account says, for the pages, the metrics and the alerts of one process."""

    def __init__(self, account: Path, account_id: str, *, wall: Callable[[], datetime] = wall_clock) -> None:
        self.account = account
        self.account_id = account_id
        self.journal = journal_path(account)
        self.counters = Counters()
        self.version = 0
        """Grows whenever a page would show something else than before."""
        self._wall = wall
        self._lock = Lock()
        self._ended = Event()
        self._signature: Signature | None = None
        self._shown: object = None
        self._look = self._take()

    def look(self) -> Look:
        """The latest one."""
        return self._look

    def findings(self) -> tuple[Finding, ...]:
        """What people are told of it."""
        return findings(self._look)

    def refresh(self) -> Look:
        """Look again where there may be something new."""
        with self._lock:
            now, last = self._wall(), self._look
            waited = (now - last.taken_at).total_seconds()
            if Signature.of(self.journal) != self._signature or not 0 <= waited < LOOK_AGAIN_S:
                self._take()
            return self._look

    def touch(self) -> None:
        """Have pages shown again: something beside the journal has changed."""
        with self._lock:
            self.version += 1

    def workflow(self, workflow_id: str) -> TrackedWorkflow | None:
        """The whole story of one run, or None where there is none; raises what `CANNOT_BE_READ` lists."""
        with looking_at(self.journal) as reader:
            for record in reader.workflows(account=self.account_id):
                if record.workflow_id == workflow_id:
                    return track(reader, record)
        return None

    def stories(self, workflow_ids: list[str]) -> list[TrackedWorkflow]:
        """Those of several runs, in this order."""
        with looking_at(self.journal) as reader:
            known = {record.workflow_id: record for record in reader.workflows(account=self.account_id)}
            return [track(reader, known[name]) for name in workflow_ids if name in known]

    def watch(self, looked: Callable[[], None]) -> Thread:
        """Look again and again in a thread of its own until `close`, and say so after each time."""
        thread = Thread(target=self._watch, args=(looked,), name="trading-board", daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """End `watch`, and whatever asks `is_closed`."""
        self._ended.set()

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._ended.is_set()

    def _watch(self, looked: Callable[[], None]) -> None:
        pause = LOOK_EVERY_S
        while not self._ended.wait(pause):
            began = perf_counter()
            try:
                self.refresh()
                looked()
            except Exception:  # the watch goes on: nobody else would notice that it had ended
                log.exception("look_failed", journal=str(self.journal))
            pause = max(LOOK_EVERY_S, RESTS_FOR * (perf_counter() - began))

    def _take(self) -> Look:
        signature = Signature.of(self.journal)
        look = take_look(self.journal, self.account_id, self._wall())
        if look.unreadable is None:
            self.counters.count(look)
        # `signature` was taken first: what is written meanwhile is seen the next time.
        shown = (signature.files, look.unreadable, [(found.kind, found.subject) for found in findings(look)])
        if shown != self._shown:
            self.version += 1
        self._signature, self._shown, self._look = signature, shown, look
        return look
