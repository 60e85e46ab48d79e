"""A project whose app has a line of one's own where a program may do what it likes."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from importlib import invalidate_caches
from pathlib import Path

from tests.changeover.support.projects import Answer, Shop
from tests.programs.process import run_python

PHASES = """\
[migration]
name = "own"
code = ["own_app"]

[[phase]]
name = "double"
number = 1
seams = ["double"]
"""
APP = """\
{at_import}
from changeover import Case, Migration

migration = Migration.load("migration")


class Prices:
    def of(self, number):
        {in_port}
        return 2


prices = Prices()
migration.port("prices", Prices, reads={{"of"}})


def legacy(number):
    {in_legacy}
    return number * prices.of(number)


def candidate(number):
    {in_candidate}
    return number * prices.of(number)


double = migration.seam("double", legacy=legacy, candidate=candidate)


def case(number):
    {in_case}
    return double(number)


def count_of(options):
    {in_count}
    return 5


@migration.source("cases", population="generated"{options})
def cases(options):
    for number in range(5):
        {in_source}
        yield Case(f"case-{{number}}", lambda number=number: case(number))


{at_end}
"""


@dataclass
class OwnApp:
    """Every part is a line of Python, which does nothing unless it is given."""

    root: Path
    at_import: str = "pass"
    in_port: str = "pass"
    in_legacy: str = "pass"
    in_candidate: str = "pass"
    in_case: str = "pass"
    in_count: str = ""
    in_source: str = "pass"
    at_end: str = ""
    options: str = ""
    attribute: str = "migration"
    phases: str = PHASES
    pyproject: str = ""
    rules: str = field(default="")

    def __post_init__(self) -> None:
        names = ("at_import", "in_port", "in_legacy", "in_candidate", "in_case", "in_source", "at_end")
        parts = {name: getattr(self, name) for name in names}
        options = f"{self.options}, count=count_of" if self.in_count else self.options
        text = APP.format(**parts, in_count=self.in_count or "pass", options=options)
        (self.root / "own_app.py").write_text(text)
        tool = f'[tool.changeover]\napp = "own_app:{self.attribute}"\n{self.pyproject}'
        (self.root / "pyproject.toml").write_text(tool)
        (self.root / "migration").mkdir(exist_ok=True)
        (self.root / "migration" / "phases.toml").write_text(self.phases)
        if self.rules:
            (self.root / "migration" / "rules.toml").write_text(self.rules)

    def run(self, *arguments: str, **environment: str) -> Answer:
        """The command in this process, on an app that is imported anew."""
        sys.modules.pop("own_app", None)
        invalidate_caches()
        try:
            return Shop(self.root).run(*arguments, **environment)
        finally:
            sys.modules.pop("own_app", None)

    def process(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """The command in a process of its own."""
        return self.python("-m", "changeover", *arguments, **environment)

    def python(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Python in the folder of the project."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
        return run_python(
            arguments,
            cwd=self.root,
            env={**kept, "PYTHONDONTWRITEBYTECODE": "1", **environment},
            text=True,
            timeout=60,
        )
