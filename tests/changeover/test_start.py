"""docs/start.md does what it says: its files, its commands, and what they print."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.changeover.support.doc_pages import mend
from tests.changeover.support.lean_pytest import WITHOUT_OTHER_PLUGINS

PAGE = Path(__file__).parents[2] / "docs" / "start.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w/]+\.py)`")


def blocks() -> Iterator[tuple[str, str, str]]:
    """Kind, the file that the text before it names last, and content of every code block."""
    text, end, file = PAGE.read_text(encoding="utf-8"), 0, ""
    for found in BLOCK.finditer(text):
        named = FILE.findall(text[end : found.start()])
        file, end = named[-1] if named else file, found.end()
        yield found[1], file, found[2]


def without_times(output: str) -> str:
    """pytest says how long it took, and some versions repeat a failure's first line as far as it fits."""
    output = re.sub(r"in \d+\.\d+s", "in 0.00s", output)
    return re.sub(r"^(FAILED \S+).*$", r"\1", output, flags=re.MULTILINE).strip()


def run(command: str, folder: Path) -> str:
    words = command.split()
    assert words[0] == "pytest", f"a command that this test does not know: {command}"
    kept = ("PATH", "SYSTEMROOT", "TEMP", "TMP")
    environment = {name: os.environ[name] for name in kept if name in os.environ} | {"COLUMNS": "80"}
    ended = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=environment | WITHOUT_OTHER_PLUGINS | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return ended.stdout + ended.stderr


def test_the_first_page_a_stranger_reads_does_what_it_says(tmp_path: Path) -> None:
    compared = 0
    for kind, file, content in blocks():
        if kind == "python":
            (tmp_path / file).write_text(content, encoding="utf-8")
        elif kind == "diff":
            mend(tmp_path / file, content)
        else:
            command, _, shown = content.removeprefix("$ ").partition("\n")
            if command.startswith("pip install"):
                continue
            shutil.rmtree(tmp_path / ".pytest_cache", ignore_errors=True)
            assert without_times(run(command, tmp_path)) == without_times(shown), command
            compared += 1
    assert compared == 3


def test_the_program_on_the_page_has_about_forty_lines() -> None:
    program = next(content for kind, file, content in blocks() if file == "shop.py")
    assert len([line for line in program.splitlines() if line.strip()]) <= 40


def test_what_is_installed_on_the_page_is_this_project() -> None:
    installed = next(content for kind, _, content in blocks() if kind == "sh")
    project = (PAGE.parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    assert installed == "$ pip install changeover pytest\n"
    assert 'name = "changeover"\n' in project
