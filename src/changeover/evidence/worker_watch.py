"""Does a worker watch what the program records: what waits, since when, and when a worker was seen last.

Every worker leaves a file in the folder of the spools, which it writes anew while it works. Nothing here
takes a lock: whoever looks disturbs neither a program nor a worker.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from changeover.quick_dataclass import dataclass
from changeover.spool.frame import Frame, FrameKind, frames_in
from changeover.spool.names import READ, files_in, names_in
from changeover.spool.progress import read_place
from changeover.values.atomic_file import write_file

PULSE_S = 2.0
"""How often a worker says that it works."""
FORGOTTEN_S = 7 * 86_400.0
_NAME = "worker"
_LOOKED_AT_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Pulse:
    """What a worker says of itself: when, and what it has done since it began.

    `lag_s` is how old the last run was when it was judged.
    """

    at: datetime
    host: str
    pid: int
    replayed: int = 0
    failed: int = 0
    dropped: int = 0
    lag_s: float = 0.0
    isolation: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkerWatch:
    """What is known of a folder of spools. `oldest_at` is when the oldest waiting run was recorded.

    `waiting` is None where it was not counted. `pulses` are those of the workers, the latest first.
    `elsewhere` is what a database counted for all workers of a fleet: runs replayed and dropped.
    """

    waiting: int | None
    oldest_at: datetime | None
    pulses: tuple[Pulse, ...]
    elsewhere: tuple[int, int] | None = None

    @property
    def seen_at(self) -> datetime | None:
        """When a worker was seen last, None where none ever was."""
        return self.pulses[0].at if self.pulses else None

    @property
    def replayed(self) -> int:
        """Runs that the workers known of have replayed."""
        return sum(one.replayed for one in self.pulses) if self.elsewhere is None else self.elsewhere[0]

    @property
    def dropped(self) -> int:
        """Runs that were lost before a worker came to them."""
        return sum(one.dropped for one in self.pulses) if self.elsewhere is None else self.elsewhere[1]

    @property
    def recorded(self) -> int:
        """All of these."""
        return self.replayed + self.dropped + (self.waiting or 0)

    def lag_s(self, now: datetime) -> float:
        """How old the oldest waiting run is; 0 where none waits."""
        return 0.0 if self.oldest_at is None else max(0.0, (now - self.oldest_at).total_seconds())

    def why_unwatched(self, lag_max_s: float, now: datetime, since: datetime | None = None) -> str | None:
        """Why nobody watches the runs, as a sentence; None where somebody does.

        Args:
            lag_max_s: how old a waiting run, and the last sign of a worker, may be.
            now: the time.
            since: when the program began to record, before which no worker was needed.
        """
        lag = self.lag_s(now)
        if lag > lag_max_s:
            return f"the oldest run that waits for a worker is {_time(lag)} old, allowed: {_time(lag_max_s)}"
        seen = max(filter(None, (self.seen_at, since)), default=None)
        if seen is None:
            return "no worker was ever seen: changeover worker"
        silent = (now - seen).total_seconds()
        if silent > lag_max_s:
            return f"no worker was seen for {_time(silent)}, allowed: {_time(lag_max_s)}: changeover worker"
        return None


def watch(folder: Path, *, counting: bool = True) -> WorkerWatch:
    """Look at a folder of spools, which need not be there; `counting` reads all that waits."""
    waiting, oldest = 0, None
    for name in names_in(folder):
        for number, frame in enumerate(_waiting(folder, name, counting=counting)):
            waiting += 1
            if not number:
                at = recorded_at(frame.payload)
                oldest = at if oldest is None or (at is not None and at < oldest) else oldest
            if not counting:
                break
    return WorkerWatch(waiting if counting else None, oldest, tuple(pulses(folder)))


def _waiting(folder: Path, name: str, *, counting: bool) -> Iterator[Frame]:
    place = read_place(folder / f"{name}.{READ}")
    for file in files_in(folder, name):
        if file.number < place.number:
            continue
        with suppress(OSError), file.path.open("rb") as stream:
            stream.seek(place.offset if file.number == place.number else 0)
            data = stream.read(-1 if counting else _LOOKED_AT_BYTES)
            found = list(_recorded_in(data))
            if not found and len(data) == _LOOKED_AT_BYTES:
                found = list(_recorded_in(data + stream.read()))
            yield from found


def _recorded_in(data: bytes) -> Iterator[Frame]:
    for part in frames_in(data):
        if isinstance(part, Frame) and part.kind is FrameKind.RECORDED:
            yield part


def recorded_at(payload: bytes) -> datetime | None:
    """When a run was recorded, None where its record does not say."""
    with suppress(ValueError, TypeError, KeyError, OverflowError, OSError):
        return datetime.fromtimestamp(json.loads(payload)["at"], UTC)
    return None


def environments(folder: Path) -> list[Mapping[str, Any]]:
    """What each process that recorded says of itself, as far as that can be read."""
    found = {}
    for file in files_in(folder):
        with suppress(OSError, ValueError), file.path.open("rb") as stream:
            first = next(frames_in(stream.read(_LOOKED_AT_BYTES)), None)
            if isinstance(first, Frame) and first.kind is FrameKind.ENVIRONMENT:
                found[file.name] = json.loads(first.payload)
    return list(found.values())


def write_pulse(folder: Path, pulse: Pulse) -> None:
    """Leave it, in the place of the one before; raises OSError."""
    data = {**asdict(pulse), "at": pulse.at.isoformat()}
    write_file(_pulse_path(folder, pulse.host, pulse.pid), f"{json.dumps(data)}\n".encode())


def forget_old_pulses(folder: Path, now: datetime) -> None:
    """Those of workers that are long gone."""
    for pulse in pulses(folder):
        if (now - pulse.at).total_seconds() > FORGOTTEN_S:
            with suppress(OSError):
                _pulse_path(folder, pulse.host, pulse.pid).unlink()


def pulse_of_this_process() -> Pulse:
    """That of a worker that begins."""
    host = "".join(letter if letter.isalnum() else "-" for letter in platform.node()) or "host"
    return Pulse(datetime.now(UTC), host, os.getpid())


def beating(pulse: Pulse, **changes: Any) -> Pulse:
    """The same at this moment."""
    return replace(pulse, at=datetime.now(UTC), **changes)


def pulses(folder: Path) -> list[Pulse]:
    """Those that can be read, the latest first."""
    found = []
    with suppress(OSError):
        for path in folder.glob(f"{_NAME}.*.json"):
            with suppress(OSError, ValueError, TypeError, KeyError):
                found.append(read_pulse(json.loads(path.read_text(encoding="utf-8"))))
    return sorted(found, key=lambda one: one.at, reverse=True)


def read_pulse(data: Mapping[str, Any]) -> Pulse:
    """What a worker said of itself; raises ValueError, TypeError and KeyError for anything else."""
    counts = {name: int(data[name]) for name in ("pid", "replayed", "failed", "dropped")}
    at = datetime.fromisoformat(data["at"])
    if at.tzinfo is None:
        raise ValueError("a moment without its zone")
    isolation = tuple(map(str, data["isolation"]))
    return Pulse(at, str(data["host"]), lag_s=float(data["lag_s"]), isolation=isolation, **counts)


def _pulse_path(folder: Path, host: str, pid: int) -> Path:
    return folder / f"{_NAME}.{host}.{pid}.json"


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
