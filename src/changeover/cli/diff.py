"""`changeover diff`: two files of recorded outputs, and no wiring."""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path

import click

from changeover.cli.output import format_option, show, show_json
from changeover.compare.file_diff import diff_files
from changeover.compare.rules import STRICT
from changeover.project import find_project
from changeover.screens.diff import diff_json, diff_screen
from changeover.views.layout import ink_for


@click.command("diff")
@click.argument("old", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("new", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--by", "by", metavar="KEY", required=True, help="fields that join the rows: symbol or symbol,side"
)
@format_option
def command(old: Path, new: Path, by: str, format_: str) -> None:
    """Compare two files of recorded outputs (JSON lines, JSON, CSV) with the rules of this project.

    To the rules a column is result[*].NAME. Exits 0, 1 where rows differ, 3 where some could not be compared.

    For example: changeover diff old.jsonl new.jsonl --by symbol
    """
    project = find_project(Path.cwd(), os.environ)
    rules = project.rules(date.today()) or STRICT
    names = [name.strip() for name in by.split(",") if name.strip()]
    if not names:
        raise click.BadParameter(f"was {by!r}, allowed: one or more names, with commas", param_hint="--by")
    found = diff_files(old, new, names, rules)
    if format_ == "json":
        show_json(diff_json(found))
    else:
        show(diff_screen(found, old.name, new.name, names, ink_for(sys.stdout)))
    differs = found.differing or found.only_old or found.only_new
    nothing = found.not_compared or not (found.old_rows or found.new_rows)
    raise click.exceptions.Exit(1 if differs else 3 if nothing else 0)
