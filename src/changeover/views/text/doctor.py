"""The screen of `changeover doctor`: what is wrong, what is in effect, and what the tool cannot see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from changeover.views.layout import Screen, labelled, wrapped

_LABEL = 12


def doctor_screen(facts: Mapping[str, str], problems: Sequence[str], not_seen: str, screen: Screen) -> str:
    """The whole screen, problems first; without facts nothing else could be looked at."""
    lines = [line for problem in problems for line in wrapped(f"! {problem}", screen.prose, "  ")]
    lines += [""] if problems else []
    lines += [line for label, value in facts.items() for line in labelled(label, value, screen.width, _LABEL)]
    lines += ["", *wrapped(not_seen, screen.prose, "")] if facts else []
    return "\n".join(lines) + "\n"
