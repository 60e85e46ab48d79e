"""Phases that the tripwire holds back past flags.json: a move of another phase must not let them go."""

from __future__ import annotations

from collections.abc import Mapping

from changeover.flips.change import Change
from changeover.flips.place import Place
from changeover.plan.held_trips import HeldTrips
from changeover.values.stage import Setting


def held_back(place: Place, settings: Mapping[str, Setting], revision: int) -> dict[str, tuple[Change, str]]:
    """What trips.json makes of these settings, by phase, and why.

    A trip ends with the next revision. Whoever makes that revision writes its outcome down with it.
    """
    trips = HeldTrips(place.trips)
    trips.look()
    held = {}
    for phase, setting in settings.items():
        at, why = trips.over(phase, setting, revision)
        if why is not None:
            held[phase] = Change(phase, setting, at), why
    return held
