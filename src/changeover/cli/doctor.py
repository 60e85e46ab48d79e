"""`changeover doctor`."""

from __future__ import annotations

import sys

import click

from changeover.api.doctor import doctor
from changeover.cli.output import format_option, quiet, show, show_json
from changeover.views.layout import screen_for
from changeover.views.text.doctor import doctor_screen


@click.command("doctor")
@format_option
def command(format_: str) -> None:
    """Say what is in effect, where every value comes from, and what is wrong; exits 1 where something is.

    Every problem of every configuration file is listed at once; exits 2 where the app cannot be loaded.

    For example: changeover doctor
    """
    quiet()
    found = doctor()
    if format_ == "json":
        show_json("doctor", {"facts": found.facts, "problems": found.problems, "not_seen": found.not_seen})
    else:
        show(doctor_screen(found.facts, found.problems, found.not_seen, screen_for(sys.stdout)))
    raise click.exceptions.Exit(found.exit_code)
