"""The kill switch: a file, or an environment variable. While it is on legacy answers every new run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from changeover.errors import ConfigurationError, describe_os_error
from changeover.quick_dataclass import dataclass
from changeover.rollout.flags_file import read_flags
from changeover.rollout.history import Cause, HistoryEntry, NotWrittenError, cause_of
from changeover.rollout.migration_files import Place
from changeover.settings import KILL_FILE, KILL_VARIABLE
from changeover.values.toml_table import parse_json, read_text

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class KillSwitch:
    """Whether legacy answers everything, and what says so: `variable`, `file`, or both.

    `at` (UTC), `who` and `reason` are about the file, None where it does not tell. `problems` are sentences
    about a variable or a file that could not be understood.
    """

    variable: str | None = None
    file: Path | None = None
    at: datetime | None = None
    who: str | None = None
    reason: str | None = None
    problems: tuple[str, ...] = ()

    @property
    def killed(self) -> bool:
        """Whether it is on."""
        return self.variable is not None or self.file is not None


def read_kill_switch(
    directory: Path | None, environment: Mapping[str, str] | None = None, last: KillSwitch | None = None
) -> KillSwitch:
    """The one answer to "is it killed?"; never raises.

    A word that is neither yes nor no counts as yes. A file that cannot be looked at stays as it was in
    `last`, the answer before this one.
    """
    problems = []
    word = (os.environ if environment is None else environment).get(KILL_VARIABLE, "").strip().lower()
    variable = None if word in _NO else KILL_VARIABLE
    if word not in _YES | _NO:
        problems.append(f"{KILL_VARIABLE} was {word!r}, allowed: 1 or 0; taken as 1")
    by_file = KillSwitch()
    if directory is not None:
        file = directory / KILL_FILE
        try:
            by_file = _described(file, file.lstat())
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            by_file = last or by_file
            problems.append(f"{file}: could not be looked at, the kill switch stays as it was: {error}")
    return replace(by_file, variable=variable, problems=tuple(problems))


def _described(file: Path, status: os.stat_result) -> KillSwitch:
    """A file switches it on, whatever is wrong with its content or its time."""
    at = None
    pairs: Iterable[tuple[str, Any]] = ()
    with suppress(OverflowError, OSError, ValueError):
        at = datetime.fromtimestamp(status.st_mtime, UTC)
    with suppress(ConfigurationError, AttributeError):  # what is no table has no items
        pairs = parse_json(read_text(file), str(file)).items()
    texts = {key: text for key, text in pairs if isinstance(text, str)}
    return KillSwitch(None, file, at, texts.get("who"), texts.get("reason"))


def switch_kill_on(place: Place, who: str, reason: str, now: datetime) -> HistoryEntry | None:
    """Switch it on; returns None where it was on. Raises NotWrittenError where no file can be made.

    Takes no lock and needs no room on the disk: an empty file is enough. Content and history say who
    and why, where there is room.
    """
    cause = cause_of("kill", who, reason, now)
    try:
        place.files.create_empty(place.kill)
    except FileExistsError:
        return None
    except OSError as error:
        instead = "; changeover rollback --all needs no new file, "
        instead += "and CHANGEOVER_KILL=1 in its environment kills a process that is started anew"
        raise NotWrittenError(place.kill, error, "could not be made", instead) from error
    content = {"who": cause.who, "at": cause.now.isoformat(), "reason": cause.reason}
    with suppress(OSError):
        place.files.append(place.kill, json.dumps(content).encode() + b"\n")
    return _append_entry(place, cause)


def switch_kill_off(place: Place, who: str, reason: str, now: datetime) -> HistoryEntry | None:
    """Switch it off; returns None where it was off. Raises NotWrittenError if the file cannot be removed."""
    cause = cause_of("unkill", who, reason, now)
    try:
        place.files.remove(place.kill)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotWrittenError(place.kill, error, "could not be removed") from error
    return _append_entry(place, cause)


def _append_entry(place: Place, cause: Cause) -> HistoryEntry:
    flags_state = read_flags(place.flags, None)
    revision = flags_state.revision or place.last_revision()
    entry = cause.entry(revision, flags_state.digest, flags_state.digest)
    try:
        place.write_down([entry])
    except OSError as error:
        place.warn(
            f"{place.history}: could not be written ({describe_os_error(error)}); the {cause.action} holds"
        )
    return entry
