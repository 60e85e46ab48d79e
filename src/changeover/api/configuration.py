"""`doctor`: what is in effect in a project; `check_rules`, `find_blind_spots`: its rules."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path

from changeover.api.arguments import Told, check_positive, ignore, names_of
from changeover.api.elsewhere import cluster_at, compared_nowhere, fleet_facts, fleet_problems, worker_facts
from changeover.api.outside_facts import outside_facts
from changeover.api.searching import look_at_all
from changeover.compare.rules import STRICT, Rules
from changeover.compare.rules_check import RuleProblem
from changeover.compare.rules_file import check_rules_file
from changeover.errors import ConfigurationError
from changeover.evidence.blind_spot_search import ALIKE_MAX, BlindSpotSearch
from changeover.evidence.case_runner import select
from changeover.evidence.cluster_comparison import told_of_search
from changeover.evidence.code_digest import judged_code
from changeover.evidence.sources import SourceOptions
from changeover.evidence.store.lookup import Archive
from changeover.evidence.store.store import keep_review, store_path
from changeover.gate.accepted_blind_spots import ACCEPTED_NAME, BlindSpotReview, load_accepted_blind_spots
from changeover.migration import Migration
from changeover.project import Project, open_project, wiring_problems
from changeover.quick_dataclass import dataclass
from changeover.record.held_functions import problems_of_held_functions
from changeover.rollout.waivers import load_waivers, today_utc
from changeover.seam.uncopied_objects import problems_of_objects
from changeover.settings import (
    DIRECTORY_VARIABLE,
    FLAGS_VARIABLE,
    KILL_VARIABLE,
    RULES_FILE,
    STAGE_VARIABLE,
    STORE_VARIABLE,
    WAIVERS_FILE,
)

LIMITS = (
    "A client that talks in C, a file that is open already, or a read of clock or environment past every "
    "port is not seen: changeover docs limits"
)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is in effect, by name; what is wrong; and what nobody can see. No facts: no app can be loaded."""

    facts: Mapping[str, str]
    problems: tuple[str, ...]
    not_seen: str = LIMITS

    @property
    def exit_code(self) -> int:
        """1 where something is wrong, 2 where the app cannot be loaded."""
        return 0 if not self.problems else 1 if self.facts else 2


def doctor(*, project: str | Path | Project = ".") -> Diagnosis:
    """Say what is in effect, where every value comes from, and every problem of every configuration file.

    Args:
        project: a folder of the project, or the project; its app is imported.

    Raises:
        ConfigurationError: the app cannot be loaded, though no file is wrong.

    Example:
        assert not changeover.doctor().problems
    """
    from changeover.models.catalogue import problems_by_file

    start = project.root if isinstance(project, Project) else Path(project).resolve()
    wrong = problems_by_file(start, os.environ)
    problems = [text for texts in wrong.values() for text in texts]
    try:
        found = open_project(project)
        migration = found.migration()
    except ConfigurationError as error:
        if not problems:
            raise
        # Nothing else can be looked at before that is mended.
        return Diagnosis({}, (*problems, str(error)))
    reached = dict(outside_facts(migration))  # before anything is opened here
    from changeover.api.known_evidence import known_evidence

    differing, evidence = known_evidence(found)
    problems = [*(one.line for one in differing if one.is_unsafe), *problems]
    problems += _problems(found, migration, wrong)
    return Diagnosis({**dict(_facts(found, migration, evidence)), **reached}, tuple(problems))


_SOURCES = "changeover docs declarations shows @migration.source(...)"


def _facts(project: Project, migration: Migration, evidence: str) -> Iterator[tuple[str, str]]:
    named = f" ({DIRECTORY_VARIABLE})" if os.environ.get(DIRECTORY_VARIABLE) else ""
    # By its name: the front knows rooms above this one, and nothing of it but this is asked for.
    yield "version", str(import_module("changeover").__version__)
    yield "app", f"{project.app} (pyproject.toml in {project.root})"
    yield "directory", f"{project.directory}{named}"
    yield "plan", "none: every seam is a phase of its own" if migration.plan is None else migration.plan.name
    store_named = f" ({STORE_VARIABLE})" if os.environ.get(STORE_VARIABLE) else ""
    yield "store", f"{store_path(project.root)}{store_named}"
    declare = "none: declare one with @migration.seam(...), and let the app import its module"
    yield "seams", f"{len(migration.seams)}: {', '.join(migration.seams)}" if migration.seams else declare
    ports = migration.runtime.book.ports.values()
    yield "ports", f"{len(ports)}: {', '.join(port.name for port in ports)}"
    copies = [port.name for port in ports if port.world is not None]
    compared = [pack.compares() for pack in migration.book.packs.values() if hasattr(pack, "compares")]
    if compared:
        yield "databases", "; ".join(compared)
    yield "worlds", ", ".join(copies) or "no port offers world=, so --world copy changes nothing"
    yield from worker_facts(project, migration)
    yield from fleet_facts(project, migration)
    yield "sources", ", ".join(migration.sources.names) or f"none, which compare needs: {_SOURCES}"
    yield "evidence", evidence
    variables = [name for name in (FLAGS_VARIABLE, KILL_VARIABLE) if os.environ.get(name)]
    variables += [name for name in os.environ if name.startswith(STAGE_VARIABLE)]
    yield "environment", ", ".join(f"{name}={os.environ[name]}" for name in variables) or "overrides nothing"


def _problems(project: Project, migration: Migration, wrong: Container[str]) -> Iterator[str]:
    """What is wrong beside what the files show themselves; `wrong` are the files that were named already."""
    migration.look_again()
    migration.stages()
    yield from migration.problems
    rules, waivers = project.directory / RULES_FILE, project.directory / WAIVERS_FILE
    if RULES_FILE not in wrong and rules.exists():
        for problem in check_rules_file(rules, today=date.today())[1]:
            yield f"{RULES_FILE}{f' line {problem.line}' if problem.line else ''}: {problem.text}"
    try:
        if WAIVERS_FILE not in wrong:
            load_waivers(waivers, today_utc())
        Archive(store_path(project.root)).corpora()
    except ConfigurationError as error:
        yield str(error)
    yield from fleet_problems(project, migration)
    yield from compared_nowhere(migration)
    yield from problems_of_objects(migration.seams.values(), migration.runtime.book)
    yield from problems_of_held_functions(migration.runtime.book)
    for pack in migration.book.packs.values():
        yield from getattr(pack, "problems", tuple)()
    yield from wiring_problems(migration, project.directory)


CASES = 64
"""Of each source: enough for every tag of a source that deals them out in turn."""


@dataclass(frozen=True, slots=True)
class RulesCheck:
    """The rules of a file, None where they cannot be used; strict where there is no file."""

    file: Path
    rules: Rules | None
    problems: tuple[RuleProblem, ...]

    @property
    def exit_code(self) -> int:
        """1 where something is wrong."""
        return 1 if self.problems else 0


def check_rules(*, project: str | Path | Project = ".") -> RulesCheck:
    """Read rules.toml and say everything that is wrong with it.

    Args:
        project: a folder of the project, or the project.

    Raises:
        ConfigurationError: the file cannot be read at all.

    Example:
        assert not changeover.check_rules().problems
    """
    path = open_project(project).directory / RULES_FILE
    if not path.exists():
        return RulesCheck(path, STRICT, ())
    rules, problems = check_rules_file(path, today=date.today())
    return RulesCheck(path, rules, tuple(problems))


def find_blind_spots(
    *phases: str,
    source: str | Iterable[str] = (),
    runs: int = CASES,
    jobs: int = 1,
    on: str | None = None,
    seed: int = 0,
    everything: bool = False,
    project: str | Path | Project = ".",
    progress: Told = ignore,
) -> BlindSpotReview:
    """Alter every place of real runs in turn, and list what the comparison does not notice.

    Args:
        phases: phases or seams; none named: all.
        source: where runs come from, one or several; all that are declared unless given.
        runs: at most so many cases of each source.
        seed: for sources that generate cases.
        jobs: so many processes replay and alter runs, which changes nothing of what is found.
        on: `dask://HOST:PORT`: the workers of that Dask cluster do that, with the same result.
        everything: alter places that look alike as well, in every run.
        project: a folder of the project, or the project.
        progress: is told how far it is, and what is not kept as evidence.

    Returns:
        The blind spots, and which of them blindspots.toml accepts; `exit_code` is 0 where all were noticed or
        are accepted, 1 where one is not or an effect is hidden, 3 where nothing could be altered.

    Raises:
        ConfigurationError: the app, a file of the project or an argument is wrong.

    Example:
        review = changeover.find_blind_spots("trading", source=["history", "stress"])
    """
    check_positive("runs", runs)
    found = open_project(project)
    accepted = load_accepted_blind_spots(found.directory / ACCEPTED_NAME)
    migration = found.migration()
    here = date.today()
    rules = found.rules(here) or STRICT
    selection = select(migration, phases)
    alike_max = None if everything else ALIKE_MAX
    search = BlindSpotSearch(migration, rules, alike_max=alike_max)
    options = SourceOptions(runs, seed)
    sources = [migration.sources.named(name) for name in names_of(source) or migration.sources.names]
    with cluster_at(on, jobs, found) as cluster:
        for one in sources:
            if cluster is not None:
                cluster.begin(told_of_search(here, alike_max))
            look_at_all(
                search, one, options, search.look_at(one, options, selection, jobs, cluster), progress
            )
    seams: dict[str, list[str]] = {}
    for seam in selection.seams:
        seams.setdefault(migration.seams[seam].phase, []).append(seam)
    for reason, number in search.here.items():
        progress(f"{number:,} runs were replayed in this process alone: {reason}")
    review = BlindSpotReview(search, seams, accepted)
    _keep(found, migration, rules, review, progress)
    return review


def _keep(
    project: Project, migration: Migration, rules: Rules, review: BlindSpotReview, progress: Told
) -> None:
    """A phase of which only some seams were looked at is not one that was looked at."""
    path = store_path(project.root)
    plan = migration.plan
    code = judged_code(plan)
    for one in review.reviews(datetime.now(UTC), code, rules.digest):
        whole = {seam.name for seam in migration.seams.values() if seam.phase == one.name}
        if whole != set(review.seams[one.name]):
            progress(f"{one.name}: not kept as evidence, as not all of its seams were looked at")
            continue
        problem = keep_review(path, one)
        if problem is not None:
            progress(f"{one.name}: not kept as evidence: {problem}")
