"""`changeover waive`."""

from __future__ import annotations

import os
import sys

import click

from changeover.api.waive import waive
from changeover.cli.output import format_option, show, show_json
from changeover.views.layout import screen_for
from changeover.views.text.waive import waived_screen


@click.command("waive")
@click.argument("name", metavar="CLUSTER")
@click.option("--owner", required=True, help="who answers for it")
@click.option("--until", required=True, metavar="DATE", help="the last day it holds, such as 2027-01-31")
@click.option("--reason", required=True, help="why it may be, for now")
@click.option("--dry-run", is_flag=True, help="only say what would be written")
@format_option
def command(name: str, owner: str, until: str, reason: str, dry_run: bool, format_: str) -> None:
    """Accept a difference for now. It shows nothing from then on, and after that day its gate fails.

    An effect that differs cannot be waived.

    For example: changeover waive e41b7c --owner kim --until 2027-01-31 --reason "legacy rounds twice"
    """
    done = waive(name, owner=owner, until=until, reason=reason, dry_run=dry_run)
    waiver, cluster, shown = done.waiver, done.cluster, os.path.relpath(done.file)
    if format_ == "json":
        about = {"cluster": waiver.cluster, "seam": cluster.seam, "place": cluster.place, "file": shown}
        entry = {"owner": waiver.owner, "reason": waiver.reason, "until": waiver.until.isoformat()}
        show_json("waive", {"written": done.is_written, **about, **entry})
        return
    show(waived_screen(waiver, cluster, shown, screen_for(sys.stdout), dry_run=dry_run))
