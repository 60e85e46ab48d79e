"""`changeover kill` and `changeover unkill`."""

from __future__ import annotations

import click

from changeover.cli.move_options import dry_run_option, free_reason_option, reason_option, who_option
from changeover.cli.output import say_dry_run, show, warn
from changeover.project import near
from changeover.settings import REFRESH_S


@click.command("kill")
@free_reason_option
@who_option
@dry_run_option
def command(reason: str, who: str | None, dry_run: bool) -> None:
    """Let legacy answer every new run of every phase, whatever the flags say.

    For example: changeover kill --reason "orders look wrong"
    """
    from changeover.api.kill import kill

    switch = kill(reason=reason, who=who, dry_run=dry_run, warn=warn)
    show(f"kill switch on   {near(switch.file)}" + ("" if switch.entry else "   (it was on already)") + "\n")
    show(f"legacy answers every new run from now on, within {REFRESH_S:g} s in processes that run\n")
    show("runs that have begun finish as they are; a phase whose legacy is gone stays with the candidate\n")
    show('undo        changeover unkill --reason "..."\n')
    say_dry_run(dry_run)


@click.command("unkill")
@reason_option
@who_option
@dry_run_option
def unkill_command(reason: str, who: str | None, dry_run: bool) -> None:
    """Switch the kill switch off: every phase is again where flags.json has it.

    For example: changeover unkill --reason "it was the price feed"
    """
    from changeover.api.kill import unkill

    switch = unkill(reason=reason, who=who, dry_run=dry_run, warn=warn)
    if switch.entry is None:
        show("kill switch off already; nothing was changed\n")
    else:
        show(f"kill switch off   {near(switch.file)}\n")
        show(f"the flags decide again, within {REFRESH_S:g} s in processes that run: changeover status\n")
        show('undo        changeover kill --reason "..."\n')
    if switch.caveat is not None:
        warn(switch.caveat)
    say_dry_run(dry_run)
