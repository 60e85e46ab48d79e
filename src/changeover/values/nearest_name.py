"""The known name that was probably meant by an unknown one."""

from __future__ import annotations

from collections.abc import Iterable

_NAMES_MAX = 1_000


def nearest_name(name: str, known: Iterable[object]) -> str | None:
    """The one that is written almost so, None where none is."""
    from difflib import get_close_matches  # only where something is wrong

    found = get_close_matches(name, [str(one) for one in known][:_NAMES_MAX], 1)
    return found[0] if found else None


def did_you_mean(name: str, known: Iterable[object]) -> str:
    """Between an unknown name and what is allowed: `, did you mean "abs"?` if one is near, else a comma."""
    nearest = nearest_name(name, known)
    return "," if nearest is None else f', did you mean "{nearest}"?'
