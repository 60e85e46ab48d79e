"""Which phases the tripwire holds at `shadow`, as this process knows from the file and from itself."""

from __future__ import annotations

from pathlib import Path

from changeover.errors import ConfigurationError
from changeover.rollout.tripwire_state import DEMOTED, TRIPPED_STAGES, Trip, parse_trips
from changeover.values.stage import Setting
from changeover.values.toml_table import read_text


class HeldTrips:
    """Looked at with the flags; `problem` says why the file could not be read.

    A file that cannot be read changes nothing in a process that has read it before. A fresh process does not
    know which phases it named, and holds every one.
    """

    def __init__(self, path: Path | None) -> None:
        self.problem: str | None = None
        self._path = path
        self._seen: object = ...
        self._known = False
        self._filed: tuple[Trip, ...] = ()
        self._own: dict[str, Trip] = {}

    def add(self, trip: Trip) -> None:
        """One of this process, which holds whatever becomes of files."""
        self._own = {**self._own, trip.phase: trip}

    def look(self) -> None:
        """Read the file again if it has changed."""
        if self._path is None:
            return
        seen = identity(self._path)
        if seen == self._seen:
            return
        self._seen, self.problem = seen, None
        try:
            self._filed = () if seen is None else parse_trips(read_text(self._path), str(self._path))
            self._known = True
        except ConfigurationError as error:
            held = "what it said before holds" if self._known else "phases in ramp or live are at shadow"
            self.problem = f"{error} ({held}; remove the file once you know why)"

    def over(self, phase: str, base: Setting, revision: int) -> tuple[Setting, str | None]:
        """Where the phase stands if flags of that revision say `base`; why, where it was moved back."""
        if base.stage not in TRIPPED_STAGES:
            return base, None
        own = self._own.get(phase)
        for trip in (*self._filed, *(() if own is None else (own,))):
            if trip.phase == phase and revision <= trip.revision:
                return DEMOTED, f"since {trip.at:%Y-%m-%d %H:%M:%SZ}: {trip.reason}"
        if self.problem is not None and not self._known:
            return DEMOTED, "trips.json cannot be read"
        return base, None


def identity(path: Path) -> tuple[object, ...] | None:
    """What changes when the file does, None where there is none."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return (str(error),)
    return (status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode)
