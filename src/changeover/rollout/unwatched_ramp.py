"""A tripwire that nobody watches is none: a phase in `ramp` goes back where no worker keeps up."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from changeover.rollout.demotion import Demotions
from changeover.rollout.plan_file import Plan
from changeover.rollout.resolver import Resolver
from changeover.rollout.tripwire_state import DEMOTED, Trip
from changeover.settings import KEEP
from changeover.telemetry.alerts import Alert, AlertKind, Alerts, subject_of
from changeover.values.stage import SEAM_STAGES, Stage

WHO = "worker-watch"
LOOKS_MAX = 3
_COMPARED = frozenset({*SEAM_STAGES} - {Stage.OFF, Stage.COMPLETE})


class UnwatchedRamp:
    """What becomes of the phases of one migration while nobody watches its runs."""

    def __init__(
        self,
        plan: Plan,
        directory: Path,
        resolver: Resolver,
        alerts: Alerts,
        environment: Mapping[str, str],
    ) -> None:
        self._plan, self._resolver, self._alerts = plan, resolver, alerts
        self._demotions = Demotions(plan, directory, resolver, environment, WHO)
        self._lock = threading.Lock()

    @property
    def is_needed(self) -> bool:
        """Whether any phase is compared now."""
        return any(one.stage in _COMPARED for one in self._resolver.current().settings.values())

    def unwatched(self, why: str, now: datetime) -> None:
        """Say it, and move every phase in `ramp` back unless the plan keeps it (`on_lag`)."""
        with self._lock:
            for _ in range(LOOKS_MAX):
                if self._moved_back(why, now):
                    return

    def _moved_back(self, why: str, now: datetime) -> bool:
        resolution = self._resolver.look_now()
        overridden = {one.phase for one in resolution.overridden}
        for phase, setting in resolution.settings.items():
            if setting.stage not in _COMPARED:
                continue
            if setting.stage is not Stage.RAMP or self._plan.on_lag == KEEP or phase in overridden:
                text = f"{phase} stays at {setting}, and nobody watches what differs: {why}"
                self._alert(text, phase, now, resolution.revision)
                continue
            where = self._demotions.demote(Trip(phase, resolution.revision or 0, now, why), setting)
            if where is None:
                return False
            text = f"{phase}: {setting} -> {DEMOTED} for new runs, written to {where}; {why}"
            self._alert(text, phase, now, resolution.revision)
        return True

    def _alert(self, text: str, phase: str, now: datetime, revision: int | None) -> None:
        subject = subject_of(AlertKind.UNWATCHED, phase)
        self._alerts.send(Alert(AlertKind.UNWATCHED, text, phase, at=now, subject=subject), revision=revision)
