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


def test_what_a_module_does_when_it_is_first_imported_is_no_difference(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as libraries of C that are told about their threads by the environment."""
    (tmp_path / "sets_a_variable.py").write_text(
        "import os\n\nos.environ['CHANGEOVER_TRIED'] = '1'\nONE = 1\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("CHANGEOVER_TRIED", "0")
    invalidate_caches()
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)

    def imports(number: int) -> Any:
        return import_module("sets_a_variable").ONE * number

    seam = migration.seam("s", legacy=lambda number: number, candidate=imports)
    assert seam(7) == 7
    sys.modules.pop("sets_a_variable", None)
    assert str(runs[0].verdict) == "failed"
    assert "sets_a_variable is imported for the first time in a replay, and reaches for os.putenv" in str(
        runs[0].reason
    )
    import_module("sets_a_variable")
    assert seam(8) == 8
    assert str(runs[1].verdict) == "match"


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_file_that_the_answering_path_took_away_is_no_difference(tmp_path: Path, is_async: bool) -> None:
    """It acts past every port, so the other one cannot do its work; who asks for another file differs."""
    runs: list[Run] = []

    def takes(name: str) -> str:
        file = tmp_path / name
        text = file.read_text()
        file.rename(tmp_path / "archive.csv")
        return text

    def takes_another(name: str) -> str:
        return (tmp_path / f"{name}.old").read_text()

    async def takes_async(name: str) -> str:
        return takes(name)

    async def takes_another_async(name: str) -> str:
        return takes_another(name)

    def told(candidate: Any) -> tuple[str, str]:
        migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
        (tmp_path / "in.csv").write_text("a,b\n")
        seam: Any = migration.seam("s", legacy=takes_async if is_async else takes, candidate=candidate)
        assert (asyncio.run(seam("in.csv")) if is_async else seam("in.csv")) == "a,b\n"
        return str(runs[-1].verdict), str(runs[-1].reason)

    verdict, reason = told(takes_async if is_async else takes)
    assert verdict == "failed"
    assert reason.startswith(f"{tmp_path / 'in.csv'} is not there any more: the answering path has moved")
    assert told(takes_another_async if is_async else takes_another)[0] == "diverged"
