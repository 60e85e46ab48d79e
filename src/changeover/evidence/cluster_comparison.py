"""A comparison as it is told to the processes of a cluster, and as they make it again from that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from changeover.compare.rules import STRICT
from changeover.evidence.blind_spot_search import BlindSpotSearch
from changeover.evidence.case_recorder import CaseRecorder
from changeover.evidence.case_runner import Selection
from changeover.evidence.comparison_totals import Corpus
from changeover.evidence.program_interface import Program, ProjectFiles, comparison_runtime
from changeover.evidence.sent_runs import RecordKind
from changeover.evidence.source_cases import BUILT_IN, Request, SourceCases
from changeover.evidence.sources import Source, SourceOptions
from changeover.evidence.store.records import STORE
from changeover.evidence.store.store import NOWHERE
from changeover.evidence.stored_replays import StoredKind
from changeover.quick_dataclass import dataclass
from changeover.redaction.redacted_runs import FitRuns
from changeover.redaction.redactor import Redactor
from changeover.rollout.plan_file import redact_paths_of
from changeover.rollout.waivers import Waivers, load_waivers
from changeover.seam.judge import Waived
from changeover.seam.runtime import Runtime
from changeover.settings import SCENARIOS_FOLDER, WAIVERS_FILE
from changeover.values.observation import Side


def told_of_comparison(
    cases: SourceCases, redactor: Redactor, today: date, today_utc: date
) -> dict[str, Any]:
    """A comparison of a source as JSON, with the secrets that are to be redacted: for the cluster alone."""
    options = cases.request.options
    return {
        "source": cases.source.name,
        "population": cases.source.population,
        "seams": cases.selection.seams,
        "phases": sorted(cases.selection.phases),
        "on_itself": str(options.answer) if cases.request.noise else None,
        "only": options.only,
        "code": cases.code,
        "rules": cases.rules_digest,
        "now": cases.now.isoformat(),
        "today": today.isoformat(),
        "today_utc": today_utc.isoformat(),
        "redaction": redactor.handed_over(),
    }


def told_of_search(today: date, alike_max: int | None) -> dict[str, Any]:
    """A search for blind spots as JSON."""
    return {"today": today.isoformat(), "alike_max": alike_max}


@dataclass(slots=True)
class ToldSearch:
    """A search for blind spots, made again elsewhere."""

    project: ProjectFiles
    program: Program
    told: Mapping[str, Any]
    on_itself: Side | None = None

    def runtime(self) -> Runtime:
        """The one of the search."""
        rules = self.project.rules(date.fromisoformat(self.told["today"])) or STRICT
        return comparison_runtime(self.program, rules)

    def kind(self) -> RecordKind[Any]:
        """What is wanted of runs; of each share anew, as nobody knows which of the others were looked at."""
        rules = self.project.rules(date.fromisoformat(self.told["today"])) or STRICT
        return BlindSpotSearch(self.program, rules, alike_max=self.told["alike_max"]).kind

    def forget(self) -> None:
        """A case is over."""


@dataclass
class ToldComparison:
    """A comparison of a source made again elsewhere; the project, its code and files are the same there."""

    project: ProjectFiles
    program: Program
    told: Mapping[str, Any]
    on_itself: Side | None = field(init=False)

    def __post_init__(self) -> None:
        on_itself = self.told["on_itself"]
        self.on_itself = None if on_itself is None else Side(on_itself)

    def runtime(self) -> Runtime:
        """The one of the comparison."""
        told = self.told
        rules = self.project.rules(date.fromisoformat(told["today"]))
        changes: dict[str, Any] = {}
        if told["source"] not in BUILT_IN:
            changes = {"population": told["population"], "on_itself": self.on_itself}
        return comparison_runtime(self.program, rules, self._waivers, **changes)

    def kind(self) -> RecordKind[Any]:
        """What is wanted of runs."""
        return self._recorder.kind

    @property
    def stored(self) -> StoredKind[Any]:
        """How stored runs, or scenarios, are replayed."""
        made = self._cases.renewals if self.told["source"] == STORE else self._cases.replays_of_scenarios
        return made(self._recorder)

    def forget(self) -> None:
        """A case is over."""
        self._cases.redact.forget()

    @cached_property
    def _waivers(self) -> Waived:
        today = date.fromisoformat(self.told["today_utc"])
        return Waivers(load_waivers(self.project.directory / WAIVERS_FILE, today))

    @cached_property
    def _cases(self) -> SourceCases:
        told, program = self.told, self.program
        redactor = Redactor.like(redact_paths_of(program.plan), told["redaction"])
        options = SourceOptions(only=told["only"])
        return SourceCases(
            program,
            Source(told["source"], told["population"], lambda _: ()),
            Request((), options, noise=self.on_itself is not None, fail_fast=False),
            Selection(frozenset(told["phases"]), tuple(told["seams"])),
            self.project.rules(date.fromisoformat(told["today"])),
            self.project.directory / SCENARIOS_FOLDER,
            NOWHERE,
            told["code"],
            told["rules"],
            datetime.fromisoformat(told["now"]),
            FitRuns(redactor.run),
            self._waivers,
        )

    @cached_property
    def _recorder(self) -> CaseRecorder:
        corpus = Corpus(self._cases.rules or STRICT, redact=self._cases.redact)
        return CaseRecorder(corpus, self._cases.row, lambda: True)
