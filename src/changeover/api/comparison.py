"""`compare`, the main job; `diff`: the same rules on two files of rows; `report`: a page to be read."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from changeover.api.arguments import check_choice, check_positive, names_of
from changeover.api.elsewhere import cluster_at
from changeover.compare.file_diff import FilesDiff, diff_files
from changeover.compare.rules import STRICT
from changeover.errors import ChangeoverError, ConfigurationError
from changeover.evidence.comparison_info import Stopped
from changeover.evidence.last_report import review_of
from changeover.evidence.source_cases import BUILT_IN, Request
from changeover.evidence.source_comparison import Listener, SourceComparison, compare_source, run_again
from changeover.evidence.sources import Source, SourceOptions
from changeover.evidence.store.store import keep_review, store_path
from changeover.migration import Migration
from changeover.project import Project, open_project
from changeover.quick_dataclass import dataclass
from changeover.values.observation import Side
from changeover.views.html.collect import collect
from changeover.views.html.data import ReportData
from changeover.views.html.headline import Headline, headline
from changeover.views.html.page import DEFAULT_FILE, check_place, write_report

INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was compared, source by source; `page_problem` says why the page that was wanted is not there."""

    sources: tuple[SourceComparison, ...]
    page_problem: str | None = None

    @property
    def is_interrupted(self) -> bool:
        """Whether somebody interrupted it (Ctrl-C): what was seen until then is here and is kept."""
        return any(one.info.stopped is Stopped.INTERRUPTED for one in self.sources)

    @property
    def exit_code(self) -> int:
        """0 nothing differs, 1 something does, 3 some runs were not compared, 130 interrupted."""
        if self.is_interrupted:
            return INTERRUPTED
        codes = [one.corpus.exit_code for one in self.sources] + ([3] if self.page_problem else [])
        return 1 if 1 in codes else max(codes)


def compare(
    *names: str,
    source: str | Iterable[str] = (),
    runs: int | None = None,
    seed: int = 0,
    world: str = "tape",
    answer: Side | str = Side.LEGACY,
    noise: bool = False,
    run: str | None = None,
    fail_fast: bool = False,
    jobs: int = 1,
    on: str | None = None,
    report: str | Path | None = None,
    pdb: bool = False,
    project: str | Path | Project = ".",
    listener: Listener | None = None,
    source_done: Callable[[SourceComparison], None] | None = None,
) -> Comparison:
    """Run both paths on every case of a source and compare what they return and do. No stage is changed.

    Args:
        names: phases or seams; none named: all.
        source: where the cases come from, one or several; the first that is declared unless given.
        runs: at most so many cases.
        seed: for sources that generate cases.
        world: what answers the replayed path: `tape`, the recording, or `copy`, copies of the ports.
        answer: which path runs for real; the other one is replayed.
        noise: replay the answering path itself: what differs is nondeterminism.
        run: one case: SOURCE/CASE, or CASE with a source.
        fail_fast: stop at the first case that differs or was not compared.
        jobs: so many processes replay runs, which changes nothing of what is shown; 1: all in this one.
        on: `dask://HOST:PORT`: the workers of that Dask cluster replay runs, with the same result.
        report: the page of `report` is written to this file as well.
        pdb: with `run`, where something differs: stop in the replayed path at the call that differs, or at
            its return, on the terminal; the case is run once more for that.
        project: a folder of the project, or the project.
        listener: is told how far a comparison is.
        source_done: is handed the comparison of each source when it has ended.

    Returns:
        What each source showed; it is kept in the store as well.

    Raises:
        ConfigurationError: the app, a file of the project or an argument is wrong.

    Example:
        done = changeover.compare("portfolio", source="history", runs=100)
        assert done.exit_code == 0, done.sources[0].corpus.total.diverged
    """
    check_choice("world", world, ("tape", "copy"))
    check_choice("answer", answer, Side)
    check_positive("runs", runs)
    if pdb:
        _check_pdb(run, noise=noise, jobs=jobs, on=on)
    page = None if report is None else Path(report)
    if page is not None:
        check_place(page)
    began = datetime.now(UTC)
    found = open_project(project)
    migration = found.migration()
    sources, case = chosen_sources(migration, names_of(source), run)
    options = SourceOptions(runs, seed, "copy" if world == "copy" else "tape", Side(answer), case)
    done: list[SourceComparison] = []
    with cluster_at(on, jobs, found) as cluster, collector_as_it_was():
        request = Request(names, options, noise, fail_fast, jobs, cluster)
        for one in sources:
            done.append(compare_source(found, migration, one, request, listener or Listener()))
            if source_done is not None:
                source_done(done[-1])
            if done[-1].info.stopped is Stopped.INTERRUPTED:
                break
            if pdb:
                _stop_in(found, migration, one, request, done[-1])
    return Comparison(tuple(done), None if page is None else _write_page(page, found, sources, began))


def _check_pdb(run: str | None, *, noise: bool, jobs: int, on: str | None) -> None:
    if run is None:
        raise ConfigurationError("--pdb", "was given without --run, needed: the one case to stop in")
    if noise or jobs > 1 or on is not None:
        raise ConfigurationError("--pdb", "goes with none of --noise, --jobs and --on: it stops here")


def _stop_in(
    project: Project, migration: Migration, source: Source, request: Request, done: SourceComparison
) -> None:
    """Run the case once more, and hand it to pdb where the paths part; nothing of that is kept."""
    from changeover.evidence.stop_place import stop_place
    from changeover.replay.debugging import Debugger, debugging

    stop = stop_place(done.records)
    if stop is None:
        return
    with debugging(Debugger(stop, sys.stdin, sys.stderr)):
        run_again(project, migration, source, request)


@contextmanager
def collector_as_it_was() -> Iterator[None]:
    """A comparison lets the garbage collector run less often; whoever called gets it back as it was."""
    threshold, frozen = gc.get_threshold(), gc.get_freeze_count()
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
        if not frozen:
            gc.unfreeze()


def chosen_sources(
    migration: Migration, names: Sequence[str], run: str | None
) -> tuple[list[Source], str | None]:
    """The sources that are meant, and the one case of them that is, None for all."""
    if run is not None and "/" in run and not names:
        name, _, run = run.partition("/")
        names = [name]
    elif run is not None and len(names) == 1:
        run = run.removeprefix(f"{names[0]}/")
    known = migration.sources.names
    if not known and not (names and set(names) <= {*BUILT_IN}):
        raise ConfigurationError(
            "the app",
            'no scenario source is declared: @migration.source("history", population="generated") names one; '
            "--source scenarios compares what was kept, --source store what ran in production on other code",
        )
    wanted = dict.fromkeys(names or known[:1])
    return [BUILT_IN.get(name) or migration.sources.named(name) for name in wanted], run


def _write_page(page: Path, project: Project, sources: Sequence[Source], began: datetime) -> str | None:
    """The page about what was compared since, of several sources about the worst; or why there is none."""
    try:
        data = collect(project, [source.name for source in sources], since=began)
        write_report(page, data)
        _remember(project, data)
    except ChangeoverError as why:
        return str(why)
    return None


def diff(
    old: str | Path, new: str | Path, *, by: str | Iterable[str], project: str | Path | Project = "."
) -> FilesDiff:
    """Compare two files of recorded outputs (JSON lines, JSON, CSV) with the rules of a project.

    Args:
        old: the file of the legacy program.
        new: the file of the new one.
        by: the fields that join the rows.
        project: a folder of the project, or the project.

    Returns:
        The rows that differ, and the differences in groups.

    Raises:
        ConfigurationError: a file cannot be read as rows, or the rules are wrong.

    Example:
        found = changeover.diff("old.jsonl", "new.jsonl", by="symbol")
    """
    names = names_of(by)
    if not names:
        raise ConfigurationError("by", "was empty, needed: one name or more")
    return diff_files(Path(old), Path(new), names, open_project(project).rules(date.today()) or STRICT)


@dataclass(frozen=True, slots=True)
class Report:
    """What the page is made of, what it says first, and where it is; `file` is None where none was wanted."""

    data: ReportData
    headline: Headline
    file: Path | None


def report(
    output: str | Path | None = DEFAULT_FILE,
    *,
    source: str | None = None,
    project: str | Path | Project = ".",
) -> Report:
    """Write one HTML page about a comparison, the phases, their gates and their history.

    Args:
        output: the file, from the working folder; None writes no page.
        source: its latest comparison, or the one of that number; the worst of the latest on this code
            unless given.
        project: a folder of the project, or the project.

    Raises:
        NothingToReport: nothing was compared yet.
        ConfigurationError: a file of the project or an argument is wrong, or the page cannot be written.

    Example:
        page = changeover.report("report.html", source="history")
    """
    file = None if output is None else Path(output)
    if file is not None:
        check_place(file)
    found = open_project(project)
    data = collect(found, () if source is None else (source,))
    if file is None:
        return Report(data, headline(data), None)
    top = write_report(file, data)
    _remember(found, data)
    return Report(data, top, file)


def _remember(project: Project, data: ReportData) -> None:
    """For the next page to say what has changed; a store that takes nothing now is told of elsewhere."""
    if data.standing is not None:
        keep_review(store_path(project.root), review_of(data.standing, data.made_at))
