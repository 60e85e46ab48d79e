"""What was done to the world and what the replayed path would have done, each effect counted once.

The effects of a seam inside another one stand on both tapes; the ledger takes them from the outermost run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from changeover.compare.comparison import Comparison
from changeover.replay.problems import Trouble
from changeover.values.observation import Path
from changeover.values.run import Run

EFFECTS_KEPT_MAX = 1_000
_REFUSED = (Trouble.EFFECT_WITHHELD, Trouble.UNDECLARED_EFFECT)


@dataclass(slots=True)
class EffectLine:
    """One port method. asked = equal + changed + only_asked; performed = equal + changed + only_performed."""

    name: str
    performed: int = 0
    asked: int = 0
    equal: int = 0
    changed: int = 0
    refused: int = 0

    @property
    def only_performed(self) -> int:
        """Performed, and not asked for by the other path."""
        return self.performed - self.equal - self.changed

    @property
    def only_asked(self) -> int:
        """Asked for by the other path alone."""
        return self.asked - self.equal - self.changed

    @property
    def one_side(self) -> int:
        """On one side only."""
        return self.only_performed + self.only_asked


class EffectLedger:
    """Adds the effects of compared outermost runs."""

    def __init__(self) -> None:
        self._lines: dict[str, EffectLine] = {}

    @property
    def lines(self) -> tuple[EffectLine, ...]:
        """By name."""
        return tuple(self._lines[name] for name in sorted(self._lines))

    def add(self, run: Run) -> None:
        """The effects of one run."""
        if isinstance(run.judgement, Comparison):
            for tally in run.judgement.effects:
                sides = (tally.legacy, tally.candidate)
                line = self._line(tally.name)
                performed, asked = sides if run.answered_by is Path.LEGACY else sides[::-1]
                line.performed += performed
                line.asked += asked
                line.equal += tally.equal
                line.changed += tally.changed
        for note in run.notes:
            if note.trouble in _REFUSED:
                self._line(note.place).refused += 1

    def _line(self, name: str) -> EffectLine:
        if name not in self._lines and len(self._lines) >= EFFECTS_KEPT_MAX:
            name = "(others)"
        return self._lines.setdefault(name, EffectLine(name))


def outermost(runs: Sequence[Run]) -> list[Run]:
    """The runs of one case that no other of them contains. Inner runs come before the run around them.

    A run without any port call is taken for an inner one where others have calls, unless the replayed path
    made an effect up.
    """
    kept: list[tuple[frozenset[int], Run]] = []
    silent_too = not any(run.tape.entries for run in runs)
    for run in reversed(runs):
        entries = frozenset(map(id, run.tape.entries))
        if entries and any(entries <= around for around, _ in kept):
            continue
        if entries or silent_too or _has_effects(run):
            kept.append((entries, run))
    return [run for _, run in kept][::-1]


def _has_effects(run: Run) -> bool:
    return bool(isinstance(run.judgement, Comparison) and run.judgement.effects)
