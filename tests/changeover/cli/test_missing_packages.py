"""A package that is not installed is one sentence that names it, never a traceback, and stops no kill."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.changeover.support.projects import shop_in

BLOCKED = """
import sys
class Blocked:
    def find_spec(self, name, *_):
        if name.partition(".")[0] in {packages!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocked())
sys.argv = ["changeover", *{arguments!r}]
from changeover.cli.main import main
main()
"""
COMMANDS = {
    "compare": ["compare", "--runs", "3"],
    "compare with a page": ["compare", "--runs", "3", "--report", "page.html"],
    "explain": ["explain"],
    "report": ["report"],
    "status": ["status"],
    "gate": ["gate", "shelf"],
    "doctor": ["doctor"],
    "schema": ["schema", "phases"],
}
NEEDS = {
    "compare": {"click", "rich", "structlog"},
    "compare with a page": {"click", "jinja2", "rich", "structlog"},
    "explain": {"click", "deepdiff", "rich"},
    "report": {"click", "jinja2"},
    "status": {"click"},
    "gate": {"click"},
    "doctor": {"click", "pydantic"},
    "schema": {"click", "pydantic"},
}
PACKAGES = set[str]().union(*NEEDS.values())


def missed(name: str) -> list[str]:
    """Without click no command is known yet, and a page is asked of the command that `compare` has tried."""
    before = {"compare with a page": NEEDS["compare"], "status": set[str]()}.get(name, {"click"})
    return sorted(NEEDS[name] - before)


def test_every_package_is_missed_by_some_command() -> None:
    assert {one for name in COMMANDS for one in missed(name)} == PACKAGES


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with evidence in its store."""
    shop = shop_in(tmp_path_factory.mktemp("shop"))
    assert shop.run("compare", "--runs", "3", planted="dear").code == 1
    return shop.root


def run_without(packages: set[str], arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCKED.format(packages=packages, arguments=arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_that_needs_a_missing_package_says_so_and_needs_no_other(name: str, compared: Path) -> None:
    for package in missed(name):
        done = run_without({package}, COMMANDS[name], compared)
        sentence = f"changeover: {package} is not installed for {sys.executable}, and this needs it: "
        assert done.stderr.startswith(f'{sentence}python -m pip install "{package}'), done.stderr
        assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, "")
    done = run_without(PACKAGES - NEEDS[name], COMMANDS[name], compared)
    assert done.returncode != 2, done.stderr
    assert "Traceback" not in done.stderr, done.stderr


def test_help_and_kill_need_nothing_but_click(compared: Path) -> None:
    packages = {"pydantic", "structlog", "rich", "deepdiff", "jinja2"}
    assert run_without(packages, ["--help"], compared).returncode == 0
    done = run_without(packages, ["kill", "--reason", "a test"], compared)
    assert done.returncode == 0, done.stderr
    assert run_without(packages, ["unkill", "--reason", "a test"], compared).returncode == 0
