"""The cases of one source, whatever it is: the app's own, scenarios that are kept, or stored runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Sized
from contextlib import closing
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from changeover.compare.rules import Rules
from changeover.evidence.case_recorder import CaseRecorder, recorded_cases
from changeover.evidence.case_runner import CaseDone, Selection, compared_cases
from changeover.evidence.child_processes import ChildProcesses
from changeover.evidence.cluster_place import ClusterPlace
from changeover.evidence.program_interface import Program, comparison_runtime
from changeover.evidence.renewal import (
    Wanted,
    not_replayed_run,
    renewed,
    replayed_run,
    scenario_in,
    stale,
    stale_runs,
)
from changeover.evidence.replay_places import Cluster, ForkedPlace, ReplayPlace, ended
from changeover.evidence.replays_elsewhere import ReplaysElsewhere
from changeover.evidence.run_record import RunRecord
from changeover.evidence.scenario_replay import (
    codec_of,
    not_replayed,
    replayed_scenarios,
    seen_in,
    stored_scenarios,
)
from changeover.evidence.sent_records import row_from_bytes, row_in_bytes
from changeover.evidence.sent_runs import NumberedCase
from changeover.evidence.sources import Source, SourceOptions
from changeover.evidence.store.place import StorePlace
from changeover.evidence.store.records import STORE, StoredRun
from changeover.evidence.store.rows_of_runs import stored_run
from changeover.evidence.stored_replays import (
    ClusterStored,
    ForkedStored,
    StoredKind,
    StoredPlace,
    StoredReplays,
    replayed_here,
)
from changeover.quick_dataclass import dataclass
from changeover.record.run import Run
from changeover.record.scenario_file import Scenario, from_line, to_line
from changeover.redaction.redacted_runs import FitRuns
from changeover.seam.judge import Waived
from changeover.seam.runtime import Runtime
from changeover.settings import SCENARIOS_FOLDER as SCENARIOS

T = TypeVar("T")
BUILT_IN = {
    SCENARIOS: Source(SCENARIOS, "recorded", lambda _: (), "scenarios"),
    STORE: Source(STORE, "production", lambda _: (), "runs"),
}


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for; with more than one of `jobs`, or a `cluster`, other processes replay the runs."""

    names: tuple[str, ...]
    options: SourceOptions
    noise: bool
    fail_fast: bool
    jobs: int = 1
    cluster: Cluster | None = None


@dataclass(slots=True)
class SourceCases:
    """Runs them one by one. `damaged` says which of the scenarios could not be read.

    `here` counts runs that other processes were to replay and could not, by the reason.
    """

    program: Program
    source: Source
    request: Request
    selection: Selection
    rules: Rules | None
    scenarios: Path
    store: StorePlace
    code: str | None
    rules_digest: str
    now: datetime
    redact: FitRuns
    waived: Waived
    damaged: list[str] = field(default_factory=list)
    here: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int | None:
        """How many there will be, None where nobody knows; raises StoreProblem."""
        if self.source.name == STORE:
            return stale_runs(self.store, self._wanted())
        return self.source.total(self.request.options)

    @property
    def is_partial(self) -> bool:
        """Whether these are not the whole source, or not the other path that is compared."""
        options = self.request.options
        if self.source.name == STORE or self.request.noise or options.only is not None:
            return True
        whole = self.source.total(replace(options, limit=None))
        # Of a source that does not say how many there are, nobody knows what a limit has cut off.
        return options.limit is not None and (whole is None or options.limit < whole)

    def done(self, recorder: CaseRecorder) -> Generator[CaseDone, None, None]:
        """Every case with its records when it is done; raises StoreProblem."""
        with ChildProcesses(self.request.jobs) as processes, ended(self.request.cluster):
            if self.source.name in BUILT_IN:
                yield from self._stored(recorder, processes)
            else:
                yield from self._compared(recorder, processes)

    def _compared(self, recorder: CaseRecorder, processes: ChildProcesses) -> Generator[CaseDone, None, None]:
        elsewhere = None
        place = self._place(processes)
        if place is not None:
            elsewhere = ReplaysElsewhere(place, recorder.kind, self.total)
            self.here = elsewhere.here
        cases = compared_cases(
            self.program,
            self.source,
            self.request.options,
            self.selection,
            rules=self.rules,
            noise=self.request.noise,
            waived=self.waived,
            elsewhere=elsewhere,
        )
        with closing(cases):
            for done, records in recorded_cases(cases, recorder.kind, elsewhere):
                done.records = records
                yield done

    def _place(self, processes: ChildProcesses) -> ReplayPlace | None:
        if self.request.cluster is not None:
            return ClusterPlace(self.request.cluster, codec_of(self.program))
        return ForkedPlace(processes) if self.request.jobs > 1 else None

    def _stored(self, recorder: CaseRecorder, processes: ChildProcesses) -> Generator[CaseDone, None, None]:
        runtime = comparison_runtime(self.program, self.rules, self.waived)
        with self.program.runtime.replaced_by(runtime):
            if self.source.name == STORE:
                wanted = self._wanted()
                runs = self._replayed(
                    recorder, runtime, stale(self.store, wanted), self.renewals(recorder), processes
                )
                for old, record in runs:
                    record.row = record.row or old
                    yield CaseDone(old.name, record.tags, records=[record])
                return
            kind = self.replays_of_scenarios(recorder)
            for scenario, record in self._replayed(recorder, runtime, self._chosen(), kind, processes):
                yield CaseDone(f"{SCENARIOS}/{scenario.id}", scenario.tags, records=[record])

    def _replayed(
        self,
        recorder: CaseRecorder,
        runtime: Runtime,
        items: Iterable[T],
        kind: StoredKind[T],
        processes: ChildProcesses,
    ) -> Generator[tuple[T, RunRecord], None, None]:
        cluster = self.request.cluster
        place: StoredPlace[T] | None = None
        if cluster is not None:
            place = ClusterStored(cluster, kind)
        elif self.request.jobs > 1:
            place = ForkedStored(processes, kind, runtime)
        if place is None:
            yield from replayed_here(items, kind)
            return
        replays = StoredReplays(place, kind, runtime, recorder.rules)
        self.here = replays.here
        total = len(items) if isinstance(items, Sized) else self.total
        yield from replays.replayed(items, total)

    def renewals(self, recorder: CaseRecorder) -> StoredKind[StoredRun]:
        """How stored runs are replayed."""
        program, wanted = self.program, self._wanted()

        def record(number: int, old: StoredRun, run: Run) -> RunRecord:
            (made,) = recorder.corpus.records(old.name, [run])
            made.row = renewed(old, run, wanted, self.now, self.redact, world=made.world)
            return made

        return StoredKind(
            lambda old: replayed_run(program, old, wanted.code),
            record,
            lambda old, reason: not_replayed_run(program, old, reason),
            lambda old, verdict: seen_in(program, scenario_in(program, old), verdict),
            row_in_bytes,
            row_from_bytes,
        )

    def replays_of_scenarios(self, recorder: CaseRecorder) -> StoredKind[Scenario]:
        """How scenarios are replayed."""
        program = self.program

        def replay(scenario: Scenario) -> Run:
            ((_, run),) = replayed_scenarios(program, [scenario])
            return run

        def record(number: int, scenario: Scenario, run: Run) -> RunRecord:
            (made,) = recorder.records(NumberedCase(f"{SCENARIOS}/{scenario.id}", number, ()), [run])
            return made

        return StoredKind(
            replay,
            record,
            lambda scenario, reason: not_replayed(program.seams[scenario.seam], scenario, reason),
            lambda scenario, verdict: seen_in(program, scenario, verdict),
            lambda scenario: to_line(scenario, codec_of(program)).encode(),
            lambda line: from_line(line, codec_of(program), program.runtime.book),
        )

    def _chosen(self) -> list[Scenario]:
        scenarios, damaged = stored_scenarios(self.program, self.scenarios)
        self.damaged += [str(line) for line in damaged]
        self.damaged += [
            f"scenario {one.id}: the app declares no seam {one.seam}"
            for one in scenarios
            if one.seam not in self.program.seams
        ]
        return [one for one in self._limited(scenarios) if one.seam in self.selection.seams]

    def row(self, name: str, run: Run, whole: bool) -> StoredRun:
        """What is kept of a run of the case of that name."""
        return stored_run(
            run,
            name,
            self.now,
            self.code,
            self.rules_digest,
            redact=self.redact,
            body=whole,
            counts=False,
        )

    def _limited(self, scenarios: list[Scenario]) -> list[Scenario]:
        options = self.request.options
        wanted = [one for one in scenarios if options.only is None or one.id == options.only]
        return wanted[: options.limit]

    def _wanted(self) -> Wanted:
        options = self.request.options
        return Wanted(self.selection.seams, self.code, self.rules_digest, options.only, options.limit)
