"""`scan_legacy`: who still needs the old code; `prove_removal`: does everything pass without it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from changeover.api.arguments import Told, ignore
from changeover.errors import ConfigurationError
from changeover.evidence.store.store import read_evidence, store_path
from changeover.project import Project, open_project
from changeover.removal.patch import read_patch
from changeover.removal.plan import Removal, load_removal
from changeover.removal.rehearsal import Proof, listed_files, prove
from changeover.removal.scan import LegacyEntry, StaticScan, legacy_entries, scan
from changeover.rollout.resolver import Resolver
from changeover.settings import PLAN_FILE


@dataclass(frozen=True, slots=True)
class LegacyScan:
    """Where the code needs the legacy packages, at which seams they answer, and what production has to say.

    `is_static` says that the code alone was asked about.
    """

    legacy: tuple[str, ...]
    code: StaticScan
    entries: tuple[LegacyEntry, ...]
    production: str
    is_static: bool

    @property
    def exit_code(self) -> int:
        """1 where somebody needs them."""
        answers = not self.is_static and any(entry.answers for entry in self.entries)
        return 1 if self.code.open_files or answers else 0


def scan_legacy(*, static: bool = False, project: str | Path | Project = ".") -> LegacyScan:
    """Who imports, instantiates or calls the legacy packages, and at which seams they still answer.

    Args:
        static: let the code alone decide the exit code, whatever the stages say.
        project: a folder of the project, or the project.

    Raises:
        ConfigurationError: there is no plan, or it names no legacy packages.

    Example:
        assert not changeover.scan_legacy().code.open_files
    """
    found, removal = _with_removal(project)
    mended = [] if removal.patch is None else read_patch(found.root / removal.patch)
    found.make_importable()
    files = [found.root / name for name in listed_files(found.root) if name.suffix == ".py"]
    code = scan(found.root, removal, files, [change.path for change in mended])
    entries, production = _entries(found)
    return LegacyScan(removal.legacy, code, entries, production, static)


def prove_removal(
    *, keep: bool = False, project: str | Path | Project = ".", progress: Told = ignore
) -> Proof:
    """Delete legacy in a scratch copy, run the checks there, and replay all scenarios without it.

    The working tree is not changed.

    Args:
        keep: leave the scratch copy where it is.
        project: a folder of the project, or the project.
        progress: is told what is done next.

    Returns:
        What passed and what did not; `exit_code` is 0 pass, 1 fail, 3 where something was not shown.

    Raises:
        ConfigurationError: there is no plan, or [migration.removal] in it is wrong.

    Example:
        assert changeover.prove_removal().answer == "pass"
    """
    found, removal = _with_removal(project)
    return prove(found.root, removal, progress, keep=keep)


def _with_removal(given: str | Path | Project) -> tuple[Project, Removal]:
    project = open_project(given)
    file = project.directory / PLAN_FILE
    if not file.exists():
        raise ConfigurationError(str(file), "is missing: changeover init writes one")
    return project, load_removal(file)


def _entries(project: Project) -> tuple[tuple[LegacyEntry, ...], str]:
    """The seams with their stages, and a sentence about what production has to say."""
    plan = project.plan()
    if plan is None:
        return (), "there is no plan"
    phases = {name: phase.stages for name, phase in plan.phases.items()}
    settings = Resolver(lambda: phases, directory=project.directory, closed=True).current().settings
    evidence = read_evidence(store_path(project.root))
    seams = [(seam, phase.name) for phase in plan.phases.values() for seam in phase.seams]
    kept = f"{len(evidence.production):,} runs in production are kept"
    return tuple(legacy_entries(seams, settings, evidence)), evidence.problem or kept
