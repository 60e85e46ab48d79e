"""`trips.json`: phases that the tripwire moved back where `flags.json` could not be written."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from changeover.errors import ConfigurationError
from changeover.quick_dataclass import dataclass
from changeover.telemetry.alerts import AlertKind, subject_of
from changeover.values.atomic_file import write_file
from changeover.values.stage import Setting, Stage
from changeover.values.toml_table import Table, parse_json, read_text, shown

TRIPS_KEPT_MAX = 100
REASON_CHARACTERS = 300
_SCHEMA_VERSION = 1
TRIPPED_STAGES = frozenset({Stage.RAMP, Stage.LIVE})
DEMOTED = Setting(Stage.SHADOW)


@dataclass(frozen=True, slots=True)
class Trip:
    """Holds a phase at `shadow` while flags.json has this revision or an older one."""

    phase: str
    revision: int
    at: datetime
    reason: str

    def to_data(self) -> dict[str, Any]:
        """Plain values."""
        return {**asdict(self), "at": self.at.isoformat()}


def subject_of_trip(phase: str, reason: str) -> str:
    """What an alert of a trip is about, alike for whoever moved the phase and who reads it in the history."""
    return subject_of(AlertKind.TRIPPED, phase, " ".join(reason.split())[:REASON_CHARACTERS])


def parse_trips(text: str, where: str) -> tuple[Trip, ...]:
    """Read the content of the file; raises ConfigurationError."""
    top = Table(parse_json(text, where), where)
    version = top.whole("schema_version", least=1)
    if version != _SCHEMA_VERSION:
        raise top.error("schema_version", f"was {version}, allowed: {_SCHEMA_VERSION}")
    trips = tuple(_trip(table) for table in top.tables("trips"))
    top.done()
    return trips


def _trip(table: Table) -> Trip:
    at = table.text("at")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise table.error("at", f"was {shown(at)}, allowed: an ISO date and time") from None
    trip = Trip(table.text("phase"), table.whole("revision"), moment, table.text("reason"))
    table.done()
    return trip


def add_trip(path: Path, trip: Trip) -> None:
    """Write one more, all at once or not at all; raises OSError, and ConfigurationError for a damaged file.

    A damaged file stays as it is: a process that cannot read it demotes every phase, and it may name others.
    """
    old = parse_trips(read_text(path), str(path)) if path.exists() else ()
    kept = [one for one in old if one.phase != trip.phase]
    trips = [*kept[-TRIPS_KEPT_MAX + 1 :], trip]
    content = {"schema_version": _SCHEMA_VERSION, "trips": [one.to_data() for one in trips]}
    write_file(path, (json.dumps(content, indent=2) + "\n").encode())


class Trips:
    """The trips of trips.json and of this process; `problem` says why the file could not be read.

    A process that has read the file before keeps what it said. A fresh process does not know which phases it
    named, and holds every one back.
    """

    def __init__(self, path: Path | None) -> None:
        self.problem: str | None = None
        self._path = path
        self._seen: object = ...
        self._known = False
        self._filed: tuple[Trip, ...] = ()
        self._own: dict[str, Trip] = {}

    def add(self, trip: Trip) -> None:
        """Add a trip of this process, which holds whatever the files say."""
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

    def apply(self, phase: str, base: Setting, revision: int) -> tuple[Setting, str | None]:
        """The setting where flags of that revision say `base`, and why it differs (None: it does not)."""
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
    """A value that changes with the file; None for a missing file."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return (str(error),)
    return (status.st_ino, status.st_mtime_ns, status.st_size, status.st_mode)
