"""One source compared: its cases run, what they show gathered, and everything kept."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from time import monotonic
from types import FrameType
from typing import Any, Self

from changeover.compare.rules import STRICT, Rules
from changeover.errors import ConfigurationError
from changeover.evidence.case_recorder import CaseRecorder
from changeover.evidence.case_runner import Selection, select
from changeover.evidence.cluster_comparison import told_of_comparison
from changeover.evidence.code_digest import judged_code
from changeover.evidence.comparison_info import ComparisonInfo, Stopped
from changeover.evidence.comparison_totals import Corpus
from changeover.evidence.comparison_writer import ComparisonWriter, ended
from changeover.evidence.program_interface import Program, ProjectFiles
from changeover.evidence.run_record import RunRecord
from changeover.evidence.source_cases import BUILT_IN, Request, SourceCases
from changeover.evidence.source_lines import path_lines, project_files
from changeover.evidence.sources import Source, SourceOptions
from changeover.evidence.store.records import STORE, StoredComparison
from changeover.evidence.store.store import StorePlace, StoreProblem, store_path
from changeover.evidence.store.summary import Summary
from changeover.quick_dataclass import dataclass
from changeover.redaction.redacted_runs import FitRuns
from changeover.redaction.redactor import Redactor
from changeover.rollout.plan_file import Plan, redact_paths_of
from changeover.rollout.waivers import Waivers, load_waivers, today_utc, waiver_uses
from changeover.settings import SCENARIOS_FOLDER, WAIVERS_FILE
from changeover.values.observation import Side
from changeover.values.source_line import SourceLines

COLLECT_EVERY = 50_000
RAISED_SHOWN_MAX = 3


class Listener:
    """Who is told how far a comparison is; this one does nothing with it."""

    def begins(self, source: str, total: int | None) -> None:
        """Before the first case; `total` is None where nobody knows how many there are."""

    def case_done(self, corpus: Corpus) -> None:
        """After every case."""

    def ends(self) -> None:
        """After the last one, however it ended."""

    def warns(self, problem: str) -> None:
        """Something went wrong that does not end the comparison."""


@dataclass(frozen=True, slots=True)
class SourceComparison:
    """A comparison that was run: what it was about, what it showed, and where that is kept.

    `raised` are the first cases that raised, with what; `tracebacks` say from where. `kept_in` is None where
    the store would not take it. `replayed_here` counts runs that other processes were to replay and could
    not, by the reason. `records` are those of a case that was asked for alone.
    """

    info: ComparisonInfo
    corpus: Corpus
    stored: StoredComparison
    raised: tuple[str, ...]
    kept_in: StorePlace | None
    seconds: float
    replayed_here: Mapping[str, int]
    tracebacks: tuple[str, ...] = ()
    records: tuple[RunRecord, ...] = ()


def compare_source(
    project: ProjectFiles, program: Program, source: Source, request: Request, listener: Listener
) -> SourceComparison:
    """Run a source and keep what it showed; raises ConfigurationError."""
    began = monotonic()
    cases, redactor, waivers = _cases_of(project, program, source, request)
    path, today = cases.store, today_utc()
    info = _info(program, source, request, cases.rules or STRICT)
    if request.cluster is not None:
        request.cluster.begin(told_of_comparison(cases, redactor, date.today(), today))
    corpus = _empty_corpus(cases)
    writer = ComparisonWriter(path, listener.warns, renews=source.name == STORE, redact=redactor.body)
    begun = _begun(cases)
    writer.begin(begun)
    records: list[RunRecord] = []
    raised, stopped = _run(cases, corpus, writer, listener, records)
    corpus.damaged += cases.damaged
    stored = ended(begun, corpus, source.unit, stopped)
    writer.end(stored)
    paths, files = _source_lines(project, program, corpus)
    used = waiver_uses(waivers.all, corpus.clusters, today)
    info = replace(info, waivers=used, stopped=stopped, paths=paths, files=files)
    return SourceComparison(
        info,
        corpus,
        stored,
        tuple(redactor.text(line) for line, _ in raised),
        None if writer.problem else path,
        monotonic() - began,
        dict(cases.here),
        tuple(redactor.text(traceback) for _, traceback in raised),
        tuple(records),
    )


def run_again(project: ProjectFiles, program: Program, source: Source, request: Request) -> None:
    """Run the case that was asked for once more, and keep nothing of it; raises ConfigurationError."""
    cases, _, _ = _cases_of(project, program, source, request)
    recorder = CaseRecorder(_empty_corpus(cases), cases.row, lambda: False)
    with closing(cases.done(recorder)) as found:
        for _ in found:
            cases.redact.forget()


def _cases_of(
    project: ProjectFiles, program: Program, source: Source, request: Request
) -> tuple[SourceCases, Redactor, Waivers]:
    selection = select(program, request.names)
    rules, today = project.rules(date.today()), today_utc()
    redactor = Redactor.for_project(redact_paths_of(program.plan), project.root, os.environ)
    redactor.prepare()
    plan = program.plan
    waivers = Waivers(load_waivers(project.directory / WAIVERS_FILE, today))
    cases = SourceCases(
        program,
        source,
        request,
        selection,
        rules,
        project.directory / SCENARIOS_FOLDER,
        store_path(project.root),
        judged_code(plan, project.root),
        (rules or STRICT).digest,
        datetime.now(UTC),
        FitRuns(redactor.run),
        waivers,
    )
    return cases, redactor, waivers


def _run(
    cases: SourceCases,
    corpus: Corpus,
    writer: ComparisonWriter,
    listener: Listener,
    records: list[RunRecord],
) -> tuple[list[tuple[str, str]], Stopped | None]:
    """What came out of the first cases that raised, and from where; why it ended before the source did.

    `records` gets those of the case that was asked for alone.
    """
    # Thousands of short-lived records a case in a program loaded for good: collecting less often saves 5 %.
    gc.freeze()
    gc.set_threshold(COLLECT_EVERY, 20, 50)
    raised: list[tuple[str, str]] = []
    try:
        listener.begins(cases.source.name, cases.total)
        try:
            recorder = CaseRecorder(corpus, cases.row, lambda: writer.takes_bodies)
            with Interruption() as interruption, closing(cases.done(recorder)) as found:
                for done in found:
                    if done.ended is not None:
                        corpus.damaged.append(f"{done.name} {done.ended}")
                    corpus.add_case(done.name, done.records, done.tags)
                    writer.keep_case(done.records)
                    if cases.request.options.only is not None:
                        records += done.records
                    cases.redact.forget()
                    if done.raised is not None and len(raised) < RAISED_SHOWN_MAX:
                        raised.append((f"{done.name}: {done.raised}", _traceback(done.error)))
                    listener.case_done(corpus)
                    if cases.request.fail_fast and (corpus.total.diverged or corpus.total.failed):
                        return raised, Stopped.FAIL_FAST
                    if interruption.is_asked_for:
                        return raised, Stopped.INTERRUPTED
        finally:
            listener.ends()
            writer.flush()
    except StoreProblem as problem:
        raise ConfigurationError(str(cases.store), f"cannot be read as a store: {problem.why}") from problem
    return raised, Stopped.INTERRUPTED if interruption.is_asked_for else None


def _traceback(error: BaseException | None) -> str:
    from traceback import format_exception

    return "" if error is None else "".join(format_exception(error))


def _begun(cases: SourceCases) -> StoredComparison:
    source, request, options = cases.source, cases.request, cases.request.options
    return StoredComparison(
        0,
        cases.now,
        source.name,
        source.population,
        cases.code,
        cases.rules_digest,
        partial=cases.is_partial,
        answered_by=options.answer,
        summary=Summary(request.names, options.seed, options.limit, options.world, request.noise),
    )


def _empty_corpus(cases: SourceCases) -> Corpus:
    """A whole source is expected to cross every seam and to show every tag; single cases are not."""
    rules, seams = cases.rules or STRICT, cases.program.seams
    if cases.source.name in BUILT_IN or cases.request.options.only is not None:
        return Corpus(rules, redact=cases.redact)
    expected = [(seam, seams[seam].phase) for seam in cases.selection.seams]
    tags = _required_tags(cases.program.plan, cases.selection, cases.source.name)
    return Corpus(rules, expected=expected, required_tags=tags, redact=cases.redact)


def _info(program: Program, source: Source, request: Request, rules: Rules) -> ComparisonInfo:
    plan = program.plan
    phases = {} if plan is None else {name: one.number for name, one in plan.phases.items() if one.seams}
    return ComparisonInfo(
        "migration" if plan is None else plan.name,
        judged_code(plan),
        rules.digest,
        source.name,
        source.unit,
        request.options.answer,
        _copied(program, source.name, request.options),
        request.noise,
        source.name in BUILT_IN,
        _offer_copies(program),
        tuple(name for name in program.sources.names if name != source.name),
        phases,
    )


def _source_lines(
    project: ProjectFiles, program: Program, corpus: Corpus
) -> tuple[Mapping[str, SourceLines], Mapping[str, str]]:
    """Where the paths of the seams are defined, and the project's names of all files that are pointed at."""
    declared = {name: program.seams[name].paths for name in corpus.seams if name in program.seams}
    paths = {name: path_lines(*(of_seam.get(side) for side in Side)) for name, of_seam in declared.items()}
    asked = [
        SourceLines(*(call.asked_at for call in (one.asked, one.recorded) if call is not None))
        for one in corpus.not_compared.reasons
    ]
    found = (one.smallest.lines for one in corpus.clusters)
    return paths, project_files((*paths.values(), *asked, *found), project.root)


def _copied(program: Program, source: str, options: SourceOptions) -> tuple[str, ...]:
    """The ports that the other path gets copies of; raises ConfigurationError where it would get none."""
    if options.world == "tape":
        return ()
    if source in BUILT_IN:
        raise ConfigurationError(
            "--world", "was 'copy', allowed: tape, as a stored run has no objects to copy"
        )
    ports = _offer_copies(program)
    if not ports:
        raise ConfigurationError("--world", "was 'copy', allowed: tape, as no port of the app offers world=")
    return ports


def _offer_copies(program: Program) -> tuple[str, ...]:
    return tuple(port.name for port in program.runtime.book.ports.values() if port.world is not None)


def _required_tags(plan: Plan | None, selection: Selection, source: str) -> list[str]:
    """The tags that the gates of these phases want to see in this source."""
    return [
        tag
        for name, phase in ({} if plan is None else plan.phases).items()
        if name in selection.phases
        for gate in phase.gates.values()
        if gate.corpus is not None and source in gate.corpus.sources
        for tag in gate.corpus.tags
    ]


SAID = b"\nchangeover: ends after this case; interrupt once more to end at once\n"


class Interruption:
    """While it is entered, the first interrupt is only noted, so that no case is counted by half.

    A second one is a KeyboardInterrupt at once. Where the program has its own way with interrupts, or this is
    not the main thread, everything stays as it is.
    """

    def __init__(self) -> None:
        self.is_asked_for = False
        self._before: Any = None

    def __enter__(self) -> Self:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            with suppress(ValueError):  # only the main thread may
                self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        self._restore()

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._restore()
        self.is_asked_for = True
        with suppress(OSError, ValueError):  # past the stream, which may be in the middle of a line
            os.write(sys.stderr.fileno(), SAID)

    def _restore(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None
