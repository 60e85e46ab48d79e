"""A fortnight of a migration in virtual time: everything happens that somebody should hear of.

A seed says at which hour of its day each event happens, when a process that looks is killed and where, and
when a receiver drips. Receivers are real servers on this machine.
"""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

from changeover.evidence.store.alert_ledger import StoreLedger
from changeover.evidence.store.records import Review
from changeover.evidence.store.store import keep_review
from changeover.evidence.worker_watch import Pulse, write_pulse
from changeover.operate.alert_schedule import AlertSchedule
from changeover.project import find_project
from changeover.rollout.tripwire_state import subject_of_trip
from changeover.telemetry.alerts import Alert, AlertKind, Alerts, subject_of
from changeover.telemetry.mail import EmailAlerts
from changeover.telemetry.receiver import Receiver
from changeover.telemetry.sending import AlertSender
from changeover.telemetry.webhook import SlackAlerts, WebhookAlerts
from changeover.values.verdict import Verdict
from tests.changeover.support.alert_receivers import DRIPPING, MailServer, WebServer, serving
from tests.changeover.support.evidence_rows import a_run, store_of
from tests.changeover.support.heard_alerts import Heard
from tests.changeover.support.killed_ledger import POINTS, Killed
from tests.changeover.support.migration_folder import desk_in

BEGAN = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 14
DEADLINE_S = 0.4
WAIT_S = 30.0
ROUNDS_AFTER = 12
PHASES = """\
[migration]
name = "till"

[alerts]
no_runs_hours = 30
expires_days = 4

[[phase]]
name = "till"
seams = ["till.pay"]

[[phase]]
name = "cleanup"

[phase.gate.done]
check = ["true"]
"""
RULES = '[[rule]]\npath = "result.cost"\nreason = "r"\nabs = "0.01"\nuntil = 2026-03-17\n'
WAIVERS = '[[waiver]]\ncluster = "dddddd"\nowner = "kim"\nreason = "r"\nuntil = 2026-03-13\n'
A, B = "a" * 64, "b" * 64
REASON = "an effect differs: run 77 cluster bbbbbb till.pay"
OF_PROGRAMS = (
    AlertKind.LEGACY_FAILED,
    AlertKind.EVIDENCE_LOST,
    AlertKind.FLAGS_REFUSED,
    AlertKind.OBJECT_CHANGED,
    AlertKind.LOOP_HELD_UP,
    AlertKind.NOT_DEMOTED,
)


class Fortnight:
    """One fortnight in a folder.

    Args:
        folder: an empty one.
        seed: of everything that is left to chance.
        every: how much time lies between two looks.
        kills: how many looks die by chance, beside each one right after an event; 0 for none at all.
    """

    def __init__(self, folder: Path, seed: int, every: timedelta, kills: int) -> None:
        self._folder, self._every = folder, every
        self._random = Random(seed)  # noqa: S311  no secret
        self._now, self._number = BEGAN, 0
        self._code, self._stage, self._silent = "c1", "off", False
        self._store = folder / ".changeover" / "evidence.db"
        self._recorded = folder / ".changeover" / "recorded"
        (folder / "migration").mkdir()
        (folder / "pyproject.toml").write_text("[tool.changeover]\n")
        for name, text in (("phases", PHASES), ("rules", RULES), ("waivers", WAIVERS)):
            (folder / "migration" / f"{name}.toml").write_text(text)
        self._desk = desk_in(folder / "migration")
        self._project = find_project(folder, {})
        self._kills = kills
        self.expected: Counter[str] = Counter()
        self.heard = Heard()

    def live(self) -> Heard:
        """All of it, and then looks until nothing waits any more."""
        with self._receivers(), self._log_lines():
            script, looks = self._script(), int(timedelta(days=DAYS) / self._every)
            dying = set(self._random.sample(range(looks), self._kills))
            for number in range(looks):
                self._now = BEGAN + number * self._every
                has_happened = False
                while script and script[0][0] <= self._now:
                    script.pop(0)[1]()
                    has_happened = True
                self._usual()
                self._look(dies=number in dying or (has_happened and self._kills > 0))
            self._slack.manner = ""
            for _ in range(ROUNDS_AFTER):
                self._now += timedelta(hours=1)
                self._usual()
                self._look()
            self._collect()
        return self.heard

    def _script(self) -> list[tuple[datetime, Callable[[], None]]]:
        days: list[tuple[int, Callable[[], None]]] = [
            (0, partial(self._move, "off", "shadow")),
            (1, partial(self._differ, Verdict.DIVERGED, A)),
            (2, partial(self._differ, Verdict.UNSAFE, B)),
            (3, partial(self._deploy, "c2")),
            (4, partial(self._deploy, "c3", A)),
            (5, partial(self._move, "shadow", "live")),
            (6, self._trip),
            (7, self._drip),
            (8, partial(self._check, "pass")),
            (9, partial(self._check, "fail")),
            (10, self._drip),
        ]
        days += [(self._random.randrange(1, 11), partial(self._tell, kind)) for kind in OF_PROGRAMS]
        found = [(BEGAN + timedelta(days=day, hours=self._random.uniform(1, 10)), act) for day, act in days]
        gap = BEGAN + timedelta(days=8, hours=self._random.uniform(1, 5))
        found += [(gap, partial(self._quiet, True)), (gap + timedelta(hours=40), partial(self._quiet, False))]
        lost = BEGAN + timedelta(days=11, hours=self._random.uniform(1, 5))
        found += [(lost, self._lose_worker), (lost + timedelta(hours=20), self._find_worker)]
        self._expect(subject_of(AlertKind.EXPIRES, "waiver:dddddd", "2026-03-13"))
        self._expect(subject_of(AlertKind.EXPIRES, "rule:result.cost:", "2026-03-17"))
        return sorted(found, key=lambda one: one[0])

    def _expect(self, *subjects: str) -> None:
        self.expected.update(subjects)

    def _usual(self) -> None:
        """What always happens: calls cross the seam, and a worker gives a sign."""
        if self._stage != "off" and not self._silent:
            self._run()
        if self._recorded.is_dir() and not self._worker_is_lost:
            write_pulse(self._recorded, Pulse(self._now, "host", 1))

    _worker_is_lost = False

    def _run(self, **changed: object) -> None:
        self._number += 1
        about = {"at": self._now, "stage": self._stage, "code": self._code}
        store_of(self._store, a_run(self._number, **{**about, **changed}))

    def _move(self, old: str, new: str) -> None:
        self._stage = new
        self._desk.move("till", old, new, now=self._now)

    def _differ(self, verdict: Verdict, cluster: str) -> None:
        unsafe = (cluster,) if verdict is Verdict.UNSAFE else ()
        for _ in range(3):
            self._run(verdict=verdict, clusters=(cluster,), unsafe=unsafe)
        kind = AlertKind.UNSAFE if unsafe else AlertKind.DIVERGED
        self._expect(subject_of(kind, "till", "shadow"), subject_of(AlertKind.NEW_CLUSTER, cluster))
        if self._random.random() < 0.5:  # the program that saw it tells it as well
            self._tell(kind, subject_of(kind, "till", "shadow"), is_expected=True)

    def _deploy(self, code: str, again: str | None = None) -> None:
        self._code = code
        self._run()
        if again is not None:
            self._run(verdict=Verdict.DIVERGED, clusters=(again,))
            self._expect(subject_of(AlertKind.REGRESSED, again, code))

    def _trip(self) -> None:
        self._run(verdict=Verdict.UNSAFE, clusters=(B,), unsafe=(B,))
        self._desk.move("till", "live", "shadow", action="trip", who="tripwire", reason=REASON, now=self._now)
        self._stage = "shadow"
        subject = subject_of_trip("till", REASON)
        self._expect(subject, subject_of(AlertKind.REGRESSED, B, self._code))
        self._tell(AlertKind.TRIPPED, subject, is_expected=True)

    def _drip(self) -> None:
        self._slack.manner = DRIPPING if not self._slack.manner else ""

    def _check(self, answer: str) -> None:
        rules = self._project.rules_digest(self._now.date())
        keep_review(self._store, Review("check", "true", self._now, None, rules, answer, answer))
        self._expect(subject_of(AlertKind.GATE_CHANGED, "cleanup", "done"))

    def _quiet(self, silent: bool) -> None:
        self._silent = silent
        if not silent:
            return
        self._expect("no-runs")

    def _lose_worker(self) -> None:
        self._recorded.mkdir()
        write_pulse(self._recorded, Pulse(self._now - timedelta(hours=1), "host", 1))
        self._worker_is_lost = True
        self._expect(subject_of(AlertKind.UNWATCHED, "till"))

    def _find_worker(self) -> None:
        self._worker_is_lost = False

    def _tell(self, kind: AlertKind, subject: str = "", *, is_expected: bool = False) -> None:
        """Two programs tell the same, each with a thread of its own."""
        if not is_expected:
            self._expect(subject_of(kind, "till", None))
        for _ in range(2):
            sender = AlertSender(self._made, lambda: StoreLedger(self._store, WAIT_S), now=lambda: self._now)
            Alerts((), sending=sender).send(
                Alert(kind, f"a program tells: {kind}", "till", at=self._now, subject=subject)
            )
            sender.close(WAIT_S)

    def _look(self, *, dies: bool = False) -> None:
        """One process looks, and ends."""
        self.heard.looks += 1
        if not dies:
            self._schedule(StoreLedger(self._store, WAIT_S)).look()
            return
        point, after = self._random.choice(POINTS), self._random.random() < 0.5
        child = os.fork()
        if child == 0:
            try:
                self._schedule(Killed(self._store, point, after)).look()
            finally:
                os._exit(0)
        status = os.waitpid(child, 0)[1]
        self.heard.kills += os.WIFSIGNALED(status)

    def _schedule(self, ledger: StoreLedger) -> AlertSchedule:
        return AlertSchedule(self._project, ledger, self._made, lambda: self._now)

    @contextmanager
    def _receivers(self) -> Iterator[None]:
        with ExitStack() as stack:
            self._webhook = stack.enter_context(serving(WebServer()))
            self._slack = stack.enter_context(serving(WebServer()))
            self._mail = stack.enter_context(serving(MailServer()))
            self._made: list[Receiver] = [
                WebhookAlerts(self._webhook.url, secret="hunter2"),
                SlackAlerts(self._slack.url, deadline_s=DEADLINE_S),
                EmailAlerts(
                    "127.0.0.1",
                    self._mail.port,
                    "changeover@till.example",
                    ["kim@till.example"],
                    starttls=False,
                ),
            ]
            yield

    @contextmanager
    def _log_lines(self) -> Iterator[None]:
        """The log of all processes, in one file."""
        self._log_file = self._folder / "alerts.log"
        handler = logging.FileHandler(self._log_file)
        handler.setFormatter(logging.Formatter("%(subject)s", defaults={"subject": "-"}))
        log = logging.getLogger("changeover.alert")
        log.addHandler(handler)
        try:
            yield
        finally:
            log.removeHandler(handler)
            handler.close()

    def _collect(self) -> None:
        heard = self.heard
        heard.webhook.update(self._webhook.taken)
        heard.slack.update(self._slack.taken)
        heard.email.update(self._mail.keys)
        lines = self._log_file.read_text().splitlines()
        heard.log.update(line for line in lines if line != "-")
        heard.subjects = {body["key"]: body["subject"] for body in self._webhook.bodies}
