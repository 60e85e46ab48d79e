"""`init`: a commented migration folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from changeover.project import Project, open_project
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


@dataclass(frozen=True, slots=True)
class InitialFiles:
    """The files of a migration folder, and whether each is new; `app` is what pyproject.toml names, if so."""

    files: dict[Path, bool]
    app: str | None


def init(*, dry_run: bool = False, project: str | Path | Project = ".") -> InitialFiles:
    """Write a commented migration folder; files that are there already stay as they are.

    Args:
        dry_run: write nothing.
        project: a folder of the project, or the project.

    Raises:
        ConfigurationError: pyproject.toml is wrong.

    Example:
        changeover.init(project="shop")
    """
    found = open_project(project)
    files = {}
    for name, content in ((PLAN_FILE, PHASES), (RULES_FILE, RULES)):
        path = found.directory / name
        files[path] = not path.exists()
        if files[path] and not dry_run:
            write_file(path, content.encode())
    return InitialFiles(files, found.app)
