"""`changeover init`: a commented migration folder."""

from __future__ import annotations

import os
from pathlib import Path

import click

from changeover.cli.output import say, show
from changeover.project import find_project
from changeover.settings import PLAN_FILE, RULES_FILE
from changeover.values.atomic_file import write_file

PHASES = """\
# The plan: phases in order, the seams of each, and what must be shown before a phase moves on.

[migration]
name = "my-migration"
legacy = []                 # packages that will be removed, such as "shop.legacy"
code = []                   # packages that evidence is about, such as "shop"

# [[phase]]
# name = "orders"
# title = "Convert the order desk"
# seams = ["orders.place"]
# requires = []             # phases that must be at least as far
#
# [phase.gate.live]         # what is left out here is asked as strictly as by default: docs/gate.md
# corpus = { sources = ["history"], tags = ["sold-out"] }
# production = { rate_max = 0.01, span_days = 20 }
"""
RULES = """\
# How places are compared where strict equality is not meant. Every rule has a reason.

[defaults]
types = "strict"            # strict | numeric | loose

# [[rule]]
# path = "result.total"
# abs = "0.01"
# reason = "the old code rounds each line, the new code rounds the sum"
# until = 2027-03-31        # optional; an expired rule is an error
"""
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
    project = find_project(Path.cwd(), os.environ)
    for name, content in ((PLAN_FILE, PHASES), (RULES_FILE, RULES)):
        path = project.directory / name
        if path.exists():
            say(f"kept     {path}")
            continue
        if not dry_run:
            write_file(path, content.encode())
        say(f"{'would write' if dry_run else 'wrote'}    {path}")
    if project.app is None:
        show(f"# for pyproject.toml:\n{PYPROJECT}")
