"""The cases of one source, whatever it is: the app's own, scenarios that are kept, or stored runs."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from changeover.compare.rules import Rules
from changeover.evidence.case_runner import CaseDone, Selection, compared_cases, stored_cases
from changeover.evidence.program_interface import Program
from changeover.evidence.renewal import Wanted, renewed_cases, stale_runs
from changeover.evidence.scenario_replay import stored_scenarios
from changeover.evidence.sources import Source, SourceOptions
from changeover.evidence.store.records import STORE, StoredRun
from changeover.evidence.store.rows_of_runs import WHOLE, stored_run
from changeover.record.scenario_file import Scenario
from changeover.redaction.redacted_runs import FitRuns
from changeover.seam.judge import Waived
from changeover.settings import SCENARIOS_FOLDER as SCENARIOS

BUILT_IN = {
    SCENARIOS: Source(SCENARIOS, "recorded", lambda _: (), "scenarios"),
    STORE: Source(STORE, "production", lambda _: (), "runs"),
}


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for."""

    names: tuple[str, ...]
    options: SourceOptions
    noise: bool
    fail_fast: bool


@dataclass(slots=True)
class SourceCases:
    """Runs them one by one. `damaged` says which of the scenarios could not be read."""

    program: Program
    source: Source
    request: Request
    selection: Selection
    rules: Rules | None
    scenarios: Path
    store: Path
    code: str | None
    rules_digest: str
    now: datetime
    redact: FitRuns
    waived: Waived
    damaged: list[str] = field(default_factory=list)

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

    def done(self) -> Generator[tuple[CaseDone, StoredRun | None], None, None]:
        """Every case when it is done, and of a stored run the row that renews it."""
        if self.source.name == STORE:
            yield from renewed_cases(
                self.program, self.store, self._wanted(), self.rules, self.now, self.redact, self.waived
            )
            return
        with closing(self._compared()) as cases:
            for done in cases:
                yield done, None

    def _compared(self) -> Generator[CaseDone, None, None]:
        options = self.request.options
        if self.source.name != SCENARIOS:
            return compared_cases(
                self.program,
                self.source,
                options,
                self.selection,
                rules=self.rules,
                noise=self.request.noise,
                waived=self.waived,
            )
        scenarios, damaged = stored_scenarios(self.program, self.scenarios)
        self.damaged += [str(line) for line in damaged]
        self.damaged += [
            f"scenario {one.id}: the app declares no seam {one.seam}"
            for one in scenarios
            if one.seam not in self.program.seams
        ]
        return stored_cases(self.program, self._limited(scenarios), self.selection, self.rules, self.waived)

    def rows(self, done: CaseDone, *, sampled: bool, bodies: bool) -> list[StoredRun]:
        """What is kept of a case: whole if it diverged, failed or is sampled, while `bodies` are taken."""
        return [
            stored_run(
                run,
                done.name,
                self.now,
                self.code,
                self.rules_digest,
                redact=self.redact,
                body=bodies and (sampled or run.verdict in WHOLE),
                counts=False,
            )
            for run in done.runs
        ]

    def _limited(self, scenarios: list[Scenario]) -> list[Scenario]:
        options = self.request.options
        wanted = [one for one in scenarios if options.only is None or one.id == options.only]
        return wanted[: options.limit]

    def _wanted(self) -> Wanted:
        options = self.request.options
        return Wanted(self.selection.seams, self.code, self.rules_digest, options.only, options.limit)
