"""`history`: who moved what, and does it agree with the flags; `seal_flags`: take on an edit by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from changeover.api.arguments import Told, check_positive
from changeover.api.moving import Warnings, stages_to_go_back_by
from changeover.project import Project, find_folder, open_project
from changeover.rollout.flags_file import read_flags
from changeover.rollout.history import HistoryEntry, cause_of, entries_of, mover, read_lines
from changeover.rollout.migration_files import place_for, stages_of
from changeover.rollout.verify import Agreement, HandEdit, agreement, read_edit, seal
from changeover.rollout.verify import repair as repair_history

LAST = 50


@dataclass(frozen=True, slots=True)
class History:
    """The latest lines of history.jsonl, and what they say of flags.json.

    `left_out` earlier lines are not here, `damaged` ones could not be read. `repaired` is how many lines were
    added. `is_verified` says whether the answer was wanted as well.
    """

    file: Path
    entries: tuple[HistoryEntry, ...]
    left_out: int
    damaged: tuple[str, ...]
    agreement: Agreement
    is_verified: bool
    repaired: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 where it was verified and does not agree with the flags."""
        return 1 if self.is_verified and not self.agreement.agrees else 0


def history(
    *,
    last: int = LAST,
    verify: bool = False,
    repair: bool = False,
    who: str | None = None,
    project: str | Path | Project = ".",
    warn: Told | None = None,
) -> History:
    """Who moved what, when, why, and on which evidence.

    Args:
        last: so many lines, the latest.
        verify: let the exit code say whether flags.json and history.jsonl agree.
        repair: add the lines that the history lacks, then verify.
        who: who repairs; else CHANGEOVER_WHO, else user@host.
        project: a folder of the project, or the project; its pyproject.toml may be broken.
        warn: hears what must not be overlooked; the result has it too.

    Raises:
        ConfigurationError: there is no migration folder, or the history cannot be written.

    Example:
        assert changeover.history(verify=True).exit_code == 0
    """
    check_positive("last", last)
    warnings = Warnings(warn)
    directory = find_folder(project, warnings)
    place, stages = place_for(directory, warnings), stages_to_go_back_by(directory, warnings)
    added = repair_history(place, stages, mover(who), datetime.now(UTC)) if repair else 0
    lines = read_lines(place.history)
    entries = entries_of(lines)
    return History(
        place.history,
        tuple(entries[-last:]),
        max(0, len(entries) - last),
        tuple(line.problem for line in lines if line.entry is None),
        agreement(read_flags(place.flags, stages), lines),
        verify or repair,
        added,
        warnings.texts,
    )


@dataclass(frozen=True, slots=True)
class Sealed:
    """What an edit by hand has moved, by lines of the history; none where the file was sealed already.

    `edit.forward` is what it moved forward without a gate.
    """

    edit: HandEdit
    entries: tuple[HistoryEntry, ...]
    warnings: tuple[str, ...] = ()

    @property
    def was_sealed(self) -> bool:
        """Whether there was nothing to do."""
        return self.edit.sealed and not self.edit.changes


def seal_flags(
    *,
    reason: str,
    who: str | None = None,
    dry_run: bool = False,
    project: str | Path | Project = ".",
    warn: Told | None = None,
) -> Sealed:
    """Check a hand edit of flags.json against the plan, give it a revision and a digest, and journal it.

    Args:
        reason: why, for those who read the history later.
        who: who does it; else CHANGEOVER_WHO, else user@host.
        dry_run: work everything out and change nothing.
        project: a folder of the project, or the project.
        warn: hears what must not be overlooked; the result has it too.

    Raises:
        ConfigurationError: plan or flags are no sound ones, or cannot be written.

    Example:
        changeover.seal_flags(reason="edited on the host while the console was down")
    """
    found, warnings = open_project(project), Warnings(warn)
    stages = stages_of(found.plan())
    place = place_for(found.directory, warnings, dry_run=dry_run)
    edit = read_edit(place, stages)
    if edit.sealed and not edit.changes:
        return Sealed(edit, (), warnings.texts)
    entries = seal(place, stages, edit, cause_of("seal", mover(who), reason, datetime.now(UTC)))
    return Sealed(edit, tuple(entries), warnings.texts)
