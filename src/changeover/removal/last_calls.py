"""At which seams legacy still answers: what the stages say today, and what production saw last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from changeover.evidence.store.records import Evidence
from changeover.values.observation import Side
from changeover.values.stage import Setting, Stage

_LEGACY_MAY_ANSWER = (Stage.OFF, Stage.SHADOW, Stage.RAMP)


@dataclass(frozen=True, slots=True)
class LegacyEntry:
    """One seam as a way into legacy. `runs` and `last` are those in which legacy answered, by stage."""

    seam: str
    phase: str
    setting: Setting
    runs: int
    last: datetime | None
    last_stage: str | None

    @property
    def answers(self) -> bool:
        """Whether legacy may answer the next call; in `live` it is replayed only."""
        return self.setting.stage in _LEGACY_MAY_ANSWER


def legacy_entries(
    seams: Iterable[tuple[str, str]], settings: Mapping[str, Setting], evidence: Evidence
) -> tuple[LegacyEntry, ...]:
    """Each seam (with its phase) in the order given; a phase that nobody set stands at `off`."""
    found = []
    for seam, phase in seams:
        runs = [run for run in evidence.production if run.seam == seam and run.answered_by is Side.LEGACY]
        last = max(runs, key=lambda run: run.at, default=None)
        found.append(
            LegacyEntry(
                seam,
                phase,
                settings.get(phase, Setting(Stage.OFF)),
                len(runs),
                None if last is None else last.at,
                None if last is None else last.stage,
            )
        )
    return tuple(found)
