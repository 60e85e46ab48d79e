"""`changeover kill`: legacy answers every new run; needs nothing but the migration's folder."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from changeover.cli.move_options import (
    dry_run_option,
    folder_to_go_back_in,
    free_reason_option,
    near,
    place_for,
    reason_option,
    warn,
    who_moves,
    who_option,
)
from changeover.cli.output import say, show
from changeover.rollout.kill_switch import read_kill_switch, switch_kill_off, switch_kill_on
from changeover.settings import REFRESH_S


@click.command("kill")
@free_reason_option
@who_option
@dry_run_option
def command(reason: str, who: str | None, dry_run: bool) -> None:
    """Let legacy answer every new run of every phase, whatever the flags say.

    For example: changeover kill --reason "orders look wrong"
    """
    place = place_for(folder_to_go_back_in(), dry_run=dry_run)
    entry = switch_kill_on(place.directory, who_moves(who), reason, datetime.now(UTC), place=place)
    show(f"kill switch on   {near(place.kill)}" + ("" if entry else "   (it was on already)") + "\n")
    show(f"legacy answers every new run from now on, within {REFRESH_S:g} s in processes that run\n")
    show("runs that have begun finish as they are; a phase whose legacy is gone stays with the candidate\n")
    show('undo        changeover unkill --reason "..."\n')
    if dry_run:
        say("dry run: nothing was changed; without --dry-run exactly this is done")


@click.command("unkill")
@reason_option
@who_option
@dry_run_option
def unkill_command(reason: str, who: str | None, dry_run: bool) -> None:
    """Switch the kill switch off: every phase is again where flags.json has it.

    For example: changeover unkill --reason "it was the price feed"
    """
    place = place_for(folder_to_go_back_in(), dry_run=dry_run)
    entry = switch_kill_off(place.directory, who_moves(who), reason, datetime.now(UTC), place=place)
    if entry is None:
        show("kill switch off already; nothing was changed\n")
    else:
        show(f"kill switch off   {near(place.kill)}\n")
        show(f"the flags decide again, within {REFRESH_S:g} s in processes that run: changeover status\n")
        show('undo        changeover kill --reason "..."\n')
    variable = read_kill_switch(None).variable
    if variable is not None:
        warn(f"{variable} is set in this environment, and kills whatever runs in it all the same")
    if dry_run:
        say("dry run: nothing was changed; without --dry-run exactly this is done")
