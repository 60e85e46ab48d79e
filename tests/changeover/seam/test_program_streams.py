"""What a path does to standard output and error ends no command, and is the same on both sides or is told."""

import io
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict
from tests.programs.process import run_python

NAMES = ("stdout", "stderr", "__stdout__", "__stderr__")
ENDINGS = {
    "closed": "getattr(sys, name).close()",
    "detached": "getattr(sys, name).detach()",
    "none": "setattr(sys, name, None)",
    "broken": "setattr(sys, name, Broken())",
    "its bytes closed": "getattr(sys, name).buffer.close()",
    "left": "with getattr(sys, name): pass",
}
APP = """
import sys
from io import StringIO
from changeover import Case, Migration

migration = Migration()


class Broken(StringIO):
    def write(self, text):
        raise OSError("the stream is broken")


def path(number, name={name!r}):
    {ending}
    print("said", number)
    print("said", number, file=sys.stderr)
    return number


def plain(number):
    return number


send = migration.seam("shop.send", legacy={legacy}, candidate={candidate})


@migration.source("numbers", population="generated")
def numbers(options):
    for number in range(3):
        yield Case(f"n-{{number}}", lambda number=number: send(number))
"""


def compared(folder: Path, **parts: str) -> subprocess.CompletedProcess[str]:
    (folder / "pyproject.toml").write_text('[tool.changeover]\napp = "shop:migration"\n')
    (folder / "shop.py").write_text(APP.format(**parts))
    command = ["-m", "changeover", "compare", "--source", "numbers"]
    return run_python(command, timeout=60, cwd=folder, text=True)


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS.keys())
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("side", ["legacy", "candidate", "both"])
def test_a_command_shows_its_screen_whatever_a_path_does_to_the_streams(
    tmp_path: Path, ending: str, name: str, side: str
) -> None:
    parts = {one: "path" if side in (one, "both") else "plain" for one in ("legacy", "candidate")}

    done = compared(tmp_path, ending=ending, name=name, **parts)

    assert "shop.send " in done.stdout, done.stderr
    assert "comparisons in" in done.stderr
    assert "defect" not in done.stderr
    assert done.returncode in (0, 1, 3)
    if side == "both":
        assert "No divergence in 3 comparisons" in done.stdout


def test_what_a_case_did_to_the_streams_is_gone_when_the_next_begins(tmp_path: Path) -> None:
    done = compared(
        tmp_path, ending="print('open', file=sys.stdout); sys.stdout.close(); sys.stdout = sys.stderr",
        name="stdout", legacy="path", candidate="path",
    )  # fmt: skip

    assert done.returncode == 0, done.stdout
    assert done.stderr.count("open") == 3


def close_and_say() -> str:
    sys.stdout.close()
    try:
        print("said")
    except ValueError as error:
        return str(error)
    return "said"


def say() -> str:
    try:
        print("said")
    except ValueError as error:
        return str(error)
    return "said"


def shadowed(legacy: Callable[[], object], candidate: Callable[[], object], times: int) -> list[Run]:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    seam = migration.seam("s", legacy=legacy, candidate=candidate)
    for _ in range(times):
        seam()
    return runs


def test_a_stream_that_the_replayed_path_closes_stays_open_for_the_program() -> None:
    with redirect_stdout(io.StringIO()) as stream:
        runs = shadowed(say, close_and_say, 2)
        print("still", end="")

    assert stream.getvalue() == "said\nsaid\nstill"
    assert [run.verdict for run in runs] == [Verdict.DIVERGED] * 2


@pytest.mark.parametrize("path", [close_and_say, lambda: str(say()), lambda: sys.stdout.closed])
def test_the_same_code_matches_also_after_a_run_has_closed_the_stream(path: Callable[[], object]) -> None:
    with redirect_stdout(io.TextIOWrapper(io.BytesIO())) as stream:
        first, *others = shadowed(close_and_say, close_and_say, 2)
        later = shadowed(path, path, 3)

    assert stream.closed
    assert {run.verdict for run in (first, *others, *later)} == {Verdict.VACUOUS}


def test_bytes_that_the_replayed_path_writes_below_a_stream_are_kept_and_go_nowhere() -> None:
    def path() -> int:
        text = io.TextIOWrapper(sys.stdout.buffer, write_through=True)
        text.write("said\n")
        text.detach()
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
        return 1

    below = io.BytesIO()
    stream = io.TextIOWrapper(below, write_through=True)
    with redirect_stdout(stream):
        (run,) = shadowed(lambda: 1, path, 1)

    assert stream.detach() is below
    assert below.getvalue() == b""
    assert run.candidate is not None
    assert [str(line) for line in run.candidate.logged] == ["stdout: said"]
    assert run.verdict is Verdict.VACUOUS
