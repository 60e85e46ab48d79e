"""What `tempfile` makes belongs to the path."""

from __future__ import annotations

import gc
import os
import tempfile
from pathlib import Path
from typing import Any

from tests.changeover.packs.files.file_ways import judged


def test_what_a_replay_made_for_a_while_takes_nothing_of_the_program_away(folder: Path) -> None:
    def path(at: Path, delete: bool) -> str:
        beside = tempfile.TemporaryDirectory(dir=at)
        named = tempfile.NamedTemporaryFile(dir=at, delete=delete)
        Path(beside.name, "x").write_text("x")
        alive.append((beside, named))
        if not delete:
            named.close()
        names.extend((beside.name, named.name))
        return beside.name

    alive: list[Any] = []
    names: list[str] = []
    run = judged(folder, lambda at: path(at, delete=False), lambda at: path(at, delete=True))
    assert (len(alive), names[:2]) == (2, names[2:])
    alive.pop()
    gc.collect()
    assert [Path(name).exists() for name in names] == [True] * 4
    assert "is still open" in (run.reason or "")
    alive[0][0].cleanup()


def test_names_of_temporary_files_are_those_of_the_answering_path(folder: Path) -> None:
    def path(at: Path) -> str:
        descriptor, name = tempfile.mkstemp(dir=at)
        os.close(descriptor)
        return name

    assert judged(folder, path, lambda at: path(at)).verdict == "match"

    def two(at: Path) -> str:
        Path(path(at)).unlink()
        return path(at)

    run = judged(folder, lambda at: path(at), two)
    assert run.verdict == "unsafe"
