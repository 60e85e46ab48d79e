"""Tells those who asked for alerts that a phase begins to differ, in every stage that compares, once."""

from __future__ import annotations

import threading

from changeover.record.run import Run
from changeover.rollout.test_override import ACTIVE
from changeover.settings import PRODUCTION
from changeover.telemetry.alerts import Alert, AlertKind, Alerts, subject_of
from changeover.values.divergence import Divergence
from changeover.values.verdict import Verdict

_KINDS = {Verdict.UNSAFE: AlertKind.UNSAFE, Verdict.DIVERGED: AlertKind.DIVERGED}
_WORDS = {Verdict.UNSAFE: "an effect differs", Verdict.DIVERGED: "something differs"}


class DifferenceAlerts:
    """Looks at runs of a running program; the tripwire, where there is one, shows it what differs."""

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts
        self._lock = threading.Lock()
        self._said: set[tuple[str, str, Verdict]] = set()

    def __call__(self, run: Run) -> None:
        """Look at one run before its caller goes on."""
        verdict = Verdict(run.verdict)
        if verdict not in _KINDS or run.population != PRODUCTION or ACTIVE.override is not None:
            return
        if self._is_first(run, verdict):
            self._alerts.send(_alert(run, verdict))

    def _is_first(self, run: Run, verdict: Verdict) -> bool:
        key = (run.phase, str(run.setting), verdict)
        with self._lock:
            if key in self._said:
                return False
            self._said.add(key)
            return True


def _alert(run: Run, verdict: Verdict) -> Alert:
    worst = worst_of(run)
    cluster = None if worst is None else cluster_of(run.seam, worst)
    more = "" if cluster is None else f", changeover explain {cluster}"
    text = f"{_WORDS[verdict]} in run {run.id}: {describe_difference(run.seam, worst)}{more}"
    stays = f"{run.phase} stays at {run.setting}; the next ones are counted and not told"
    kind = _KINDS[verdict]
    subject = subject_of(kind, run.phase, run.setting)
    return Alert(kind, f"{text}; {stays}", run.phase, run.id, cluster, subject=subject)


def worst_of(run: Run) -> Divergence | None:
    """The divergence that says most: an effect before anything else."""
    return min(run.divergences, key=lambda found: not found.is_unsafe, default=None)


def describe_difference(seam: str, worst: Divergence | None) -> str:
    """The place and kind of the worst divergence; no values, which may be secret."""
    return seam if worst is None else f"{seam}: {worst.kind} at {worst.normal_place or worst.place}"


def cluster_of(seam: str, worst: Divergence) -> str | None:
    """The name of the cluster that a divergence belongs to, None where it cannot be worked out."""
    from changeover.compare.clusters import fingerprint_of

    try:
        return fingerprint_of(seam, worst).id
    except Exception:  # noqa: BLE001  an alert does not wait for a name
        return None
