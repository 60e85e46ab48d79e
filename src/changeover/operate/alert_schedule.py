"""Looks now and then for what somebody should hear of, and sends what is due; nobody waits for it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime

from changeover.errors import ChangeoverError, ConfigurationError
from changeover.evidence.alert_sending import redacting
from changeover.evidence.store.alert_ledger import StoreLedger
from changeover.evidence.store.store import NOWHERE, store_path
from changeover.gate.collect import collect
from changeover.gate.decision import decide
from changeover.gate.inputs import ProjectState, read_project_state
from changeover.operate.alert_events import GateState, Seen, events, gate_state
from changeover.project import Project
from changeover.quick_dataclass import dataclass
from changeover.rollout.migration_files import trips_path
from changeover.rollout.plan_file import redact_paths_of
from changeover.rollout.tripwire_state import Trip, parse_trips
from changeover.telemetry.alert_settings import receivers_of
from changeover.telemetry.alerts import Alert, AlertKind
from changeover.telemetry.logs import logger
from changeover.telemetry.receiver import LOG, LogReceiver, Receiver
from changeover.telemetry.sending import by_name, deliver
from changeover.values.stage import Stage
from changeover.values.toml_table import read_text

LOOK_S = 60.0
END_WAIT_S = 10.0
TOLD_MAX = 50
"""In one look; the others are told in the next ones."""
TEXT_CHARACTERS_MAX = 2_000
_log = logger("alert")


@dataclass(frozen=True, slots=True)
class Looked:
    """One look: what is told for the first time, how many were taken, and which receivers failed."""

    told: tuple[Alert, ...]
    sent: int
    failed: tuple[str, ...]


class AlertSchedule:
    """Looks at a project, whichever process does.

    Args:
        project: the project.
        ledger: knows what was told.
        receivers: that alerts go to beside the log; those of the plan and the environment unless given.
        more: receivers of the program itself, beside all these.
        now: the time.
    """

    def __init__(
        self,
        project: Project,
        ledger: StoreLedger,
        receivers: Sequence[Receiver] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        more: Sequence[Receiver] = (),
    ) -> None:
        self._project, self._ledger, self._now = project, ledger, now
        self._given, self._more = receivers, more

    def look(self) -> Looked:
        """Look once, write down what is new, and send what is due.

        Raises ConfigurationError for a plan that is missing or wrong, StoreProblem.
        """
        state = read_project_state(self._project, self._now())
        receivers = self._receivers(state)
        told = self._tell(state, tuple(receivers))
        done = deliver(self._ledger, receivers, self._now)
        return Looked(tuple(told), done.sent, done.failed)

    def _receivers(self, state: ProjectState) -> dict[str, Receiver]:
        configured = receivers_of(state.plan.alerts, os.environ) if self._given is None else self._given
        return {LOG: LogReceiver(), **by_name([*configured, *self._more])}

    def _tell(self, state: ProjectState, names: Sequence[str]) -> list[Alert]:
        redact = redacting(redact_paths_of(state.plan), self._project.directory, os.environ)
        told: list[Alert] = []
        for found, wanted in self._untold(state, names):
            if len(told) == TOLD_MAX:
                break
            alert = _readable(found, redact)
            if self._ledger.enter(alert, wanted) is not None:
                told.append(alert)
        known = self._ledger.states()
        for gate in self._gates(state):
            if known.get(gate.subject) != gate.state:
                told += self._changed(state, gate, names, redact)
        return told

    def _untold(self, state: ProjectState, names: Sequence[str]) -> Sequence[tuple[Alert, Sequence[str]]]:
        """What has to be written down, one of each subject; asked without keeping anybody from writing."""
        first: dict[str, Alert] = {}
        for alert in events(_seen(self._project, state)):
            first.setdefault(alert.subject, alert)
        return self._ledger.untold([(one, _wanted(state, one.kind, names)) for one in first.values()])

    def _gates(self, state: ProjectState) -> Iterator[GateState]:
        if state.evidence.problem is not None:  # what cannot be read has changed no answer
            return
        for phase in state.plan.phases.values():
            if state.settings[phase.name].stage in (Stage.COMPLETE, Stage.DONE):
                continue
            with suppress(ConfigurationError):
                asked = collect(self._project, phase.name, run_checks=False, project_state=state)
                yield gate_state(decide(asked), state.now)

    def _changed(
        self, state: ProjectState, gate: GateState, names: Sequence[str], redact: Callable[[str], str]
    ) -> list[Alert]:
        made: list[Alert] = []

        def alert(before: str) -> Alert:
            made.append(_readable(gate.changed_from(before), redact))
            return made[0]

        wanted = _wanted(state, AlertKind.GATE_CHANGED, names)
        key = self._ledger.enter_change(gate.subject, gate.state, alert, state.now, wanted)
        return made if key is not None else []


def _seen(project: Project, state: ProjectState) -> Seen:
    rules, trips = None, []
    with suppress(ConfigurationError):
        rules = project.rules(state.now.date())
    with suppress(ConfigurationError):
        trips = _trips_of(project, os.environ)
    return Seen(state, () if rules is None else rules.rules, trips)


def _trips_of(project: Project, environment: Mapping[str, str]) -> list[Trip]:
    path = trips_path(project.directory, environment)
    return list(parse_trips(read_text(path), str(path))) if path.exists() else []


def _wanted(state: ProjectState, kind: AlertKind, names: Sequence[str]) -> Sequence[str]:
    """Who hears of a kind: the log of all of them."""
    kinds = state.plan.alerts.kinds
    return names if not kinds or kind in kinds else (LOG,)


def _readable(alert: Alert, redact: Callable[[str], str]) -> Alert:
    return replace(alert, text=redact(alert.text)[:TEXT_CHARACTERS_MAX])


def alert_schedule(project: Project, more: Sequence[Receiver]) -> AlertSchedule | None:
    """That of a project, None where nothing is kept; `more` are receivers of the program itself.

    Raises ConfigurationError for no address of a store.
    """
    place = store_path(project.root)
    return None if place == NOWHERE else AlertSchedule(project, StoreLedger(place), more=more)


def look_once(schedule: AlertSchedule | None) -> None:
    """Look for one who has something else to do: what goes wrong is said in the log."""
    if schedule is not None:
        _looked(schedule, None)


@contextmanager
def looking(schedule: AlertSchedule | None, every_s: float = LOOK_S) -> Iterator[None]:
    """Look from a thread of its own until the block ends; only its end waits for a look, for a while."""
    if schedule is None:
        yield
        return
    over = threading.Event()

    def again() -> None:
        problem = None
        while not over.wait(every_s):
            problem = _looked(schedule, problem)

    thread = threading.Thread(target=again, name="changeover-alerts-look", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(END_WAIT_S)


def _looked(schedule: AlertSchedule, before: str | None) -> str | None:
    """What went wrong, which is said unless it went wrong before."""
    try:
        schedule.look()
    except Exception as error:  # noqa: BLE001  whatever it is, the next look may be better
        problem = str(error) if isinstance(error, ChangeoverError) else repr(error)
        if problem != before:
            _log.warning("what somebody should hear of could not be looked up: %s", problem)
        return problem
    return None
