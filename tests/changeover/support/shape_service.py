"""A service whose two paths are the same code, which answers by what its process is; for a worker.

Standard input has one call a line: the name of what is asked for, and what the candidate adds to a number.
`BEGIN` names what is otherwise in this process from its start on.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from changeover import Migration
from tests.changeover.support.environment_shapes import ENVIRONMENTS, NOTHING, RATES

ROOT = Path(__file__).parent
migration = Migration.load(ROOT / "migration")


def _answer(asked: str, number: int) -> dict[str, Any]:
    return {"asked": None if asked == NOTHING else ENVIRONMENTS[asked].answer(), "number": number}


def legacy(asked: str, planted: int) -> dict[str, Any]:
    return _answer(asked, 1)


def candidate(asked: str, planted: int) -> dict[str, Any]:
    return _answer(asked, 1 + planted)


ask = migration.seam(
    "shapes.ask", legacy=legacy, candidate=candidate, key=lambda asked, planted: f"{asked}|{planted}"
)


def serve() -> None:
    for name in filter(None, os.environ.get("BEGIN", "").split("|")):
        begin = ENVIRONMENTS[name].begin
        if begin is not None:
            begin()
    for line in sys.stdin:
        name, planted = line.split()
        ask(name.replace("_", " "), int(planted))
        print(f"{os.getpid()} 0", flush=True)
    RATES.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.modules["shape_service"] = sys.modules["__main__"]
    serve()
