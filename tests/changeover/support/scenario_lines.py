"""Scenarios of a migration in this process, as lines of a file, and what comes of them later."""

from __future__ import annotations

from collections.abc import Iterable

from changeover import Migration, Run
from changeover.evidence.case_runner import recorded
from changeover.evidence.scenario_replay import alone, codec_of, replayed_scenarios
from changeover.evidence.sources import SourceOptions
from changeover.record.scenario_file import from_line, to_line
from changeover.redaction.redactor import Redactor
from changeover.values.observation import Side


def scenario_lines(migration: Migration, source: str, redact: Iterable[str] = ()) -> list[bytes]:
    """All cases of a source, recorded here and now."""
    options = SourceOptions(None, 0, "tape", Side.LEGACY, None)
    made = recorded(migration, source, options, (), Redactor.of(redact, {}, None).run)
    return [to_line(scenario, codec_of(migration)).encode() for scenario in made]


def replayed_lines(migration: Migration, lines: Iterable[bytes], *, is_alone: bool = False) -> list[Run]:
    """What the paths of another migration make of the lines: both, or the candidate alone."""
    scenarios = [from_line(line, codec_of(migration), migration.runtime.book) for line in lines]
    way = alone if is_alone else replayed_scenarios
    return [run for _, run in way(migration, scenarios)]
