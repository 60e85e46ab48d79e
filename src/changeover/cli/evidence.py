"""`changeover evidence import` and `changeover evidence prune`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from changeover.api.evidence import import_evidence, prune_evidence
from changeover.cli.output import format_option, show, show_json
from changeover.views.layout import plural


@click.group("evidence")
def command() -> None:
    """What gates decide on: stores of other machines taken in, and what is old forgotten."""


@command.command("import", short_help="take in the stores of other machines")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--dry-run", is_flag=True, help="only say what would be taken")
@format_option
def import_(files: tuple[Path, ...], dry_run: bool, format_: str) -> None:
    """Take in the runs, comparisons and reviews of other stores, each once; of a wrong file nothing is taken.

    For example: changeover evidence import /srv/one/evidence.db /srv/two/evidence.db
    """
    found = import_evidence(*files, dry_run=dry_run)
    path, joined = found.store, found.taken
    if format_ == "json":
        show_json("evidence-import", {"store": str(path), "dry_run": dry_run, **asdict(joined)})
        return
    verb = "would take" if dry_run else "took"
    show(f"{verb} {plural(joined.runs, 'run')} in production, {plural(joined.corpora, 'comparison')}, ")
    show(f"{plural(joined.reviews, 'review')} that {path} did not have\n")


@command.command("prune", short_help="forget what is old, and give the space back")
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="forget what was before this day (UTC)",
)
@click.option(
    "--keep-bytes",
    type=click.IntRange(min=0),
    metavar="N",
    help="bodies, then tapes, then runs, until it fits",
)
@click.option("--dry-run", is_flag=True, help="only say what would be forgotten")
@format_option
def prune(before: datetime | None, keep_bytes: int | None, dry_run: bool, format_: str) -> None:
    """Forget the oldest evidence and give its space back; with no option what every write forgets in time.

    For example: changeover evidence prune --before 2026-01-01 --dry-run
    """
    found = prune_evidence(before=before, keep_bytes=keep_bytes, dry_run=dry_run)
    path, done = found.store, found.forgotten
    if format_ == "json":
        show_json("evidence-prune", {"store": str(path), "dry_run": dry_run, **asdict(done)})
        return
    verb = "would forget" if dry_run else "forgot"
    show(
        f"{verb} {plural(done.runs, 'run')} in production, {plural(done.corpora, 'comparison')}, the values "
    )
    show(f"of {plural(done.bodies, 'run')} and the tapes of {done.tapes:,}\n")
    show(f"{'used':<12}{done.bytes_before:,} -> {done.bytes_after:,} bytes in {path}\n")
