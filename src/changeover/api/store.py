"""The store as a whole: `import_evidence` takes others in, `prune_evidence` forgets what is old.

`check_evidence` counts what is there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from changeover.errors import ConfigurationError
from changeover.evidence.store.joining import Joined, join
from changeover.evidence.store.maintenance import (
    Checked,
    Pruned,
    StoreLimits,
    check_store,
    prune_store,
    usual_limits,
)
from changeover.evidence.store.place import (
    NOWHERE,
    StorePlace,
    StoreProblem,
    is_address,
    place_named,
    store_path,
)
from changeover.evidence.store.store import has_store
from changeover.project import Project, open_project
from changeover.quick_dataclass import dataclass
from changeover.settings import DATABASE_SCHEMES, STORE_SCHEME, STORE_VARIABLE


@dataclass(frozen=True, slots=True)
class ImportedEvidence:
    """How much was taken into the store, or would be."""

    store: StorePlace
    taken: Joined


@dataclass(frozen=True, slots=True)
class PrunedEvidence:
    """How much the store has forgotten, or would."""

    store: StorePlace
    forgotten: Pruned


def import_evidence(
    *files: str | Path, dry_run: bool = False, project: str | Path | Project = "."
) -> ImportedEvidence:
    """Take in the runs, comparisons and reviews of other stores, each once; of a wrong file nothing is taken.

    Args:
        files: the stores of other machines: files, or addresses as CHANGEOVER_STORE names them.
        dry_run: count and take nothing.
        project: a folder of the project, or the project.

    Raises:
        ConfigurationError: a file is no store, or this project keeps none.

    Example:
        changeover.import_evidence("/srv/one/evidence.db", "/srv/two/evidence.db")
    """
    path = _store(project)
    others = [_other(file, path) for file in files]
    try:
        return ImportedEvidence(path, join(path, others, dry_run=dry_run))
    except StoreProblem as problem:
        raise ConfigurationError(str(problem), "nothing was taken") from problem


def prune_evidence(
    *,
    before: datetime | None = None,
    keep_bytes: int | None = None,
    dry_run: bool = False,
    project: str | Path | Project = ".",
) -> PrunedEvidence:
    """Forget the oldest evidence and give its space back; with no option what every write forgets in time.

    Args:
        before: forget what was before this day; UTC unless it is aware.
        keep_bytes: forget bodies, then tapes, then runs, until the store fits.
        dry_run: count and forget nothing.
        project: a folder of the project, or the project.

    Raises:
        ConfigurationError: there is no store, or it cannot be pruned.

    Example:
        changeover.prune_evidence(before=datetime(2026, 1, 1), dry_run=True)
    """
    path = _store(project)
    if not has_store(path):
        raise ConfigurationError(str(path), "is no store yet: changeover compare")
    usual = usual_limits(datetime.now(UTC))
    aware = before if before is None or before.tzinfo else before.replace(tzinfo=UTC)
    bytes_max = usual.bytes_max if keep_bytes is None else keep_bytes
    limits = StoreLimits(aware or usual.before, usual.runs_max, bytes_max, 0 if aware else usual.days)
    try:
        done = prune_store(path, limits, corpora_too=before is not None, dry_run=dry_run)
    except StoreProblem as problem:
        raise ConfigurationError(str(path), f"cannot be pruned: {problem.why}") from problem
    return PrunedEvidence(path, done)


@dataclass(frozen=True, slots=True)
class CheckedEvidence:
    """What the store counted, and whether it was right."""

    store: StorePlace
    counted: Checked

    @property
    def exit_code(self) -> int:
        """1 where a count was wrong; it is right now."""
        return 1 if self.counted.wrong else 0


def check_evidence(*, project: str | Path | Project = ".") -> CheckedEvidence:
    """Count the runs in production anew, one by one, in place of the counts that every write keeps.

    Args:
        project: a folder of the project, or the project.

    Returns:
        How many counts were wrong; they are right from then on.

    Raises:
        ConfigurationError: there is no store, or it cannot be written.

    Example:
        assert not changeover.check_evidence().counted.wrong
    """
    path = _store(project)
    if not has_store(path):
        raise ConfigurationError(str(path), "is no store yet: changeover compare")
    try:
        return CheckedEvidence(path, check_store(path))
    except StoreProblem as problem:
        raise ConfigurationError(str(path), f"cannot be checked: {problem.why}") from problem


def _store(project: str | Path | Project) -> StorePlace:
    path = store_path(open_project(project).root)
    if path == NOWHERE:
        raise ConfigurationError(
            STORE_VARIABLE,
            f"was none, needed: {STORE_SCHEME}PATH, {DATABASE_SCHEMES[0]}HOST/DATABASE, or nothing",
        )
    return path


def _other(named: str | Path, mine: StorePlace) -> StorePlace:
    """A store that is taken in: raises ConfigurationError for none, and for this one."""
    is_given = isinstance(named, str) and is_address(named)
    other = place_named("the store to import", str(named), mine.parent) if is_given else Path(named)
    if isinstance(other, Path) and not other.is_file():
        raise ConfigurationError(str(other), "is no file, allowed: the stores of other machines")
    both_files = isinstance(other, Path) and isinstance(mine, Path) and mine.exists()
    if other == mine or (both_files and other.samefile(mine)):  # type: ignore[union-attr,arg-type]
        raise ConfigurationError(str(other), "is this store itself, allowed: the stores of other machines")
    return other
