"""`changeover status`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from changeover.api import status as verbs
from changeover.cli.output import format_option, quiet, show_result
from changeover.views.json import gate_json
from changeover.views.text.recorded import RecordedStatus
from changeover.views.text.status import PhaseStatus, Status, status_screen


@click.command("status")
@click.option(
    "--check", is_flag=True, help="exit 1 where something is wrong or a gate fails, 3 where one cannot tell"
)
@format_option
def status_command(check: bool, format_: str) -> None:
    """Where every phase stands, on what evidence, what is next, what blocks it; problems first.

    For example: changeover status --check
    """
    quiet()
    found = verbs.status()
    show_result(format_, "status", found, status_json, status_screen)
    raise click.exceptions.Exit(found.exit_code if check else 0)


def status_json(status: Status) -> dict[str, Any]:
    """What `--format json` prints."""
    return {
        "problems": list(status.problems),
        "notices": list(status.notices),
        "phases": [_phase_json(phase) for phase in status.phases],
        "next": [
            {**gate_json(step.verdict), "waits": step.waits or None, "only_waits": step.only_waits}
            for step in status.steps
        ],
        "production": [
            asdict(found) | {"since": found.since.isoformat(), "last": found.last.isoformat()}
            for found in status.production
        ],
        "production_on_other_code": status.other_code,
        "flags": status.flags,
        "soon": status.soon,
        "go_back": status.back,
        "recorded": None if status.recorded is None else _recorded_json(status.recorded),
        "exit_code": status.exit_code,
    }


def _recorded_json(recorded: RecordedStatus) -> dict[str, Any]:
    seen_at = recorded.seen_at
    return asdict(recorded) | {"seen_at": None if seen_at is None else seen_at.isoformat()}


def _phase_json(phase: PhaseStatus) -> dict[str, Any]:
    return {
        "number": phase.number,
        "name": phase.name,
        "stage": str(phase.setting),
        "answers": phase.answers,
        "distinct_in_corpora": phase.corpus_worlds,
        "distinct_in_production": phase.production_worlds,
        "checks": None if phase.checks is None else {"passed": phase.checks[0], "of": phase.checks[1]},
        "next": None if phase.following is None else str(phase.following),
    }
