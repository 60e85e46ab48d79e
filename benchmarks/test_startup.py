"""What starting a command costs, against an empty click program; with compiled bytecode, as installed.

Measured is the processor time of the child, which other programs disturb less than its duration.
"""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.changeover.support.projects import Shop, shop_in

EMPTY = "import click\n@click.group()\ndef main():\n    pass\nmain(prog_name='empty')"
OURS = "from changeover.cli.main import main; main()"  # as the installed script does
ROUNDS = 15


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A project with evidence and two moves; the commands find the bytecode that these runs leave."""
    shop = shop_in(tmp_path_factory.mktemp("startup"))
    for line in (
        ["compare", "--source", "days"],
        ["flip", "shelf", "shadow", "--force", "--reason", "a benchmark"],
        ["rollback", "shelf"],
    ):
        start(shop.root, "-c", OURS, *line)
    return shop


def start(folder: Path, *arguments: str) -> None:
    wanted = {"PYTHONDONTWRITEBYTECODE", "CHANGEOVER_DIR", "CHANGEOVER_STORE"}
    environment = {name: value for name, value in os.environ.items() if name not in wanted}
    subprocess.run(  # noqa: S603  this interpreter
        [sys.executable, *arguments],
        cwd=folder,
        env={**environment, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")},
        capture_output=True,
        check=False,
    )


def children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.benchmark(group="start of a command", timer=children_s)
class TestStart:
    def test_empty_click_program(self, benchmark: BenchmarkFixture, shop: Shop) -> None:
        program = (shop.root, "-c", EMPTY, "--help")
        benchmark.pedantic(start, program, rounds=ROUNDS, warmup_rounds=1)  # type: ignore[no-untyped-call]

    @pytest.mark.parametrize(
        "command",
        ["--help", "kill --help", "kill --dry-run", "rollback --all --dry-run", "history", "status"],
    )
    def test_ours(self, benchmark: BenchmarkFixture, shop: Shop, command: str) -> None:
        arguments = (shop.root, "-c", OURS, *command.split())
        benchmark.pedantic(start, arguments, rounds=ROUNDS, warmup_rounds=1)  # type: ignore[no-untyped-call]
