"""The side of the worker: a task goes on with the stages of the run that sent it, and no run is lost."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any
from weakref import WeakSet

from changeover.packs.celery.message import HEADER
from changeover.packs.host import Host
from changeover.values.pins import Pins


class WorkerSide:
    """That of one migration: it hears of tasks that begin and end here, and of a worker that ends."""

    def __init__(self, host: Host) -> None:
        self._host = host
        _sides.add(self)
        host.when_imported("celery.signals", _listen)

    def resumes(self, task: Any) -> AbstractContextManager[object]:
        """While the task runs its seams stand where those of the run stood that sent it."""
        headers = getattr(task.request, "headers", None) or {}
        data = headers.get(HEADER)
        if data is None:
            return nullcontext()
        try:
            pins = Pins.from_data(data)
        except (KeyError, TypeError, ValueError):
            return nullcontext()  # of another version: the task takes the stages of now, as any run
        return self._host.resume(pins)

    def stopped(self) -> None:
        """The process is about to end: let what waits in it be compared."""
        self._host.flush()


_sides: WeakSet[WorkerSide] = WeakSet()
"""Those of the migrations that there are: Celery itself may take a new receiver for one that is gone."""
_begun: dict[str, ExitStack] = {}
"""What each task that runs here has entered, to be left in the other order: one around the other."""


def _listen(signals: Any) -> None:
    signals.task_prerun.connect(_began, weak=False)
    signals.task_postrun.connect(_ended, weak=False)
    signals.worker_process_shutdown.connect(_stopped, weak=False)
    signals.worker_shutdown.connect(_stopped, weak=False)


def _began(task_id: str = "", task: Any = None, **_: Any) -> None:
    entered = _begun[task_id] = ExitStack()
    for side in list(_sides):
        entered.enter_context(side.resumes(task))


def _ended(task_id: str = "", **_: Any) -> None:
    entered = _begun.pop(task_id, None)
    if entered is not None:
        entered.close()


def _stopped(**_: Any) -> None:
    for side in list(_sides):
        side.stopped()
