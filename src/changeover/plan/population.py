"""What the runs of this process are a sample of; only runs in production are evidence of production."""

from __future__ import annotations

from collections.abc import Mapping

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
