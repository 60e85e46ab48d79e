"""A service that answers calmly, and whose candidate does what each call names; for a worker.

`python hostile_service.py` answers requests of JSON, one a line. With `alone NAME GIVEN` it is no service: it
does that deed with nothing around it. `HOSTILE_WITHOUT` names levels of isolation that its replays are to be
without, as on a system that has none of them.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from changeover import Migration
from changeover.operate import confinement
from tests.changeover.support.hostile_deeds import DEEDS
from tests.changeover.support.hostile_deeds_in_c import DEEDS_IN_C
from tests.changeover.support.hostile_deeds_of_processes import DEEDS_OF_PROCESSES
from tests.changeover.support.hostile_paths import HOSTILE, Path_
from tests.changeover.support.hostile_program_state import BUFFER
from tests.changeover.support.program_view import program


def calm(given: dict[str, Any]) -> object:
    return {"answer": [1]}


PATHS: dict[str, Path_] = {**HOSTILE, **DEEDS, **DEEDS_OF_PROCESSES, **DEEDS_IN_C, "is calm": calm}
signals: list[int] = []
replayed: list[str] = []

for _level in os.environ.get("HOSTILE_WITHOUT", "").split():
    _functions = {"limits": "_limit", "landlock": "_forbid_writing", "seccomp": "filter_calls"}
    setattr(confinement, _functions[_level], lambda *_, **__: False)


def legacy(deed: str, given: dict[str, Any]) -> object:
    return {"answer": [1]}


def candidate(deed: str, given: dict[str, Any]) -> object:
    replayed.append(deed)
    return PATHS[deed](given)


ROOT = Path(__file__).parent
migration = Migration.load(ROOT / "migration") if (ROOT / "migration").exists() else Migration()
act = migration.seam("hostile.act", legacy=legacy, candidate=candidate, key=lambda deed, given: deed)


def view() -> dict[str, str]:
    """What the program can see of itself, and what others did to it."""
    seen = {
        **program(),
        "signals received": [*signals],
        "replays in it": [*replayed],
        "memory": BUFFER.raw,
        "descriptors": _descriptors(),
        "threads": [one.name for one in threading.enumerate() if not one.name.startswith("changeover-")],
        "out of memory": Path("/proc/self/oom_score_adj").read_text(),
    }
    return {name: repr(part) for name, part in seen.items()}


def _descriptors() -> list[str]:
    """Where each leads, but for those of the toolkit, whose threads open and close theirs at any time."""
    found = []
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208
        with suppress(OSError):  # of the listing itself
            found.append(f"{number} {os.readlink(f'/proc/self/fd/{number}')}")  # noqa: PTH115
    return sorted(one for one in found if ".changeover" not in one)


def serve() -> None:
    signal.signal(signal.SIGUSR1, lambda number, _: signals.append(number))
    print(json.dumps({"pid": os.getpid(), "address": ctypes.addressof(BUFFER)}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if "deed" in asked:
            answer: object = act(asked["deed"], asked["given"])
        else:
            answer = view()
        print(json.dumps({"answer": answer}), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["alone"]:
        PATHS[sys.argv[2]](json.loads(sys.argv[3]))
    else:
        sys.modules["hostile_service"] = sys.modules["__main__"]
        serve()
