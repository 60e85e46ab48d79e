"""Scenarios, the recorded runs that are kept as regression cases: list, show, keep, record, renew."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from changeover.api.arguments import Told, check_positive, ignore, names_of
from changeover.api.evidence import NAMES_SHOWN_MAX, cluster_named, runs_named
from changeover.errors import ConfigurationError
from changeover.evidence.case_runner import CaseDone, recorded
from changeover.evidence.scenario_replay import codec_of, stored_scenarios
from changeover.evidence.sources import SourceOptions
from changeover.evidence.store.explored import failing_schedule
from changeover.evidence.store.lookup import Archive
from changeover.evidence.store.store import StorePlace, store_path
from changeover.migration import Migration
from changeover.project import Project, open_project
from changeover.quick_dataclass import dataclass
from changeover.record.codec import CodecError
from changeover.record.scenario_file import Scenario, to_line, write_lines
from changeover.redaction.redactor import Redactor
from changeover.rollout.plan_file import redact_paths_of
from changeover.settings import SCENARIOS_FOLDER
from changeover.values.observation import Side
from changeover.values.value_text import outcome_text

KEPT_FILE = "kept.jsonl"
ANSWER_SHOWN_MAX = 120


@dataclass(frozen=True, slots=True)
class StoredScenarios:
    """The scenarios of a project, and the lines that cannot be read as one."""

    scenarios: tuple[Scenario, ...]
    damaged: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """1 where a line is damaged."""
        return 1 if self.damaged else 0


@dataclass(frozen=True, slots=True)
class WrittenScenarios:
    """Scenarios that were written to a file, or would be, of `size` bytes in all; `left_out` could not be."""

    file: Path
    scenarios: tuple[Scenario, ...]
    size: int
    left_out: int = 0

    @property
    def exit_code(self) -> int:
        """3 where a run cannot become a scenario."""
        return 3 if self.left_out else 0


def list_scenarios(*, project: str | Path | Project = ".") -> StoredScenarios:
    """The scenarios that are kept.

    Args:
        project: a folder of the project, or the project; its app is imported.

    Raises:
        ConfigurationError: the app or its pyproject.toml is wrong.

    Example:
        assert not changeover.list_scenarios().damaged
    """
    found = open_project(project)
    scenarios, damaged = stored_scenarios(found.migration(), found.directory / SCENARIOS_FOLDER)
    return StoredScenarios(tuple(scenarios), tuple(map(str, damaged)))


def show_scenario(name: str, *, project: str | Path | Project = ".") -> Scenario:
    """One scenario: its input, and every call on its tape.

    Args:
        name: any unambiguous beginning of its identifier.
        project: a folder of the project, or the project; its app is imported.

    Raises:
        ConfigurationError: no scenario or several begin so.

    Example:
        changeover.show_scenario("history/2011-08-09/trading.workflow").tape
    """
    found = [one for one in list_scenarios(project=project).scenarios if one.id.startswith(name)]
    exact = [one for one in found if one.id == name]
    if len(exact or found) != 1:
        if not found:
            wrong = ConfigurationError(name, "begins no scenario: changeover scenarios list")
            wrong.do = "changeover scenarios list"
            raise wrong
        known = ", ".join(one.id for one in found[:NAMES_SHOWN_MAX])
        more = ", ..." if len(found) > NAMES_SHOWN_MAX else ""
        raise ConfigurationError(name, f"begins {len(found)} scenarios, allowed: one of {known}{more}")
    return (exact or found)[0]


def keep_scenario(
    name: str, *, dry_run: bool = False, project: str | Path | Project = "."
) -> WrittenScenarios:
    """Run the smallest case of a cluster once more and keep its recording as a regression case.

    Args:
        name: a cluster, by any unambiguous beginning of its identifier, or a run as SOURCE/CASE.
        dry_run: record it and write nothing.
        project: a folder of the project, or the project; its app is imported.

    Raises:
        ConfigurationError: nothing of this name is kept, or it cannot become a scenario.

    Example:
        changeover.keep_scenario("09ad52")
    """
    found = open_project(project)
    kept = list_scenarios(project=found).scenarios
    migration = found.migration()
    case, seam, side, seed, schedule = _wanted(store_path(found.root), name)
    source, _, only = case.partition("/")
    options = SourceOptions(None, seed, "tape", side, only)
    redact = Redactor.for_project(redact_paths_of(migration.plan), found.root).run
    made = list(recorded(migration, source, options, () if seam is None else (seam,), redact))
    if not made:
        raise ConfigurationError(case, f"no longer passes through {seam}")
    scenario = made[-1]
    if schedule:
        scenario = replace(scenario, id=f"{scenario.id}/{schedule}", schedule=schedule)
    if any(one.id == scenario.id for one in kept):
        raise ConfigurationError(scenario.id, "is kept already")
    try:
        line = to_line(scenario, codec_of(migration))
    except CodecError as error:
        raise ConfigurationError(scenario.id, f"cannot become a scenario: {error}") from error
    path = found.directory / SCENARIOS_FOLDER / KEPT_FILE
    if not dry_run:
        before = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        write_lines(path, [*before, line])
    return WrittenScenarios(path, (scenario,), _size([line]))


@dataclass(frozen=True, slots=True)
class RenewedScenario:
    """A scenario before and after it was recorded again, and the file that it stands in."""

    before: Scenario
    after: Scenario
    file: Path
    is_written: bool

    @property
    def old_answer(self) -> str:
        """How the answering path ended in the record."""
        return outcome_text(self.before.answer, ANSWER_SHOWN_MAX)

    @property
    def new_answer(self) -> str:
        """How it ends today."""
        return outcome_text(self.after.answer, ANSWER_SHOWN_MAX)


def renew_scenario(
    name: str,
    *,
    reason: str,
    seed: int = 0,
    dry_run: bool = False,
    project: str | Path | Project = ".",
) -> RenewedScenario:
    """Run the case of a scenario once more and put what the path answers today in place of the old record.

    Args:
        name: any unambiguous beginning of its identifier.
        reason: why the answer may have changed; it is kept with the scenario.
        seed: for sources that generate cases, the one it was recorded with.
        dry_run: run it and write nothing.
        project: a folder of the project, or the project; its app is imported.

    Raises:
        ConfigurationError: no scenario or several begin so, its case is gone, or the reason is empty.

    Example:
        changeover.renew_scenario("history/2011-08-09/trading.workflow", reason="fees are rounded up now")
    """
    if not reason.strip():
        raise ConfigurationError("--reason", "was empty, needed: why the answer may have changed")
    found = open_project(project)
    before = show_scenario(name, project=found)
    migration = found.migration()
    codec = codec_of(migration)
    redactor = Redactor.for_project(redact_paths_of(migration.plan), found.root)
    after = _recorded_again(migration, before, seed, redactor)
    line_of_reason = f"{datetime.now(UTC).date()}: {redactor.text(' '.join(reason.split()))}"
    renewed = tuple(dict.fromkeys((*before.renewed, line_of_reason)))
    after = replace(after, id=before.id, key=before.key, tags=before.tags, renewed=renewed)
    try:
        new_line = to_line(after, codec)
    except CodecError as error:
        raise ConfigurationError(before.id, f"cannot be recorded again: {error}") from error
    path, lines, number = _line_of(found.directory / SCENARIOS_FOLDER, before.id)
    if not dry_run:
        write_lines(path, [*lines[:number], new_line, *lines[number + 1 :]])
    return RenewedScenario(before, after, path, not dry_run)


def _recorded_again(migration: Migration, before: Scenario, seed: int, redactor: Redactor) -> Scenario:
    source, _, case = before.correlation_id.partition("/")
    if source not in migration.sources.names or not case:
        raise ConfigurationError(
            before.id, f"was recorded by no source of the app: {before.correlation_id!r}"
        )
    options = SourceOptions(None, seed, "tape", before.answered_by, case)
    made = list(recorded(migration, source, options, (before.seam,), redactor.run))
    if not made:
        raise ConfigurationError(before.correlation_id, f"no longer passes through {before.seam}")
    return made[-1]


def _line_of(folder: Path, name: str) -> tuple[Path, list[str], int]:
    """The file that has a scenario, its lines, and which of them it is."""
    for path in sorted(folder.glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if _id_of(line) == name:
                return path, lines, number
    raise ConfigurationError(name, "is no scenario that is kept: changeover scenarios list")


def _id_of(line: str) -> object:
    try:
        data = json.loads(line)
    except ValueError:
        return None
    return data.get("id") if isinstance(data, dict) else None


def record_scenarios(
    source: str,
    *,
    run: str | Iterable[str] = (),
    runs: int | None = None,
    seed: int = 0,
    seam: str | Iterable[str] = (),
    output: str | Path,
    dry_run: bool = False,
    project: str | Path | Project = ".",
    progress: Told = ignore,
) -> WrittenScenarios:
    """Run cases of a source and write their recordings to a file, anew: of each case the last run of a seam.

    Args:
        source: where the cases come from.
        run: one case or several; all of the source unless given.
        runs: at most so many cases.
        seed: for sources that generate cases.
        seam: only runs of these seams.
        output: the file, from the working folder.
        dry_run: record them and write nothing.
        project: a folder of the project, or the project; its app is imported.
        progress: is told what cannot become a scenario.

    Raises:
        ConfigurationError: the app or an argument is wrong, or no case passes through these seams.

    Example:
        changeover.record_scenarios("history", runs=3, output="migration/scenarios/all.jsonl")
    """
    check_positive("runs", runs)
    found = open_project(project)
    migration = found.migration()
    codec = codec_of(migration)
    redact = Redactor.for_project(redact_paths_of(migration.plan), found.root).run
    scenarios, lines, left_out = [], [], 0
    ended: list[CaseDone] = []
    for case in names_of(run) or (None,):
        options = SourceOptions(runs, seed, "tape", Side.LEGACY, case and case.removeprefix(f"{source}/"))
        for scenario in recorded(migration, source, options, names_of(seam), redact, ended.append):
            try:
                lines.append(to_line(scenario, codec))
                scenarios.append(scenario)
            except CodecError as error:
                left_out += 1
                progress(f"left out: {scenario.id}: {error}")
    for done in ended:
        left_out += 1
        progress(f"left out: {done.name}: {done.ended}")
    if not lines and not left_out:
        raise ConfigurationError(source, "no case of it passes through these seams")
    if lines and not dry_run:
        write_lines(Path(output), lines)
    return WrittenScenarios(Path(output), tuple(scenarios), _size(lines), left_out)


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


def _wanted(store: StorePlace, name: str) -> tuple[str, str | None, Side, int, str]:
    """Case, seam, who answered and seed of a cluster's smallest run, or of a run; and the order of events."""
    archive = Archive(store)
    seeds = {comparison.number: comparison.summary.seed for comparison in archive.corpora()}
    found = cluster_named(archive, name)
    if found is not None and found.smallest is not None:
        return found.smallest.run, found.seam, found.answered_by, seeds[found.corpus], ""
    explored = failing_schedule(store, name)
    if explored is not None:
        return explored.case, explored.seam, Side.LEGACY, explored.seed, explored.schedule
    last = runs_named(archive, name)[-1]
    if last.corpus is None or last.corpus not in seeds:
        raise ConfigurationError(last.name, "ran in production, allowed: a case of a source")
    return last.name, last.seam, Side.LEGACY, seeds[last.corpus], ""
