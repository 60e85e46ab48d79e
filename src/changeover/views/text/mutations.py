"""The screen of `changeover rules blindspots`: what is hidden, by what, and whether somebody accepts it."""

from __future__ import annotations

from changeover.gate.accepted_blind_spots import ACCEPTED_NAME, BlindSpotReview, JudgedSpot
from changeover.views.layout import Screen, flowed, labelled, padded, plural

SPOTS_SHOWN_MAX = 60
_LABEL, _DO = 16, 12
_BELOW = " " * 17


def blind_spots_screen(review: BlindSpotReview, screen: Screen) -> str:
    """What was altered, what is hidden, what was not looked at, what to do."""
    search = review.search
    tried, hidden = search.tried.total(), search.spots.total()
    runs = f"{plural(search.runs.total(), 'run')} of {plural(len(search.runs), 'seam')}"
    lines = [f"{tried - hidden:,} of {plural(tried, 'alteration')} noticed, in {runs}"]
    if review.spots:
        lines.append("")
    for one in review.spots[:SPOTS_SHOWN_MAX]:
        lines += _spot(one, screen)
    if len(review.spots) > SPOTS_SHOWN_MAX:
        lines.append(f"and {len(review.spots) - SPOTS_SHOWN_MAX:,} more: --format json")
    if review.silent or review.unused:
        lines.append("")
    for seam in review.silent:
        lines += labelled("not looked at", f"{seam}: no run crossed it", screen.width, _LABEL)
    for accepted in review.unused:
        gone = f"{accepted.seam} {accepted.place}: in {ACCEPTED_NAME}, and hides nothing any more"
        lines += labelled("not met", gone, screen.width, _LABEL)
    if any(one.spot.is_effect for one in review.spots):
        does = "change the rule that hides the effect, or state an invariant that notices it"
        lines += ["", *labelled("do", does, screen.prose, _DO)]
    elif any(one.is_open for one in review.spots):
        does = f"list it in {ACCEPTED_NAME} with a reason, or change what hides it"
        lines += ["", *labelled("do", does, screen.prose, _DO)]
    return "\n".join(lines) + "\n"


def _spot(one: JudgedSpot, screen: Screen) -> list[str]:
    spot = one.spot
    head = f"{_word(one):<8}  {one.times:>5,}  "
    if screen.is_narrow:
        lines = flowed(f"{head}{spot.seam}   {spot.place}   {spot.change}", screen.width, _BELOW)
    else:
        place = padded(spot.place, screen.width - len(head) - 43)
        lines = [f"{head}{padded(spot.seam, 26)}  {place}  {spot.change}"]
    notes = [f"hidden by {', '.join(spot.hidden_by) or 'no rule'}"]
    notes += [f'"{one.accepted.reason}"'] if one.accepted is not None else []
    return lines + [line for note in notes for line in labelled("", note, screen.prose, len(_BELOW))]


def _word(one: JudgedSpot) -> str:
    """What a person has to know about it first."""
    if one.spot.is_effect:
        return "EFFECT"
    return "open" if one.is_open else "accepted"
