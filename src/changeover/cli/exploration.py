"""`changeover explore`: the candidate under other orders of its events."""

from __future__ import annotations

from typing import Any

import click

from changeover.api import exploration as verbs
from changeover.cli.options import (
    complete_with,
    format_option,
    jobs_option,
    run_option,
    runs_option,
    seed_option,
    source_option,
    world_option,
)
from changeover.cli.output import is_quiet, say, show_result
from changeover.cli.written_out import standard_error
from changeover.errors import need_package
from changeover.views.text.explore import ExploreProgress, explore_json, explore_screen


@click.command("explore")
@click.argument("seam", metavar="SEAM", shell_complete=complete_with("seam_names"))
@source_option()
@runs_option(1)
@run_option()
@click.option(
    "--schedules",
    type=click.IntRange(min=1),
    default=verbs.SCHEDULES,
    show_default=True,
    help="so many for each case: all orders first, then some that are drawn",
)
@click.option("--schedule", metavar="TURNS", help="this one alone, as it was printed: 4:2,5+,6!")
@world_option
@seed_option
@jobs_option
@format_option
def explore_command(seam: str, format_: str, **options: Any) -> None:
    """Replay the candidate on one tape under many orders of its events, and compare each time.

    Every event may come twice, late, or only after a restart. A schedule that differs is made as small as
    possible. No stage is changed. Exits 0 where nothing differs, 1 where something does, 3 where something
    could not be compared, or no bus asks for the order of its deliveries.

    For example: changeover explore trading.workflow --schedules 10000
    """
    need_package("structlog")  # a program runs without it; the log of a comparison keeps its fields
    explored = verbs.explore(seam, listener=ExploreProgress(standard_error(), is_quiet=is_quiet()), **options)
    show_result(format_, "explore", explored, explore_json, explore_screen)
    rate = explored.tried / explored.seconds if explored.seconds else 0.0
    say(f"{explored.tried:,} schedules in {explored.seconds:.1f} s ({rate:.0f} a second)")
    if explored.problem is not None:
        say(f"not kept as evidence: {explored.problem}")
    raise click.exceptions.Exit(explored.exit_code)
