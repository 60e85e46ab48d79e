"""`changeover worker`."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

import click

from changeover.api import worker as verbs
from changeover.cli.options import format_option, jobs_option, once_option
from changeover.cli.output import is_quiet, quiet, show_result
from changeover.cli.written_out import standard_error
from changeover.operate.replay_pool import DEADLINE_S, MEMORY_BYTES
from changeover.views.text.worker import WorkerProgress, worker_screen

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


class Duration(click.ParamType):  # type: ignore[type-arg]  # generic in some versions alone
    """`90`, `90s`, `5m`, `1h`, in seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds."""
        if isinstance(value, float | int):
            return float(value)
        match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|min|h)?", str(value).strip())
        if match is None:
            self.fail(f"was {value!r}, allowed: a number with s, m or h, such as 60s", param, ctx)
        return float(match[1]) * _SECONDS[match[2] or ""]


@click.command("worker")
@jobs_option
@once_option
@click.option("--for", "seconds", type=Duration(), metavar="TIME", help="end after this time, such as 60s")
@click.option(
    "--deadline",
    type=Duration(),
    default=DEADLINE_S,
    metavar="TIME",
    help=f"how long one replay may take; {DEADLINE_S:g}s unless given",
)
@click.option(
    "--memory",
    type=click.IntRange(min=1),
    default=MEMORY_BYTES // 1024**2,
    show_default=True,
    metavar="MB",
    help="how much memory one replay may take",
)
@click.option(
    "--metrics",
    metavar="HOST:PORT",
    help="let Prometheus read there what it does; without a host from this machine alone",
)
@format_option
def worker_command(format_: str, **options: Any) -> None:
    """Replay what programs have recorded (mode = "worker"), in processes of its own, and keep the evidence.

    Works until it is stopped; SIGTERM ends it after the runs that are under way. Exits 0 whatever differs:
    the evidence says that, and `changeover status`; 3 where runs wait that it could not replay.

    For example: changeover worker --once
    """
    quiet()
    progress = WorkerProgress(standard_error(), is_quiet=is_quiet())
    summary = verbs.work(listener=progress, **options)
    show_result(format_, "worker", summary, asdict, worker_screen)
    raise click.exceptions.Exit(summary.exit_code)
