"""`check_rules`: are the rules sound; `find_blind_spots`: what do they hide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic

from changeover.api.arguments import Told, check_positive, ignore, names_of
from changeover.compare.rules import STRICT, Rules
from changeover.compare.rules_check import RuleProblem
from changeover.compare.rules_file import check_rules_file
from changeover.evidence.case_runner import select
from changeover.evidence.code_digest import code_digest
from changeover.evidence.mutation_search import ALIKE_MAX, BlindSpotSearch
from changeover.evidence.sources import SourceOptions
from changeover.evidence.store.store import keep_review, store_path
from changeover.gate.accepted_blind_spots import ACCEPTED_NAME, BlindSpotReview, load_accepted_blind_spots
from changeover.migration import Migration
from changeover.project import Project, open_project
from changeover.settings import RULES_FILE

CASES = 64
"""Of each source: enough for every tag of a source that deals them out in turn."""

LINE_S = 10.0


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
    rules = found.rules(date.today()) or STRICT
    selection = select(migration, phases)
    search = BlindSpotSearch(migration, rules, alike_max=None if everything else ALIKE_MAX)
    for one in [migration.sources.named(name) for name in names_of(source) or migration.sources.names]:
        options = SourceOptions(runs, seed)
        total, last = one.total(options), monotonic()
        for number, _ in enumerate(search.look_at(one, options, selection), start=1):
            if monotonic() - last >= LINE_S:
                last = monotonic()
                of = "" if total is None else f" of {total:,}"
                progress(f"{one.name}   {number:,}{of}   {search.tried.total():,} alterations")
    seams: dict[str, list[str]] = {}
    for seam in selection.seams:
        seams.setdefault(migration.seams[seam].phase, []).append(seam)
    review = BlindSpotReview(search, seams, accepted)
    _keep(found, migration, rules, review, progress)
    return review


def _keep(
    project: Project, migration: Migration, rules: Rules, review: BlindSpotReview, progress: Told
) -> None:
    """A phase of which only some seams were looked at is not one that was looked at."""
    path = store_path(project.root)
    plan = migration.plan
    code = code_digest(plan.code) if plan is not None and plan.code else None
    for one in review.reviews(datetime.now(UTC), code, rules.digest):
        whole = {seam.name for seam in migration.seams.values() if seam.phase == one.name}
        if whole != set(review.seams[one.name]):
            progress(f"{one.name}: not kept as evidence, as not all of its seams were looked at")
            continue
        problem = keep_review(path, one)
        if problem is not None:
            progress(f"{one.name}: not kept as evidence: {problem}")
