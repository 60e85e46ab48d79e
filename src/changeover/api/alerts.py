"""`run_alerts`, `list_alerts` and `try_alerts`: who hears of what, and did it arrive."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from uuid import uuid4

from changeover.errors import ConfigurationError
from changeover.evidence.store.alert_ledger import StoreLedger, told_alerts
from changeover.evidence.store.place import NOTHING_KEPT, NOWHERE, StorePlace, store_path
from changeover.operate.alert_results import AlertList, AlertsRun, AlertsTried, Tried
from changeover.operate.alert_schedule import LOOK_S, AlertSchedule
from changeover.project import Project, open_project
from changeover.settings import STORE_VARIABLE
from changeover.telemetry.alert_settings import receivers_of
from changeover.telemetry.alerts import Alert, AlertKind
from changeover.telemetry.receiver import LOG, LogReceiver, Message, NotDelivered, Receiver
from changeover.telemetry.sending import by_name


def run_alerts(
    *,
    once: bool = False,
    project: str | Path | Project = ".",
    stop: threading.Event | None = None,
) -> AlertsRun:
    """Look for what somebody should hear of, and send what is due: each minute, or once.

    What was told is known in the store, so that any number of processes may do this, and `changeover worker`
    does it as well.

    Args:
        once: look once, then end.
        project: a folder of the project, or the project.
        stop: ends it after the look that is under way.

    Raises:
        ConfigurationError: there is no plan, it is wrong, or no evidence is kept.
        StoreProblem: the store cannot be used.

    Example:
        assert not changeover.run_alerts(once=True).failed
    """
    found = open_project(project)
    schedule = AlertSchedule(found, StoreLedger(_store(found)))
    over = stop or threading.Event()
    told: list[Alert] = []
    sent = 0
    while True:
        looked = schedule.look()
        told += looked.told
        sent += looked.sent
        if once or over.wait(LOOK_S):
            return AlertsRun(tuple(told), sent, looked.failed)


def _store(project: Project) -> StorePlace:
    place = store_path(project.root)
    if place == NOWHERE:
        raise ConfigurationError(
            STORE_VARIABLE, f"was {NOTHING_KEPT!r}: what was told is known in the store, needed: one"
        )
    return place


def list_alerts(*, project: str | Path | Project = ".") -> AlertList:
    """What was told, and what became of it at each receiver.

    Args:
        project: a folder of the project, or the project.

    Raises:
        ConfigurationError: the address of the store is none.
        StoreProblem: the store cannot be read.

    Example:
        assert all(one.sent_at for told in changeover.list_alerts().alerts for one in told.deliveries)
    """
    place = store_path(open_project(project).root)
    return AlertList(() if place == NOWHERE else told_alerts(place))


def try_alerts(*, receiver: str | None = None, project: str | Path | Project = ".") -> AlertsTried:
    """Send a test alert to every receiver, and say what each answered.

    Args:
        receiver: one receiver alone: `log`, `webhook`, `slack` or `email`.
        project: a folder of the project, or the project.

    Raises:
        ConfigurationError: there is no plan, it is wrong, or it names no such receiver.

    Example:
        assert changeover.try_alerts(receiver="log").exit_code == 0
    """
    found = open_project(project)
    plan = found.needed_plan()
    receivers: dict[str, Receiver] = {
        LOG: LogReceiver(),
        **by_name(receivers_of(plan.alerts, os.environ)),
    }
    if receiver is not None and receiver not in receivers:
        raise ConfigurationError.unknown("--receiver", f"was {receiver!r}", receiver, receivers)
    text = f"a test alert of {plan.name}: whoever reads this hears of what somebody has to look at"
    subject = uuid4().hex
    message = Message(f"test-{subject[:20]}", Alert(AlertKind.TEST, text, subject=f"test:{subject}"))
    wanted = receivers if receiver is None else {receiver: receivers[receiver]}
    return AlertsTried(tuple(_tried(name, one, message) for name, one in wanted.items()))


def _tried(name: str, receiver: Receiver, message: Message) -> Tried:
    try:
        return Tried(name, receiver.where, receiver.send(message), None)
    except NotDelivered as problem:
        return Tried(name, receiver.where, "", str(problem))
