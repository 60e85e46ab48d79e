"""The tables of `compare`: verdicts per seam, effects per port method."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from changeover.evidence.effect_ledger import EffectLine
from changeover.evidence.tallies import SeamTally
from changeover.values.observation import Path
from changeover.views.layout import INDENT, Ink, aligned, count

_VERDICTS = (26, 9, 10, 11, 8, 10, 14)
_EFFECTS = (26, 9, 18, 9, 10, 16, 10)


def verdict_lines(
    seams: Iterable[SeamTally], total: SeamTally, phases: Mapping[str, int], ink: Ink
) -> list[str]:
    """One row per seam under its phase, in the order of the plan; the last row is the sum of the others."""
    lines = [aligned(["", "runs", "match", "tolerated", "waived", "diverged", "not compared"], _VERDICTS)]
    by_phase: dict[str, list[SeamTally]] = {}
    for tally in seams:
        by_phase.setdefault(tally.phase, []).append(tally)
    for phase in sorted(by_phase, key=lambda name: phases.get(name, len(phases) + 1)):
        tallies = by_phase[phase]
        if phase in phases:
            lines.append(f"{phases[phase]} {phase}")
        names = _short_names([tally.seam for tally in tallies]) if phase in phases else {}
        lines += [_row(f"{INDENT}{names.get(tally.seam, tally.seam)}", tally, ink) for tally in tallies]
    return [*lines, aligned(_cells("", total), _VERDICTS)]


def _row(name: str, tally: SeamTally, ink: Ink) -> str:
    row = aligned(_cells(name, tally), _VERDICTS)
    return f"{row}    {ink('UNSAFE')}" if tally.unsafe else row


def _cells(name: str, tally: SeamTally) -> list[str]:
    numbers = (
        *(tally.runs, tally.match, tally.tolerated, tally.waived),
        *(tally.diverged, tally.not_compared),
    )
    return [name, *map(count, numbers)]


def _short_names(seams: list[str]) -> dict[str, str]:
    """Names without their first word, where they stay different."""
    short = {seam: seam.partition(".")[2] or seam for seam in seams}
    return short if len(set(short.values())) == len(seams) else {}


def effect_lines(effects: Iterable[EffectLine], answer: Path, *, noise: bool) -> list[str]:
    """One row per port method; nothing where no path had an effect."""
    asking = answer if noise else answer.other
    heading = ["effects", "performed", f"{asking} asked", "equal", "changed", "one side only", "refused"]
    rows = [
        aligned(
            [
                f"{INDENT}{line.name}",
                *map(
                    count,
                    (line.performed, line.asked, line.equal, line.changed, line.one_side, line.refused),
                ),
            ],
            _EFFECTS,
        )
        for line in effects
    ]
    return [aligned(heading, _EFFECTS), *rows] if rows else []
