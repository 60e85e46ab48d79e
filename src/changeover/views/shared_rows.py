"""What text and HTML show alike: short names of seams, and what the replay kept from happening."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from changeover.evidence.tallies import EffectCounts, total_effects


def short_names(seams: Sequence[str]) -> Mapping[str, str]:
    """Names without their first word, where they stay different."""
    short = {seam: seam.partition(".")[2] or seam for seam in seams}
    return short if len(set(short.values())) == len(seams) else {seam: seam for seam in seams}


def withheld_effects(effects: Iterable[EffectCounts]) -> list[str]:
    """How many effects would have been other, more or fewer; empty where both paths did the same."""
    total = total_effects(effects)
    counted = (
        (total.changed, "would have been other than performed"),
        (total.only_asked, "would have been added"),
        (total.only_performed, "would have been missing"),
    )
    return [f"{number:,} {words}" for number, words in counted if number]
