"""When runs are compared: before the caller gets its answer, or later beside the program."""

from __future__ import annotations

from collections.abc import Mapping

MODE_VARIABLE = "CHANGEOVER_MODE"
INLINE, BACKGROUND = "inline", "background"
MODES = (INLINE, BACKGROUND)


def mode_of(wanted: str, environment: Mapping[str, str]) -> tuple[str, str | None]:
    """The mode that the environment names, else the wanted one; and what is wrong with the name, if so."""
    named = environment.get(MODE_VARIABLE) or wanted
    if named in MODES:
        return named, None
    return INLINE, f"{MODE_VARIABLE} was {named!r}, allowed: {', '.join(MODES)}; runs are compared inline"


POPULATION_VARIABLE = "CHANGEOVER_POPULATION"
PRODUCTION = "production"
POPULATIONS = (PRODUCTION, "recorded", "generated")


def population_of(environment: Mapping[str, str]) -> tuple[str, str | None]:
    """The population that the environment names, else production; and what is wrong with the name, if so.

    A wrong name leaves the tripwire armed, as in production, and keeps nothing, as elsewhere.
    """
    named = environment.get(POPULATION_VARIABLE) or PRODUCTION
    if named in POPULATIONS:
        return named, None
    return (
        PRODUCTION,
        f"{POPULATION_VARIABLE} was {named!r}, allowed: {', '.join(POPULATIONS)}; nothing is kept",
    )
