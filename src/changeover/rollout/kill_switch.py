"""The kill switch: a file. While it exists legacy answers every new run; nothing else has to be readable."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from changeover.errors import ConfigurationError
from changeover.rollout.change import cause_of
from changeover.rollout.commit import NotWrittenError
from changeover.rollout.flags_file import read_standing
from changeover.rollout.history import HistoryEntry, encoded, entries_of, last_revision, read_lines
from changeover.rollout.migration_files import Place, place_of
from changeover.values.toml_table import parse_json, read_text


@dataclass(frozen=True, slots=True)
class Kill:
    """A kill switch that is on: since when, by whom and why, as far as its file tells."""

    file: Path
    at: datetime | None = None
    who: str | None = None
    reason: str | None = None


def read_kill(directory: Path) -> Kill | None:
    """The kill switch of a folder, None where it is off; never raises for what its file holds."""
    file = place_of(directory, {}).kill
    try:
        found = file.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return Kill(file)
    content: object = None
    with suppress(ConfigurationError):
        content = parse_json(read_text(file), str(file))
    told = content if isinstance(content, dict) else {}
    return Kill(
        file,
        datetime.fromtimestamp(found.st_mtime, UTC),
        told["who"] if isinstance(told.get("who"), str) else None,
        told["reason"] if isinstance(told.get("reason"), str) else None,
    )


def put_kill(
    directory: Path, who: str, reason: str, now: datetime, *, place: Place | None = None
) -> HistoryEntry | None:
    """Switch it on; None where it is on already. Raises NotWrittenError where no file can be made.

    Waits for no lock and needs no room: an empty file is enough. Its content and the line in the history say
    who and why, where there is room for them.
    """
    place = place or place_of(directory)
    cause = cause_of("kill", who, reason, now)
    try:
        place.files.create_empty(place.kill)
    except FileExistsError:
        return None
    except OSError as error:
        raise NotWrittenError(
            str(place.kill),
            f"could not be made: {error.strerror or error}; changeover rollback --all needs no new file, and "
            "CHANGEOVER_KILL=1 in its environment kills a process that is started anew",
        ) from error
    content = {"who": cause.who, "at": cause.now.isoformat(), "reason": cause.reason}
    with suppress(OSError):
        place.files.append(place.kill, json.dumps(content).encode() + b"\n")
    return _written_down(place, cause.action, cause.who, cause.reason, cause.now)


def remove_kill(
    directory: Path, who: str, reason: str, now: datetime, *, place: Place | None = None
) -> HistoryEntry | None:
    """Switch it off; None where it is off already. Raises NotWrittenError where the file has to stay."""
    place = place or place_of(directory)
    cause = cause_of("unkill", who, reason, now)
    try:
        place.files.remove(place.kill)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotWrittenError(str(place.kill), f"could not be removed: {error.strerror or error}") from error
    return _written_down(place, cause.action, cause.who, cause.reason, cause.now)


def _written_down(place: Place, action: str, who: str, reason: str, now: datetime) -> HistoryEntry:
    standing = read_standing(place.flags, None)
    revision = standing.revision or last_revision(entries_of(read_lines(place.history)))
    entry = HistoryEntry(revision, action, now, who, reason, standing.digest, standing.digest)
    try:
        place.files.append(place.history, encoded([entry]))
    except OSError as error:
        place.warn(f"{place.history}: could not be written ({error.strerror or error}); the {action} holds")
    return entry
