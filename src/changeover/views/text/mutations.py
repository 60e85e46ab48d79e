"""The screen of `changeover rules blindspots`: what is hidden, by what, and whether somebody accepts it."""

from __future__ import annotations

from changeover.gate.accepted_blind_spots import ACCEPTED_NAME, BlindSpotReview, JudgedSpot
from changeover.views.layout import WIDTH, cut, plural

SPOTS_SHOWN_MAX = 60


def blind_spots_screen(review: BlindSpotReview) -> str:
    """What was altered, what is hidden, what was not looked at, what to do."""
    search = review.search
    tried, hidden = search.tried.total(), search.spots.total()
    runs = f"{plural(search.runs.total(), 'run')} of {plural(len(search.runs), 'seam')}"
    lines = [f"{tried - hidden:,} of {plural(tried, 'alteration')} noticed, in {runs}"]
    if review.spots:
        lines.append("")
    for one in review.spots[:SPOTS_SHOWN_MAX]:
        spot = one.spot
        lines.append(
            f"{_word(one):<8}  {one.times:>5,}  {cut(spot.seam, 26):<26}  {cut(spot.place, 40):<40}  "
            f"{spot.change}"
        )
        lines.append(cut(f"{'':<17}hidden by {', '.join(spot.hidden_by) or 'no rule'}", WIDTH))
        if one.accepted is not None:
            lines.append(cut(f'{"":<17}"{one.accepted.reason}"', WIDTH))
    if len(review.spots) > SPOTS_SHOWN_MAX:
        lines.append(f"and {len(review.spots) - SPOTS_SHOWN_MAX:,} more: --format json")
    if review.silent or review.unused:
        lines.append("")
    lines += [f"not looked at   {seam}: no run crossed it" for seam in review.silent]
    lines += [
        cut(f"not met         {one.seam} {one.place}: in {ACCEPTED_NAME}, and hides nothing any more", WIDTH)
        for one in review.unused
    ]
    if any(one.spot.is_effect for one in review.spots):
        lines += [
            "",
            "do          change the rule that hides the effect, or state an invariant that notices it",
        ]
    elif any(one.is_open for one in review.spots):
        lines += ["", f"do          list it in {ACCEPTED_NAME} with a reason, or change what hides it"]
    return "\n".join(lines) + "\n"


def _word(one: JudgedSpot) -> str:
    """What a person has to know about it first."""
    if one.spot.is_effect:
        return "EFFECT"
    return "open" if one.is_open else "accepted"
