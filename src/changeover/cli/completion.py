"""`changeover completion`: let a shell complete the command."""

from __future__ import annotations

import click

from changeover.cli.completing import INSTALL, SHELLS, completer
from changeover.cli.options import format_option
from changeover.cli.output import say, show, show_json


@click.command("completion")
@click.argument("shell", metavar="SHELL", type=click.Choice(list(SHELLS)))
@format_option
def completion_command(shell: str, format_: str) -> None:
    """Print the script that lets bash, zsh or fish complete commands, options and names.

    Phases, seams, stages, sources, clusters and scenarios are read from files of the project; the program is
    not imported, nothing is written, and where something is wrong the shell stays silent.

    For example: changeover completion bash
    """
    script = completer(shell, click.get_current_context().find_root().command).source()
    if format_ == "json":
        show_json("completion", {"shell": shell, "script": script, "install": INSTALL[shell]})
    else:
        show(script)
        say(f"for every shell from now on: {INSTALL[shell]}")
