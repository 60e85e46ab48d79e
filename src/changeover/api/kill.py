"""`kill` and `unkill`: let legacy answer everything; needs nothing but the migration's folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from changeover.api.arguments import Told, ignore
from changeover.project import Project, find_folder
from changeover.rollout.history import mover
from changeover.rollout.kill_switch import read_kill_switch, switch_kill_off, switch_kill_on
from changeover.rollout.migration_files import place_for
from changeover.settings import NO_REASON

if TYPE_CHECKING:
    from changeover.rollout.history import HistoryEntry


@dataclass(frozen=True, slots=True)
class KillSwitchChange:
    """The switch after a verb; no `entry` where it stood so already. `caveat`: what kills all the same."""

    file: Path
    is_on: bool
    entry: HistoryEntry | None
    caveat: str | None = None


def kill(
    *,
    reason: str = NO_REASON,
    who: str | None = None,
    dry_run: bool = False,
    project: str | Path | Project = ".",
    warn: Told = ignore,
) -> KillSwitchChange:
    """Let legacy answer every new run of every phase, whatever the flags say.

    Args:
        reason: why, for those who read the history later.
        who: who does it; else CHANGEOVER_WHO, else user@host.
        dry_run: work everything out and change nothing.
        project: a folder of the project, or the project; its pyproject.toml may be broken.
        warn: hears what must not be overlooked.

    Raises:
        ConfigurationError: there is no migration folder, or no file can be made in it.

    Example:
        changeover.kill(reason="orders look wrong")
    """
    place = place_for(find_folder(project, warn), warn, dry_run=dry_run)
    entry = switch_kill_on(place.directory, mover(who), reason, datetime.now(UTC), place=place)
    return KillSwitchChange(place.kill, True, entry)


def unkill(
    *,
    reason: str,
    who: str | None = None,
    dry_run: bool = False,
    project: str | Path | Project = ".",
    warn: Told = ignore,
) -> KillSwitchChange:
    """Switch the kill switch off: every phase is again where flags.json has it.

    Args:
        reason: why, for those who read the history later.
        who: who does it; else CHANGEOVER_WHO, else user@host.
        dry_run: work everything out and change nothing.
        project: a folder of the project, or the project; its pyproject.toml may be broken.
        warn: hears what must not be overlooked.

    Raises:
        ConfigurationError: there is no migration folder, or the file cannot be removed.

    Example:
        changeover.unkill(reason="it was the price feed")
    """
    place = place_for(find_folder(project, warn), warn, dry_run=dry_run)
    caveat = None
    entry = switch_kill_off(place.directory, mover(who), reason, datetime.now(UTC), place=place)
    variable = read_kill_switch(None).variable
    if variable is not None:
        caveat = f"{variable} is set in this environment, and kills whatever runs in it all the same"
    return KillSwitchChange(place.kill, False, entry, caveat)
