"""`gate`: may a phase move; `scan_legacy` and `prove_removal`: may the legacy packages go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from changeover.api.arguments import Told, check_positive, ignore, setting_of
from changeover.api.comparison import collector_as_it_was
from changeover.api.elsewhere import cluster_at
from changeover.errors import ConfigurationError
from changeover.evidence.source_comparison import Listener, SourceComparison
from changeover.evidence.store.store import read_evidence, store_path
from changeover.gate.collect import NO_PHASE, collect
from changeover.gate.decision import decide
from changeover.gate.inputs import read_project_state
from changeover.project import Project, open_project
from changeover.quick_dataclass import dataclass
from changeover.removal.patch import read_patch
from changeover.removal.plan import Removal, load_removal
from changeover.removal.rehearsal import Proof, listed_files, prove
from changeover.removal.scan import LegacyEntry, StaticScan, legacy_entries, scan
from changeover.rollout.resolver import Resolver
from changeover.settings import PLAN_FILE
from changeover.values.gate_verdict import EXIT_CODES, Answer, GateVerdict, worst


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """One verdict about a step; with scenarios one for each phase, and the comparison they are made of."""

    verdicts: tuple[GateVerdict, ...]
    comparison: SourceComparison | None = None

    @property
    def answer(self) -> Answer:
        """The worst of them."""
        return worst(verdict.answer for verdict in self.verdicts)

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 inconclusive."""
        return EXIT_CODES[self.answer]


def gate(
    *phases: str,
    to: str | None = None,
    scenarios: bool = False,
    no_checks: bool = False,
    jobs: int = 1,
    on: str | None = None,
    project: str | Path | Project = ".",
    progress: Told = ignore,
    listener: Listener | None = None,
) -> GateAnswer:
    """May this phase move? Criterion by criterion; no stage is changed.

    Args:
        phases: one phase; with `scenarios` any number, none for all.
        to: `shadow`, `ramp:P`, `live`, `complete`, `done`; the next stage unless given.
        scenarios: ask the committed scenarios alone.
        no_checks: run no check command; what is not run could not tell.
        jobs: with `scenarios`: so many processes replay them.
        on: with `scenarios`: `dask://HOST:PORT`, the workers of that Dask cluster replay them.
        project: a folder of the project, or the project.
        progress: is told which check command runs.
        listener: is told how far the replay of the scenarios is.

    Raises:
        ConfigurationError: a file of the project or an argument is wrong.

    Example:
        asked = changeover.gate("portfolio", to="live")
        assert asked.answer == "pass", asked.verdicts[0].do_first
    """
    check_positive("jobs", jobs)
    found = open_project(project)
    if not scenarios:
        for option, is_given in (("--jobs", jobs != 1), ("--on", on is not None)):
            if is_given:
                raise ConfigurationError(
                    option, "goes with --scenarios: the evidence of a phase is there already"
                )
        return GateAnswer((_verdict(found, phases, to, progress, run_checks=not no_checks),))
    if to is not None:
        raise ConfigurationError("--to", "goes with a phase and its evidence, not with --scenarios")
    from changeover.gate.scenario_gate import scenario_verdicts

    with cluster_at(on, jobs, found) as cluster, collector_as_it_was():
        verdicts, done = scenario_verdicts(found, phases, listener or Listener(), jobs, cluster)
        return GateAnswer(tuple(verdicts), done)


def _verdict(
    project: Project, phases: Sequence[str], to: str | None, progress: Told, *, run_checks: bool
) -> GateVerdict:
    project_state = read_project_state(project)
    allowed = ", ".join(project_state.plan.phases) or NO_PHASE
    if len(phases) != 1:
        found = "is missing" if not phases else f"was {', '.join(phases)}"
        raise ConfigurationError("PHASE", f"{found}, needed: one of {allowed}; or --scenarios")
    phase = project_state.plan.phases.get(phases[0])
    if phase is None:
        where, known = f'phase "{phases[0]}"', project_state.plan.phases
        raise ConfigurationError.unknown(where, "is unknown", phases[0], known, none=NO_PHASE)
    new = None if to is None else setting_of("--to", to, phase.stages)
    dossier = collect(
        project, phase.name, new, run_checks=run_checks, say=progress, project_state=project_state
    )
    # A check that ran some other day says nothing to somebody who asks now.
    return decide(dossier if run_checks else replace(dossier, checks={}))


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
    plan = project.needed_plan()
    settings = Resolver(lambda: plan.stages, directory=project.directory, closed=True).current().settings
    evidence = read_evidence(store_path(project.root))
    seams = [(seam, phase.name) for phase in plan.phases.values() for seam in phase.seams]
    kept = f"{evidence.runs:,} runs in production are kept"
    return tuple(legacy_entries(seams, settings, evidence)), evidence.problem or kept
