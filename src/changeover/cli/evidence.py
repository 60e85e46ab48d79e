"""`changeover evidence`: stores of several machines joined, and what a store may forget."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from changeover.cli.output import format_option, show, show_json
from changeover.errors import ConfigurationError
from changeover.evidence.store.store import NOWHERE, StoreProblem, store_path
from changeover.project import find_project
from changeover.settings import STORE_VARIABLE
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
    from changeover.evidence.store.maintenance import join

    path = _store()
    for file in files:
        if not file.is_file():
            raise ConfigurationError(str(file), "is no file, allowed: the stores of other machines")
        if path.exists() and file.samefile(path):
            raise ConfigurationError(str(file), "is this store itself, allowed: the stores of other machines")
    try:
        joined = join(path, files, dry_run=dry_run)
    except StoreProblem as problem:
        raise ConfigurationError(str(problem), "nothing was taken") from problem
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
    from changeover.evidence.store.maintenance import StoreLimits, prune_store, usual_limits

    path = _store()
    if not path.exists():
        raise ConfigurationError(str(path), "is no store yet: changeover compare")
    usual = usual_limits(datetime.now(UTC))
    limits = StoreLimits(
        usual.before if before is None else before.replace(tzinfo=UTC),
        usual.runs_max,
        usual.bytes_max if keep_bytes is None else keep_bytes,
    )
    try:
        done = prune_store(path, limits, corpora_too=before is not None, dry_run=dry_run)
    except StoreProblem as problem:
        raise ConfigurationError(str(path), f"cannot be pruned: {problem.why}") from problem
    if format_ == "json":
        show_json("evidence-prune", {"store": str(path), "dry_run": dry_run, **asdict(done)})
        return
    verb = "would forget" if dry_run else "forgot"
    show(
        f"{verb} {plural(done.runs, 'run')} in production, {plural(done.corpora, 'comparison')}, the values "
    )
    show(f"of {plural(done.bodies, 'run')} and the tapes of {done.tapes:,}\n")
    show(f"{'used':<12}{done.bytes_before:,} -> {done.bytes_after:,} bytes in {path}\n")


def _store() -> Path:
    path = store_path(find_project(Path.cwd(), os.environ).root)
    if path == NOWHERE:
        raise ConfigurationError(STORE_VARIABLE, "was none, needed: sqlite:///PATH, or nothing")
    return path
