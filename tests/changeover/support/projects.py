"""Projects in a folder of their own, and the command line run on them as a user does."""

import os
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib import invalidate_caches
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from changeover.cli.main import main

PHASES = """\
[migration]
name = "shop-on-events"
code = ["shop"]

[[phase]]
name = "shelf"
number = 2
seams = ["shelf.refill"]

[phase.gate.shadow]
corpus = { sources = ["days"], tags = ["full", "short", "sold-out"] }

[[phase]]
name = "cleanup"
number = 3
"""
SHOP = Path(__file__).parent / "shop.py"


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Shop:
    """A project whose app is the small shop."""

    root: Path

    def run(self, *arguments: str, planted: str = "", **environment: str) -> Answer:
        """The command in this process, with an environment, a working folder and modules of its own."""
        out, err = StringIO(), StringIO()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
        with (
            chdir(self.root),
            redirect_stdout(out),
            redirect_stderr(err),
            patch.dict(os.environ, {**kept, "SHOP_PLANTED": planted, **environment}, clear=True),
            patch.object(sys, "argv", ["changeover", *arguments]),
            patch.object(sys, "path", list(sys.path)),
        ):
            invalidate_caches()
            try:
                main()
            except SystemExit as end:
                code = end.code
            finally:
                sys.modules.pop("shop", None)
        assert isinstance(code, int)
        return Answer(code, out.getvalue(), err.getvalue())


def shop_in(folder: Path) -> Shop:
    """A new project: pyproject.toml, the app, and a plan."""
    (folder / "shop.py").write_bytes(SHOP.read_bytes())
    (folder / "pyproject.toml").write_text('[tool.changeover]\napp = "shop:migration"\n')
    (folder / "migration").mkdir()
    (folder / "migration" / "phases.toml").write_text(PHASES)
    return Shop(folder)
