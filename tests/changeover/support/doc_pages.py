"""Pages of docs/ that are run as they stand: their files, their commands, and what these print."""

import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.changeover.support.lean_pytest import WITHOUT_OTHER_PLUGINS
from tests.programs.process import run_python

DOCS = Path(__file__).parents[3] / "docs"
LEFT_OUT = "..."
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"`([\w/.]+\.(?:py|toml|patch))`")
_OWN_TO_EVERY_RUN = (
    (re.compile(r"\b[0-9a-f]{32}\b|\b[0-9a-f]{7}\b"), "DIGEST"),
    (re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\dZ)?)?"), "WHEN"),
    (re.compile(r"\d+(\.\d+)? ?s\b"), "SECONDS"),
    (re.compile(r"[\d,]+ bytes"), "BYTES"),
    (re.compile(r" +"), " "),
)


@dataclass(frozen=True)
class Block:
    """One code block; `file` is what the text before it names last."""

    kind: str
    file: str
    content: str


def blocks(page: str) -> Iterator[Block]:
    """All code blocks of a page, in order."""
    text, end, file = (DOCS / page).read_text(encoding="utf-8"), 0, ""
    for found in _BLOCK.finditer(text):
        named = _FILE.findall(text[end : found.start()])
        file, end = named[-1] if named else file, found.end()
        yield Block(found[1], file, found[2])


def commands(content: str) -> Iterator[tuple[str, list[str]]]:
    """The commands of a block, each with the lines that the page shows after it."""
    for part in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
        command, *shown = part.rstrip("\n").split("\n")
        yield command, shown


def run(command: str, folder: Path, environment: Mapping[str, str]) -> list[str]:
    """What a command of this project says on standard output, and its exit code where it is not 0."""
    name, *words = shlex.split(command)
    program = {"changeover": ["-m", "changeover"], "pytest": ["-m", "pytest"], "python": []}[name]
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "TMP") if name in os.environ}
    ended = run_python(
        [*program, *words],
        cwd=folder,
        env={**kept, **WITHOUT_OTHER_PLUGINS, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert "Traceback" not in ended.stderr, ended.stderr
    lines: list[str] = ended.stdout.rstrip("\n").split("\n")
    if ended.returncode and name != "pytest" and not lines[-1].startswith("exit"):
        lines.append(f"exit {ended.returncode}")
    return lines


def mend(file: Path, changes: str) -> None:
    """Do what a diff says: its lines stand once in the file."""
    lines = changes.splitlines()
    old = "\n".join(line[1:] for line in lines if line.startswith("-"))
    new = "\n".join(line[1:] for line in lines if line.startswith("+"))
    program = file.read_text(encoding="utf-8")
    assert program.count(old) == 1
    file.write_text(program.replace(old, new), encoding="utf-8")


def same(shown: list[str], said: list[str]) -> bool:
    """Whether the page shows what was said, but for times and digests, and for lines that it leaves out."""
    pattern = "\n".join(".*" if line == LEFT_OUT else re.escape(_everyday(line)) for line in shown)
    pattern = pattern.replace("\n.*\n", "\n(.*\n)?").replace("\n.*", "(\n.*)?")
    return re.fullmatch(pattern, "\n".join(map(_everyday, said)), re.DOTALL) is not None


def _everyday(line: str) -> str:
    for pattern, word in _OWN_TO_EVERY_RUN:
        line = pattern.sub(word, line)
    return line.strip()
