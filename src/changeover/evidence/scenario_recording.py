"""Scenarios recorded from the cases of a source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from changeover.evidence.case_runner import CaseDone, compared_cases, select
from changeover.evidence.program import Program
from changeover.evidence.sources import SourceOptions
from changeover.record.run import Run
from changeover.record.scenario_file import Scenario, scenario_of


def recorded(
    program: Program,
    source: str,
    options: SourceOptions,
    seams: tuple[str, ...],
    redact: Callable[[Run], Run],
) -> Iterator[Scenario]:
    """Of each case the last run of each seam (none named: all), named SOURCE/CASE/SEAM; no stage is changed.

    `redact` takes out what must not be written. Raises DeclarationError for an unknown source,
    ConfigurationError for an unknown seam or case.
    """
    chosen = program.sources.named(source)
    for done in compared_cases(program, chosen, options, select(program, seams), rules=None, noise=False):
        yield from _last_of_each_seam(done, redact)


def _last_of_each_seam(done: CaseDone, redact: Callable[[Run], Run]) -> Iterator[Scenario]:
    for run in {run.seam: run for run in done.runs}.values():
        scenario = scenario_of(redact(run))
        tags = tuple(dict.fromkeys((*done.tags, *scenario.tags)))
        yield replace(scenario, id=f"{done.name}/{run.seam}", tags=tags)
