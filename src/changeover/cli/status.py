"""`changeover status`."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from time import sleep
from types import FrameType
from typing import Any

import click

from changeover.api import status as verbs
from changeover.cli.options import format_option
from changeover.cli.output import quiet, result_screen, result_stream, show_result
from changeover.errors import ChangeoverError
from changeover.views.json import gate_json
from changeover.views.layout import Screen, wrapped
from changeover.views.text.recorded import RecordedStatus
from changeover.views.text.status import PhaseStatus, Status, status_screen

LOOK_S = 0.5
"""Between two looks at what may have changed."""


@click.command("status")
@click.option(
    "--check", is_flag=True, help="exit 1 where something is wrong or a gate fails, 3 where one cannot tell"
)
@click.option("--watch", is_flag=True, help="show it again whenever it changes, until Ctrl-C")
@format_option
def status_command(check: bool, watch: bool, format_: str) -> None:
    """Where every phase stands, on what evidence, what is next, what blocks it; problems first.

    With --watch a terminal always has the latest, within two seconds; where there is none each screen that
    differs from the last one is printed below it. Ctrl-C ends it, and so does SIGTERM: exit code 0, with
    --check the one of the last screen.

    For example: changeover status --check
    """
    quiet()
    if watch and format_ == "json":
        raise click.BadOptionUsage("--watch", "was given with --format json, allowed: with --format text")
    found = verbs.status()
    if watch:
        last = _watch(found)
        raise click.exceptions.Exit(last.exit_code if check else 0)
    show_result(format_, "status", found, status_json, status_screen)
    raise click.exceptions.Exit(found.exit_code if check else 0)


def _watch(found: Status) -> Status:
    """Show every change until somebody ends it; gives what was seen last."""
    from changeover.api.watching import StatusWatch
    from changeover.views.text.live import LiveScreen

    stream = result_stream()
    looks, live = StatusWatch(), LiveScreen(stream, lambda: datetime.now(UTC))
    problem: ChangeoverError | None = None
    try:
        with _ended_by_sigterm():
            while True:
                seen = looks.look()
                if isinstance(seen, ChangeoverError):
                    problem = seen
                elif seen is not None:
                    found, problem = seen, None
                screen = result_screen()
                live.show(status_screen(found, screen) if problem is None else _why(problem, screen), screen)
                sleep(LOOK_S)
    except KeyboardInterrupt:
        return found
    finally:
        live.close()


def _why(problem: ChangeoverError, screen: Screen) -> str:
    return "".join(f"{line}\n" for line in wrapped(f"! {problem}", screen.width, "  "))


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Meanwhile SIGTERM is what Ctrl-C is, so that the terminal is given back."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


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
