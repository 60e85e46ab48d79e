"""What is accepted: the screens of `rules check`, `rules blindspots` and `waive`."""

from __future__ import annotations

from collections.abc import Sequence

from changeover.compare.rules import Rules
from changeover.compare.rules_check import RuleProblem
from changeover.evidence.code_digest import DIGITS_SHOWN
from changeover.evidence.store.records import StoredCluster
from changeover.gate.accepted_blind_spots import ACCEPTED_NAME, BlindSpotReview, JudgedSpot
from changeover.rollout.waivers import Waiver, entry_text
from changeover.values.safe_text import visible_lines
from changeover.views.layout import INDENT, Screen, flowed, labelled, padded, plural, wrapped


def rules_screen(file: str, rules: Rules | None, problems: Sequence[RuleProblem], screen: Screen) -> str:
    """One problem after the other, each with its line in the file."""
    lines: list[str] = []
    for problem in problems:
        line = f" line {problem.line}" if problem.line is not None else ""
        lines += wrapped(f"{file}{line}: {problem.text}", screen.prose, INDENT)
    if not problems and rules is not None:
        sound = f"{plural(len(rules.rules), 'rule')}, sound, digest {rules.digest[:DIGITS_SHOWN]}"
        lines = [sound if rules.rules else "no rule: strict"]
    return "".join(f"{line}\n" for line in lines)


SPOTS_SHOWN_MAX = 60
_SPOT_LABEL = 16
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
        lines += labelled(
            "not looked at",
            f"{seam}: none of these runs crossed it; --runs N looks at more cases",
            screen.width,
            _SPOT_LABEL,
        )
    for accepted in review.unused:
        gone = f"{accepted.seam} {accepted.place}: in {ACCEPTED_NAME}, and hides nothing any more"
        lines += labelled("not met", gone, screen.width, _SPOT_LABEL)
    if any(one.spot.is_effect for one in review.spots):
        does = "change the rule that hides the effect, or state an invariant that notices it"
        lines += ["", *labelled("do", does, screen.prose)]
    elif any(one.is_open for one in review.spots):
        does = f"list it in {ACCEPTED_NAME} with a reason, or change what hides it"
        lines += ["", *labelled("do", does, screen.prose)]
    return "\n".join(lines) + "\n"


def _spot(one: JudgedSpot, screen: Screen) -> list[str]:
    spot = one.spot
    head = f"{_word_of(one):<8}  {one.times:>5,}  "
    if screen.is_narrow:
        lines = flowed(f"{head}{spot.seam}   {spot.place}   {spot.change}", screen.width, _BELOW)
    else:
        place = padded(spot.place, screen.width - len(head) - 43)
        lines = [f"{head}{padded(spot.seam, 26)}  {place}  {spot.change}"]
    notes = [f"hidden by {', '.join(spot.hidden_by) or 'no rule'}"]
    notes += [f'"{one.accepted.reason}"'] if one.accepted is not None else []
    return lines + [line for note in notes for line in labelled("", note, screen.prose, len(_BELOW))]


def _word_of(one: JudgedSpot) -> str:
    """What a person has to know about it first."""
    if one.spot.is_effect:
        return "EFFECT"
    return "open" if one.is_open else "accepted"


def waived_screen(waiver: Waiver, cluster: StoredCluster, file: str, screen: Screen, *, dry_run: bool) -> str:
    """The whole screen; `cluster` is what is kept of it."""
    verb = "would waive" if dry_run else "waived"
    about = f"{cluster.seam}   {cluster.place}   {cluster.kind}, {cluster.pattern}"
    met = f'{plural(cluster.runs, "run")} when it was met last; "{waiver.reason}"'
    lines = [
        *wrapped(f"{verb} {waiver.cluster} until {waiver.until}, by {waiver.owner}", screen.prose, INDENT),
        *(INDENT + line for line in flowed(about, screen.width - len(INDENT), "")),
        *(INDENT + line for line in wrapped(met, screen.prose - len(INDENT), "")),
        "",
    ]
    if dry_run:
        lines += [f"to be added to {file}:", "", *entry_text(waiver).splitlines(), ""]
    else:
        undo = f'remove the entry of cluster "{waiver.cluster}" from {file}'
        lines += labelled("undo", undo, screen.prose)
    again = "changeover compare          its runs count as waived: they show nothing"
    lines += labelled("next", again, screen.prose)
    return visible_lines("\n".join(lines)) + "\n"
