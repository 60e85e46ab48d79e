"""`work`: replay what programs have recorded, in processes of its own."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from changeover.api.arguments import address_of, check_positive
from changeover.errors import ConfigurationError
from changeover.evidence.spool_place import recorded_folder
from changeover.evidence.store.store import store_path
from changeover.evidence.worker_watch import forget_old_pulses
from changeover.migration import Migration
from changeover.operate.alert_schedule import alert_schedule, look_once, looking
from changeover.operate.replay_pool import DEADLINE_S, MEMORY_BYTES, Bounds
from changeover.operate.source_of_runs import run_source_of
from changeover.operate.worker import Wanted, Worker, WorkerListener, WorkerSummary
from changeover.project import Project, open_project
from changeover.settings import INLINE, MODE_VARIABLE
from changeover.telemetry.sending import AlertSender

_MEGABYTE = 1024 * 1024


def work(
    *,
    jobs: int = 1,
    once: bool = False,
    seconds: float | None = None,
    deadline: float = DEADLINE_S,
    memory: int = MEMORY_BYTES // _MEGABYTE,
    project: str | Path | Project = ".",
    metrics: str | None = None,
    listener: WorkerListener | None = None,
) -> WorkerSummary:
    """Replay the runs that programs have recorded (`mode = "worker"`), judge them, and keep the evidence.

    The other path runs in processes that were made for it: with a deadline, a memory limit, and without
    network, files to write, or children. A difference in `ramp` or `live` moves its phase back. Once a
    minute it looks for what somebody should hear of (`run_alerts`). SIGTERM ends it after the runs that are
    under way.

    Args:
        jobs: so many replays at once.
        once: end when nothing waits any more.
        seconds: end after so many seconds.
        deadline: how many seconds one replay may take.
        memory: how many megabytes one replay may take.
        project: a folder of the project, or the project; its app is imported.
        metrics: `HOST:PORT` where Prometheus may read what it does, and what the project says; without a host
            this machine alone can. See `changeover docs metrics`.
        listener: is told how far it is.

    Raises:
        ConfigurationError: the project, its app or an argument is wrong, the key is none, or this system
            cannot fork.
        MissingPackageError: the store is a database, there is a key, or metrics are asked for, and the
            package for it is missing.
        StoreProblem: with `once`, the database does not answer.

    Example:
        summary = changeover.work(once=True)
        assert not summary.waiting, summary.problems
    """
    check_positive("--jobs", jobs)
    check_positive("--memory", memory)
    for name, value in (("--for", seconds), ("--deadline", deadline)):
        if value is not None and not value > 0:
            raise ConfigurationError(name, f"was {value:g} s, allowed: more than 0")
    listens_at = None if metrics is None else address_of(metrics)
    if not hasattr(os, "fork"):
        raise ConfigurationError("worker", "this system cannot fork, allowed: Linux, macOS and their like")
    found = open_project(project)
    with _compared_inline():
        migration = found.migration()
    bounds = Bounds(deadline, memory * _MEGABYTE)
    folder = recorded_folder(found.root)
    forget_old_pulses(folder, datetime.now(UTC))
    source = run_source_of(migration, store_path(found.root), folder)
    worker = Worker(
        found, migration, source, Wanted(jobs, once, seconds, bounds), listener or WorkerListener()
    )
    sending = migration.runtime.alerts.sending
    alerts = alert_schedule(found, sending.given if isinstance(sending, AlertSender) else ())
    measured = _measured(listens_at, worker, migration, found)
    with _ended_politely(worker.stop.set), measured, looking(alerts):
        summary = worker.work()
    if once:
        look_once(alerts)
    migration.close()
    return summary


@contextmanager
def _measured(
    listens_at: tuple[str, int] | None, worker: Worker, migration: Migration, project: Project
) -> Iterator[None]:
    """Until the block ends, whoever asks there is told what the worker does."""
    if listens_at is None:
        yield
        return
    from changeover.api.metrics import ProjectMetrics
    from changeover.operate.worker_metrics import worker_registry
    from changeover.telemetry.prometheus import serve

    registry = worker_registry(worker, migration.runtime)
    ProjectMetrics(project).register(registry)
    end = serve(registry, *listens_at)
    try:
        yield
    finally:
        end()


@contextmanager
def _compared_inline() -> Iterator[None]:
    """The app is loaded as one that records nothing itself."""
    before = os.environ.get(MODE_VARIABLE)
    os.environ[MODE_VARIABLE] = INLINE
    try:
        yield
    finally:
        if before is None:
            del os.environ[MODE_VARIABLE]
        else:
            os.environ[MODE_VARIABLE] = before


@contextmanager
def _ended_politely(stop: Callable[[], None]) -> Iterator[None]:
    """The first SIGTERM or Ctrl-C lets the runs end that are under way; a second one is as always."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def heard(number: int, frame: FrameType | None) -> None:
        stop()
        signal.signal(number, before[signal.Signals(number)] or signal.SIG_DFL)

    try:
        for number in before:
            signal.signal(number, heard)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
