"""Everything that a gate decides on, collected beforehand: the decision itself reads no file and no clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from changeover.evidence.store.records import Evidence, KeptCorpus, KeptRun, Review
from changeover.flips.entry import HistoryEntry
from changeover.gate.accepted_blind_spots import AcceptedBlindSpot
from changeover.gate.waiver import Waiver
from changeover.rollout.gate_criteria import Gate
from changeover.rollout.plan_file import Phase, Plan
from changeover.values.stage import Setting


@dataclass(frozen=True, slots=True)
class Problems:
    """What could not be read, in words; empty where all is well."""

    flags: tuple[str, ...] = ()
    code: str | None = None
    rules: str | None = None
    waivers: str | None = None
    blind_spots: str | None = None
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """`now` is aware. `settings` are the stages of all phases as the flags have them.

    `override` is the environment variable that overrides the phase, `accepted` are the blind spots that
    somebody has accepted by name. `checks` has the latest result by command line. `code` is None where
    the plan names no packages.
    """

    plan: Plan
    phase: Phase
    old: Setting
    new: Setting
    settings: Mapping[str, Setting]
    revision: int | None = None
    code: str | None
    rules: str
    now: datetime
    evidence: Evidence = field(default_factory=Evidence)
    history: tuple[HistoryEntry, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    accepted: tuple[AcceptedBlindSpot, ...] = ()
    checks: Mapping[str, Review] = field(default_factory=dict)
    doctor: Review | None = None
    problems: Problems = field(default_factory=Problems)
    killed: bool = False
    override: str | None = None

    @property
    def gate(self) -> Gate:
        """What is asked."""
        return self.phase.gate_to(self.new.stage)

    def is_today(self, one: KeptCorpus | KeptRun | Review) -> bool:
        """Whether it is about this code and these rules."""
        return (one.code, one.rules) == (self.code, self.rules)

    def is_waived(self, digest: str) -> bool:
        """Whether a waiver that still holds speaks of this cluster."""
        today = self.now.date()
        return any(one.covers(digest) and not one.has_expired(today) for one in self.waivers)

    @property
    def reviews(self) -> tuple[Review, ...]:
        """What was looked at on this code and these rules, the latest first."""
        return tuple(one for one in self.evidence.reviews if self.is_today(one))
