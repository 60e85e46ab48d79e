"""A path may import what nobody imported before: what Python compiles for it is no effect of the path."""

import asyncio
import sys
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("prefix", ["", "elsewhere"], ids=["beside its source", "elsewhere"])
def test_the_bytecode_of_a_first_import_is_no_effect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prefix: str, stage: str, is_async: bool
) -> None:
    (tmp_path / "imported_late.py").write_text("ONE = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / prefix) if prefix else None)
    invalidate_caches()
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append)

    def knows(number: int) -> int:
        return number

    def imports(number: int) -> Any:
        sys.modules.pop("imported_late", None)
        return import_module("imported_late").ONE * number

    async def knows_async(number: int) -> int:
        return knows(number)

    async def imports_async(number: int) -> Any:
        return imports(number)

    answering, replayed = (knows_async, imports_async) if is_async else (knows, imports)
    legacy, candidate = (answering, replayed) if stage == "shadow" else (replayed, answering)
    seam: Any = migration.seam("s", legacy=legacy, candidate=candidate)
    assert (asyncio.run(seam(7)) if is_async else seam(7)) == 7
    migration.close()
    assert [(str(run.verdict), run.reason) for run in runs] == [("match", None)]
    assert len(list(tmp_path.rglob("imported_late.*.pyc"))) == 1
