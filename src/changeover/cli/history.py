"""`changeover history`: who moved what; and whether that agrees with where the phases stand."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import click

from changeover.cli.move_options import (
    folder_to_go_back_in,
    place_for,
    stages_to_go_back_by,
    who_moves,
    who_option,
)
from changeover.cli.output import format_option, say, show, show_json
from changeover.flips.repair import repair
from changeover.flips.standing import read_standing
from changeover.rollout.history import entries_of, entry_data, read_lines
from changeover.rollout.verify import Agreement, Finding, agreement
from changeover.views.layout import ink_for
from changeover.views.text.history import agreement_screen, history_screen

LAST_SHOWN = 50


@click.command("history")
@click.option(
    "--last",
    type=click.IntRange(min=1),
    default=LAST_SHOWN,
    show_default=True,
    metavar="N",
    help="so many lines of it, the latest",
)
@click.option("--verify", is_flag=True, help="do flags.json and history.jsonl agree; exits 1 where not")
@click.option("--repair", "mend", is_flag=True, help="add the lines that the history lacks, then verify")
@who_option
@format_option
def command(last: int, verify: bool, mend: bool, who: str | None, format_: str) -> None:
    """Who moved what, when, why, and on which evidence.

    For example: changeover history --verify
    """
    directory = folder_to_go_back_in()
    place, stages = place_for(directory, dry_run=False), stages_to_go_back_by(directory)
    if mend:
        added = repair(place, stages, who_moves(who), datetime.now(UTC))
        say(f"added {added} to {place.history}" if added else "nothing that a line could mend")
    lines = read_lines(place.history)
    entries = entries_of(lines)
    found = agreement(read_standing(place.flags, stages), lines)
    if format_ == "json":
        damaged = [line.problem for line in lines if line.entry is None]
        shown = [entry_data(entry) for entry in entries[-last:]]
        show_json({"entries": shown, "damaged": damaged, "agreement": _as_json(found)})
    elif verify or mend:
        show(agreement_screen(found))
    else:
        left_out = max(0, len(entries) - last)
        problems = [finding.text for finding in found.findings]
        show(history_screen(entries[-last:], left_out, problems, ink_for(sys.stdout)))
    raise click.exceptions.Exit(1 if (verify or mend) and not found.agrees else 0)


def _as_json(found: Agreement) -> dict[str, Any]:
    return {
        "agrees": found.agrees,
        "revision": found.revision,
        "findings": [_finding(one) for one in found.findings],
        "known": [_finding(one) for one in found.known],
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {"line": one.line, "finding": one.text, "repair": one.repair}
