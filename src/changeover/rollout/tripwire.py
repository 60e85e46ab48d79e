"""The tripwire: in `ramp` and `live` the first unsafe run moves its phase back to `shadow` for new runs.

A person decides about going forward again. The phase moves in this process at once, then in flags.json;
where flags.json cannot be written in bounded time, in trips.json. Runs that have begun keep their pins.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from changeover.quick_dataclass import dataclass
from changeover.record.replay_problems import ProblemKind
from changeover.record.run import Run
from changeover.replay.program_signals import unbroken
from changeover.rollout.demotion import LOCK_WAIT_S, Demotions
from changeover.rollout.difference_alerts import DifferenceAlerts, cluster_of, describe_difference, worst_of
from changeover.rollout.plan_file import Plan
from changeover.rollout.resolver import Resolution, Resolver
from changeover.rollout.test_override import ACTIVE
from changeover.rollout.tripwire_state import DEMOTED, TRIPPED_STAGES, Trip, subject_of_trip
from changeover.settings import PRODUCTION
from changeover.telemetry.alerts import Alert, AlertKind, Alerts
from changeover.values.divergence import Kind
from changeover.values.observation import Observation, Raised, Side
from changeover.values.verdict import Verdict

# What legacy asked of the world and the candidate did not, or otherwise: that is the candidate's doing.
_ASKED_BY_LEGACY = frozenset(
    {Kind.EFFECT_CHANGED, Kind.EFFECT_MISSING, Kind.EFFECT_ORDER, Kind.UNDECLARED_EFFECT}
)
_OF_CANDIDATE = frozenset({Kind.HANDLED_TWICE, Kind.EVENT_REPEATED, Kind.EVENT_AFTER_END})
_REFUSED = frozenset({ProblemKind.EFFECT_WITHHELD, ProblemKind.UNDECLARED_EFFECT})
_NOT_REPLAYED = frozenset(
    {ProblemKind.READ_MISSING, ProblemKind.UNDECLARED_CALL, ProblemKind.FIXED_CHANGED, ProblemKind.NOT_KEPT}
)


def raised_type(observation: Observation | None) -> str | None:
    """The name of the type that a path raised, None where it returned or was not seen."""
    if observation is None or not isinstance(observation.outcome, Raised):
        return None
    return type(observation.outcome.error).__name__


@dataclass(frozen=True, slots=True)
class LegacyFailure:
    """How the shadowed legacy failed: the type that it `raised`, or the `trouble` that stopped its replay."""

    raised: str | None = None
    trouble: ProblemKind | None = None

    def __str__(self) -> str:
        return f"could not be replayed: {self.trouble}" if self.raised is None else f"raised {self.raised}"


def legacy_failure(
    run: Run, *, answers: frozenset[str] = frozenset(), dead: LegacyFailure | None = None
) -> LegacyFailure | None:
    """How the shadowed legacy failed while the candidate answered, None where it did not.

    `answers` are exceptions that both paths of the seam have raised alike, so that they are answers and no
    failures; `dead` is how legacy failed in the run before: then the candidate may have raised as well.
    """
    if run.answered_by is not Side.CANDIDATE or run.legacy is None or run.candidate is None:
        return None
    troubles = {note.kind for note in run.notes}
    failure = _failure(run, troubles, answers)
    if failure is None or (raised_type(run.candidate) is not None and failure != dead):
        return None
    return None if troubles & _REFUSED or _acted_differently(run) else failure


def _failure(run: Run, troubles: set[ProblemKind], answers: frozenset[str]) -> LegacyFailure | None:
    lost = troubles & _NOT_REPLAYED
    if lost and run.verdict != Verdict.FAILED:
        return None  # what such a replay still proves came before it lost the tape
    if lost or ProblemKind.LIMIT in troubles:
        return LegacyFailure(trouble=min(lost or {ProblemKind.LIMIT}))
    raised = raised_type(run.legacy)
    return None if raised is None or raised in answers else LegacyFailure(raised)


def _acted_differently(run: Run) -> bool:
    """Whether an effect differs for another reason than that legacy stopped early.

    An effect of the candidate alone is explained by the stop, unless legacy reached a later effect.
    """
    kinds = {found.kind for found in run.divergences}
    if kinds & (_ASKED_BY_LEGACY | _OF_CANDIDATE):
        return True
    extra = {found.position for found in run.divergences if found.kind is Kind.EFFECT_EXTRA}
    performed = [] if run.candidate is None else [call.position for call in run.candidate.effects]
    reached = max((position for position in performed if position not in extra), default=0)
    return any(position is not None and position < reached for position in extra)


WHO = "tripwire"
LOOKS_MAX = 3
ANSWERS_KEPT_MAX = 100
_NOTHING_DIFFERS = frozenset(
    {Verdict.MATCH, Verdict.TOLERATED, Verdict.WAIVED, Verdict.VACUOUS, Verdict.UNPAIRED}
)


class Tripwire:
    """Looks at every run before its caller goes on; counts the divergences of each phase in this process.

    `tell` hears of trips by runs that programs elsewhere have answered, where those are to reach them.
    """

    def __init__(
        self,
        plan: Plan,
        directory: Path,
        resolver: Resolver,
        alerts: Alerts,
        *,
        environment: Mapping[str, str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._plan = plan
        self._resolver = resolver
        self._alerts = alerts
        self._demotions = partial(Demotions, plan, directory, resolver, environment, WHO)
        self._now = now
        self.tell: Callable[[Trip], None] | None = None
        self._told_elsewhere: set[tuple[str, int]] = set()
        self._told: DifferenceAlerts | None = None
        self._lock = threading.Lock()
        self._diverged: Counter[tuple[str, int | None]] = Counter()
        self._answers: dict[str, frozenset[str]] = {}
        self._dead: dict[str, LegacyFailure] = {}

    def __call__(self, run: Run) -> None:
        """Look at one run, and move its phase back if needed, durably, before this returns."""
        if run.verdict in _NOTHING_DIFFERS:
            self._learn(run)
            return
        is_of_program = run.elsewhere is None or not run.elsewhere.is_renewed
        is_armed = is_of_program and run.setting.stage in TRIPPED_STAGES and ACTIVE.override is None
        if run.population == PRODUCTION and is_armed:
            self._judge(run)
            if run.verdict == Verdict.UNSAFE:  # it has an alert of its own
                return
        if self._told is None:
            self._told = DifferenceAlerts(self._alerts)
        self._told(run)

    def _learn(self, run: Run) -> None:
        """An exception that both paths raise alike is an answer; a legacy that answers is not dead."""
        if run.legacy is None:
            return
        raised = raised_type(run.legacy)
        if raised is None:
            self._dead.pop(run.seam, None)
            return
        known = self._answers.get(run.seam, frozenset())
        if raised not in known and len(known) < ANSWERS_KEPT_MAX and raised_type(run.candidate) == raised:
            self._answers[run.seam] = known | {raised}

    def _judge(self, run: Run) -> None:
        failure = legacy_failure(
            run, answers=self._answers.get(run.seam, frozenset()), dead=self._dead.get(run.seam)
        )
        if failure is not None:
            self._dead[run.seam] = failure
            self._alert_legacy_failed(run, failure)
        elif run.verdict == Verdict.UNSAFE:
            self._trip(run, "an effect differs")
        elif run.verdict == Verdict.DIVERGED:
            most = self._plan.phases[run.phase].trip_after
            seen = self._count_divergence(run.phase)
            if most is not None and seen > most:
                self._trip(run, f"{seen} runs diverged since this revision, allowed: {most}")

    def _count_divergence(self, phase: str) -> int:
        key = (phase, self._resolver.current().revision)
        with self._lock:
            self._diverged[key] += 1
            return self._diverged[key]

    def _alert_legacy_failed(self, run: Run, failure: LegacyFailure) -> None:
        performed = 0 if run.candidate is None else len(run.candidate.effects)
        text = (
            f"{run.seam}: the shadowed legacy {failure} in run {run.id}, while the candidate answered with "
            f"{performed} effect{'' if performed == 1 else 's'}; {run.phase} stays at {run.setting}: nothing "
            "is shown about the candidate, and legacy may be no way back"
        )
        self._alert(AlertKind.LEGACY_FAILED, run, text, self._resolver.current())

    @unbroken
    def _trip(self, run: Run, why: str) -> None:
        worst = worst_of(run)
        cluster = None if worst is None else cluster_of(run.seam, worst)
        known = "" if cluster is None else f" cluster {cluster}"
        reason = self._alerts.readable(f"{why}: run {run.id}{known} {describe_difference(run.seam, worst)}")
        self._tell_elsewhere(run, reason, cluster)
        # Whoever waits here in vain finds the phase moved back by the thread that does not.
        if not self._lock.acquire(timeout=2 * LOCK_WAIT_S):
            return
        try:
            for _ in range(LOOKS_MAX):
                if self._moved_back(run, reason, cluster):
                    return
        finally:
            self._lock.release()

    def _tell_elsewhere(self, run: Run, reason: str, cluster: str | None) -> None:
        """The flags of that program are its own: the trip holds for the revision that the run stood at."""
        if self.tell is None or run.elsewhere is None:
            return
        revision = run.elsewhere.flags or 0
        if (run.phase, revision) in self._told_elsewhere:
            return
        self._told_elsewhere.add((run.phase, revision))
        self.tell(Trip(run.phase, revision, self._now(), reason))
        text = f"{run.phase}: {run.setting} -> {DEMOTED} for new runs of all programs of the fleet; {reason}"
        subject = subject_of_trip(run.phase, reason)
        self._alert(AlertKind.TRIPPED, run, text, self._resolver.current(), cluster, subject)

    def _moved_back(self, run: Run, reason: str, cluster: str | None) -> bool:
        """Move the phase back; False where a phase was moved meanwhile, so that one has to look again."""
        resolution = self._resolver.look_now()
        setting = resolution.settings.get(run.phase, run.setting)
        if setting.stage not in TRIPPED_STAGES:  # under the kill switch all are off
            return True
        if any(one.phase == run.phase for one in resolution.overridden):
            text = f"{run.phase} cannot be moved back from {setting}: the environment overrides its stage; "
            self._alert(AlertKind.NOT_DEMOTED, run, text + reason, resolution, cluster)
            return True
        revision, now = resolution.revision or 0, self._now()
        where = self._demotions().demote(Trip(run.phase, revision, now, reason), setting)
        if where is None:
            return False
        text = f"{run.phase}: {setting} -> {DEMOTED} for new runs, written to {where}; {reason}"
        subject = subject_of_trip(run.phase, reason)
        self._alert(AlertKind.TRIPPED, run, text, resolution, cluster, subject)
        return True

    def _alert(
        self,
        kind: AlertKind,
        run: Run,
        text: str,
        resolution: Resolution,
        cluster: str | None = None,
        subject: str = "",
    ) -> None:
        alert = Alert(kind, text, run.phase, run.id, cluster, self._now(), subject=subject)
        self._alerts.send(alert, revision=resolution.revision)
