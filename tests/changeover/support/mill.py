"""A small project at the end of its migration: old and new code, a seam, a plan, and a recorded scenario."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from hashlib import sha256
from importlib import invalidate_caches
from io import StringIO
from pathlib import Path

from changeover.cli.main import main
from changeover.removal.candidate_alone import Alone
from changeover.removal.candidate_alone import main as alone_main

PHASES = """\
[migration]
name = "mill"
legacy = ["mill.legacy"]
code = ["mill"]

[migration.removal]
delete = ["src/mill/legacy.py", "src/mill/compat.py", "migration", "removal.patch"]
patch = "removal.patch"
check = [{check}]
timeout_s = {timeout_s}

[[phase]]
name = "grinding"
seams = ["mill.grind"]
"""
APP = """\
from mill.compat import grind


def main():
    return grind(3)
"""
PATCH = """\
--- a/src/mill/app.py
+++ b/src/mill/app.py
@@ -1 +1 @@
-from mill.compat import grind
+from mill.handlers import grind
"""
LEGACY = """\
class Stone:
    def turn(self, sacks):
        from mill.scales import scales
        return sum(scales.weigh(number) for number in range(sacks))


def grind(sacks):
    return Stone().turn(sacks)
"""
HANDLERS = """\
from mill.scales import scales


def grind(sacks):
    return sum(scales.weigh(number) for number in range(sacks))
"""
SCALES = """\
class Scales:
    def weigh(self, number: int) -> int:
        return 50 + number


scales = Scales()
"""
EAGER = """\
from pathlib import Path

from changeover import Case, Migration
from mill import handlers, legacy
from mill.scales import scales

migration = Migration.load(Path(__file__).parents[2] / "migration")
migration.port("scales", scales, reads={"weigh"})
grind = migration.seam("mill.grind", legacy=legacy.grind, candidate=handlers.grind)


@migration.source("days", population="generated")
def days(options):
    for number in range(1, 3):
        yield Case(f"day-{number}", lambda number=number: grind(number))
"""
LAZY = (
    EAGER.replace("import handlers, legacy", "import handlers")
    .replace("legacy=legacy.grind", "legacy=old")
    .replace(
        "migration = ",
        "def old(sacks):\n    from mill.legacy import grind\n    return grind(sacks)\n\n\nmigration = ",
    )
)
SOUND = "\"python -c 'import mill.app; assert mill.app.main() == 153'\""


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Mill:
    """The project in a folder."""

    root: Path

    def run(self, *arguments: str) -> Answer:
        """The command in this process."""
        out, err = StringIO(), StringIO()
        with chdir(self.root), redirect_stdout(out), redirect_stderr(err), _as_the_command(arguments):
            try:
                main()
            except SystemExit as end:
                code = end.code
        assert isinstance(code, int)
        return Answer(code, out.getvalue(), err.getvalue())

    def alone(self, how: str = "blocked") -> Alone:
        """What the process says that replays the candidate alone, here and now."""
        answer = self.root / "answer.json"
        with chdir(self.root), _as_the_command(()):
            assert alone_main([str(self.root), str(answer), how, "mill.legacy"]) == 0
        return Alone(**json.loads(answer.read_text()))

    def write(self, name: str, text: str) -> None:
        """One file."""
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def digest(self) -> str:
        """Of every file's name and content."""
        total = sha256()
        for path in sorted(self.root.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and ".changeover" not in path.parts:
                total.update(f"{path.relative_to(self.root)}\0".encode() + path.read_bytes())
        return total.hexdigest()


@contextmanager
def _as_the_command(arguments: tuple[str, ...]) -> Iterator[None]:
    kept = (list(sys.argv), list(sys.path), dict(os.environ))
    sys.argv = ["changeover", *arguments]
    for name in [name for name in os.environ if name.startswith("CHANGEOVER_")]:
        del os.environ[name]
    invalidate_caches()
    try:
        yield
    finally:
        sys.argv, sys.path[:] = kept[0], kept[1]
        os.environ.clear()
        os.environ.update(kept[2])
        for name in [name for name in sys.modules if name == "mill" or name.startswith("mill.")]:
            del sys.modules[name]


def mill_in(folder: Path, *, compat: str = EAGER, check: str = SOUND, timeout_s: int = 60) -> Mill:
    """The project, with two scenarios recorded."""
    mill = Mill(folder)
    for name, text in {
        "pyproject.toml": '[tool.changeover]\napp = "mill.compat:migration"\n',
        "removal.patch": PATCH,
        "migration/phases.toml": PHASES.format(check=check, timeout_s=timeout_s),
        "src/mill/__init__.py": "",
        "src/mill/app.py": APP,
        "src/mill/scales.py": SCALES,
        "src/mill/legacy.py": LEGACY,
        "src/mill/handlers.py": HANDLERS,
        "src/mill/compat.py": compat,
    }.items():
        mill.write(name, text)
    recorded = mill.run(
        "scenarios", "record", "--source", "days", "--output", "migration/scenarios/days.jsonl"
    )
    assert recorded.code == 0, recorded
    return mill
