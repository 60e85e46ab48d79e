"""`changeover init`."""

from __future__ import annotations

import click

from changeover.api.init import init
from changeover.cli.output import say, show

PYPROJECT = """\
[tool.changeover]
app = "shop.compat:migration"     # module:attribute, a Migration or a function that gives one
directory = "migration"
"""


@click.command("init")
@click.option("--dry-run", is_flag=True, help="only say what would be written")
def command(dry_run: bool) -> None:
    """Write a commented migration folder; files that are there already stay as they are.

    For example: changeover init --dry-run
    """
    made = init(dry_run=dry_run)
    for path, is_new in made.files.items():
        if is_new:
            say(f"{'would write' if dry_run else 'wrote'}    {path}")
        else:
            say(f"kept     {path}")
    if made.app is None:
        show(f"# for pyproject.toml:\n{PYPROJECT}")
