"""The side of the worker: a task goes on with the stages of the run that sent it, and no run is lost."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from weakref import WeakSet

from changeover.packs.celery.message import HEADER
from changeover.packs.host import Host
from changeover.values.pins import Pins


class WorkerSide:
    """That of one migration: it hears of tasks that begin and end here, and of a worker that ends."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._begun: dict[str, AbstractContextManager[Pins]] = {}
        _sides.add(self)
        host.when_imported("celery.signals", _listen)

    def began(self, task_id: str, task: Any) -> None:
        """A task begins: its seams stand where those of the run stood that sent it."""
        headers = getattr(task.request, "headers", None) or {}
        data = headers.get(HEADER)
        if data is None:
            return
        try:
            pins = Pins.from_data(data)
        except (KeyError, TypeError, ValueError):
            return  # of another version: the task takes the stages of now, as any run
        block = self._begun[task_id] = self._host.resume(pins)
        block.__enter__()

    def ended(self, task_id: str) -> None:
        """It has ended."""
        block = self._begun.pop(task_id, None)
        if block is not None:
            block.__exit__(None, None, None)

    def stopped(self) -> None:
        """The process is about to end: let what waits in it be compared."""
        self._host.flush()


_sides: WeakSet[WorkerSide] = WeakSet()
"""Those of the migrations that there are: Celery itself may take a new receiver for one that is gone."""


def _listen(signals: Any) -> None:
    signals.task_prerun.connect(_began, weak=False)
    signals.task_postrun.connect(_ended, weak=False)
    signals.worker_process_shutdown.connect(_stopped, weak=False)
    signals.worker_shutdown.connect(_stopped, weak=False)


def _began(task_id: str = "", task: Any = None, **_: Any) -> None:
    for side in list(_sides):
        side.began(task_id, task)


def _ended(task_id: str = "", **_: Any) -> None:
    for side in list(_sides):
        side.ended(task_id)


def _stopped(**_: Any) -> None:
    for side in list(_sides):
        side.stopped()
