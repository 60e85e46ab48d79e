"""How a comparison becomes the verdict of its run."""

from __future__ import annotations

from collections.abc import Callable

from changeover.compare.comparison import NOT_COMPARED, Comparison
from changeover.values.divergence import Divergence, Kind, Verdict


def verdict_of(
    comparison: Comparison | None,
    *,
    saw_anything: bool,
    waived: Callable[[Divergence], bool],
) -> Verdict:
    """The verdict of a run; `comparison` is None where it was dropped or sampled out.

    `saw_anything` is false for a run that had neither input nor read. `waived` is asked about what differs,
    never about an effect.
    """
    if comparison is None:
        return Verdict.UNPAIRED
    shown = [found for found in comparison.divergences if _proves(found, comparison)]
    if any(found.is_unsafe for found in shown):
        return Verdict.UNSAFE
    unwaived = [found for found in shown if not waived(found)]
    if unwaived or (shown and comparison.left_out):
        return Verdict.DIVERGED
    if len(shown) < len(comparison.divergences) or comparison.left_out:
        return Verdict.FAILED
    if comparison.is_empty or not saw_anything:
        return Verdict.VACUOUS
    if shown:
        return Verdict.WAIVED
    if any(accepted.differs for accepted in comparison.accepted):
        return Verdict.TOLERATED
    return Verdict.MATCH


def _proves(found: Divergence, comparison: Comparison) -> bool:
    """Whether it shows that the paths differ, and not only that they no longer saw the same."""
    if found.kind in NOT_COMPARED:
        return False
    start = _uncertain_from(comparison)
    if start is None or found.kind is Kind.UNDECLARED_EFFECT:
        return True
    if found.kind is Kind.EFFECT_MISSING and comparison.inexact_from is None:
        # A path that was refused a read may have stopped there: what it did not do shows nothing.
        return False
    return found.position is not None and found.position < start


def _uncertain_from(comparison: Comparison) -> int | None:
    """The tape position from which a difference proves nothing, None where all of them do."""
    positions = [
        found.position or 0
        for found in comparison.divergences
        if found.kind in (Kind.READ_MISSING, Kind.TIMEOUT)
    ]
    if comparison.inexact_from is not None:
        positions.append(comparison.inexact_from)
    return min(positions, default=None)
