"""Ways in which the processes of a program end, each with what is kept of the runs that it offered.

A program notes every call in a file of its own when it begins and when it has its answer: what the toolkit
says of kept and lost runs is held against that.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

from changeover.evidence.store.store import read_evidence
from changeover.values.verdict import Verdict
from tests.changeover.support.ending_programs import APP, PLAN, PYTHON, Way

PATIENCE_S = 120.0
_NOT_HANDED_ON = ("CHANGEOVER_", "PYTEST_")


@dataclass(frozen=True, slots=True)
class Figures:
    """What a program offered, by its own notes, and what became of it."""

    begun: int
    answered: int
    differed: int
    kept: int
    kept_differing: int
    lost: int

    def plus(self, other: Figures) -> Figures:
        """Both together."""
        return Figures(*(one + two for one, two in zip(astuple(self), astuple(other), strict=True)))

    def problem(self, *, may_lose: bool = False, is_cut: bool = False) -> str | None:
        """What is wrong with them; `may_lose` where a disk was full, `is_cut` where it ended within a run."""
        told = self.kept + self.lost
        wanted = range(self.answered, (self.begun if is_cut else self.answered) + 1)
        if told not in wanted:
            return f"kept {self.kept} + lost {self.lost} = {told}, offered {self.answered} to {wanted[-1]}"
        if self.lost > (self.begun - self.answered) and not may_lose:
            return f"{self.lost} were lost"
        if self.kept_differing < self.differed and not may_lose:
            return f"{self.kept_differing} of {self.differed} differing runs were kept"
        return None


@contextmanager
def open_folder() -> Iterator[Path]:
    """An empty one that a program under another user may enter as well."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def run_way(way: Way, folder: Path, runs: int, *, port: int = 8765, after_s: float | None = None) -> Figures:
    """End a program in this way, in an empty folder, and read what it left."""
    end_program(way, folder, runs, port, after_s)
    return figures(folder)


def end_program(way: Way, folder: Path, runs: int, port: int = 8765, after_s: float | None = None) -> None:
    """Run a program in an empty folder, end it in this way, and leave what it left as it is."""
    names = {"PORT": str(port), "N": str(runs)}
    main = f"import os, signal, sys\nfrom app import pay, some\nN = {runs}\n"
    files = {"app.py": APP, "migration/phases.toml": PLAN, "main.py": main + way.program, **way.files}
    if way.ask:
        files["ask.py"] = f"N, PORT = {runs}, {port}\n{way.ask}"
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(dedent(text))
    command = [part.format(**names) for part in way.command] or [PYTHON, "main.py"]
    with (folder / "stderr").open("w") as said:
        started = subprocess.Popen(
            command,
            cwd=folder,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith(_NOT_HANDED_ON)},
                **names,
                "CHANGEOVER_STAGE_PAY": "shadow",
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONPATH": ".",
            },
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
        )
    try:
        if way.ask:
            subprocess.run([PYTHON, "ask.py"], cwd=folder, check=True, timeout=PATIENCE_S)
        if way.signal is not None:
            after = way.after_s if after_s is None else after_s
            _wait(lambda: size(folder / "begun") > 0 if after else answered(folder) >= runs)
            time.sleep(after or 0.0)
            (os.killpg if way.to_all else os.kill)(started.pid, way.signal)
        started.wait(PATIENCE_S)
    finally:
        _end_all(started)
    for path in (folder / ".changeover", folder / ".changeover" / "spool"):
        if path.is_dir():
            path.chmod(0o700)


def _wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not until():
        if time.monotonic() > end:
            raise TimeoutError("the program did not answer all runs in time")
        time.sleep(0.02)


def _end_all(started: subprocess.Popen[bytes]) -> None:
    """Nothing that was started here may go on."""
    try:
        while True:
            os.killpg(started.pid, signal.SIGKILL)
            time.sleep(0.01)
            started.poll()
    except (ProcessLookupError, PermissionError):
        return


def size(path: Path) -> int:
    """How many bytes, 0 for no file."""
    return path.stat().st_size if path.exists() else 0


def answered(folder: Path) -> int:
    """How many calls of a program had their answer."""
    return size(folder / "same") + size(folder / "differed")


def figures(folder: Path, state: Path | None = None) -> Figures:
    """What the notes of a program say, and what its state folder has."""
    evidence = read_evidence((state or folder / ".changeover") / "evidence.db")
    if evidence.problem is not None:
        raise AssertionError(evidence.problem)
    differing = sum(group.runs for group in evidence.groups if group.verdict is Verdict.UNSAFE)
    return Figures(
        size(folder / "begun"),
        answered(folder),
        size(folder / "differed"),
        evidence.runs,
        differing,
        evidence.lost,
    )


def without_power(folder: Path, state: Path, seed: float) -> None:
    """Copy what a program left as a cut of power may leave it: of the spool no more than some beginning."""
    drawn = random.Random(seed)  # noqa: S311  (where it is cut is no secret)
    shutil.copytree(folder / ".changeover", state)
    for file in (state / "spool").glob("*.frames"):
        os.truncate(file, drawn.randint(0, file.stat().st_size))
