"""Moving a phase back to `shadow` by itself: in this process at once, then for all of them.

In flags.json; where that cannot be written in bounded time, in trips.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from changeover.errors import ChangeoverError
from changeover.rollout.migration_files import exclusive, place_of, trips_path
from changeover.rollout.plan_file import Plan
from changeover.rollout.resolver import Resolver
from changeover.rollout.tripwire_state import DEMOTED, TRIPPED_STAGES, Trip, add_trip
from changeover.settings import FLAGS_FILE
from changeover.values.stage import Setting

LOCK_WAIT_S = 1.0


class Demotions:
    """Moves the phases of one migration back. `who` stands in the history."""

    def __init__(
        self, plan: Plan, directory: Path, resolver: Resolver, environment: Mapping[str, str], who: str
    ) -> None:
        self._plan, self._directory, self._resolver = plan, directory, resolver
        self._environment, self._who = environment, who
        self._trips_path = trips_path(directory, environment)

    def demote(self, trip: Trip, setting: Setting) -> str | None:
        """Move the phase back from this setting, and say where that was written.

        None where a phase was moved meanwhile, so that one has to look again.
        """
        self._resolver.demote(trip)
        problem = self._write_flags(trip, setting)
        if problem is None:
            return FLAGS_FILE
        found = self._resolver.look_now().revision
        if found is not None and found > trip.revision:
            return None
        unfiled = self._write_trip(trip)
        if unfiled is None:
            return f"{self._trips_path}, as flags.json could not be written ({problem})"
        return (
            f"this process only: neither flags.json ({problem}) nor trips.json could be "
            f"written ({unfiled}); elsewhere the candidate goes on until: changeover kill"
        )

    def _write_flags(self, trip: Trip, old: Setting) -> str | None:
        """Write flags and history; returns None, or why they could not be written."""
        try:
            from changeover.rollout.history import cause_of
            from changeover.rollout.move import move

            place = replace(place_of(self._directory, self._environment), lock_wait_s=LOCK_WAIT_S)
            cause = cause_of("trip", self._who, trip.reason, trip.at)
            move(place, trip.phase, old, DEMOTED, cause, stages=self._plan.stages)
        except Exception as error:  # noqa: BLE001  whatever it is: trips.json is next
            return str(error) or type(error).__name__
        self._resolver.look_now()
        return None

    def _write_trip(self, trip: Trip) -> str | None:
        """Write trips.json; returns None, or why it could not be written."""
        folder = self._trips_path.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # the store of evidence lies in it as well
            with exclusive(folder, LOCK_WAIT_S):
                add_trip(self._trips_path, trip)
        except (OSError, ChangeoverError) as error:
            return str(error)
        return None

    def hold(self, trip: Trip) -> str | None:
        """Let a trip that was found elsewhere hold for this machine, unless its flags are newer.

        None where there was nothing to do, else where it was written, or why it was not.
        """
        resolution = self._resolver.current()
        setting = resolution.settings.get(trip.phase)
        if (
            setting is None
            or setting.stage not in TRIPPED_STAGES
            or (resolution.revision or 0) > trip.revision
        ):
            return None
        if any(one.phase == trip.phase for one in resolution.overridden):
            return "nowhere: the environment overrides its stage"
        self._resolver.demote(trip)
        unfiled = self._write_trip(trip)
        return str(self._trips_path) if unfiled is None else f"this process only: {unfiled}"
