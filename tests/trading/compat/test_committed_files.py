"""The files of this migration fit the schemas that the toolkit publishes."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.changeover.support.json_schemas import validator

ROOT = Path(__file__).parents[3]


def _toml(path: Path) -> Any:
    return json.loads(json.dumps(tomllib.loads(path.read_text(encoding="utf-8")), default=str))


@pytest.mark.parametrize("name", ["phases", "rules", "blindspots"])
def test_the_committed_tables_fit(name: str) -> None:
    content = _toml(ROOT / "migration" / f"{name}.toml")
    assert [error.message for error in validator(name).iter_errors(content)] == []


def test_the_committed_project_flags_and_history_fit() -> None:
    project = _toml(ROOT / "pyproject.toml")["tool"]["changeover"]
    flags = json.loads((ROOT / "migration" / "flags.json").read_text(encoding="utf-8"))
    lines = (ROOT / "migration" / "history.jsonl").read_text(encoding="utf-8").splitlines()
    for name, content in (
        ("project", project),
        ("flags", flags),
        *(("history-line", json.loads(one)) for one in lines),
    ):
        assert [error.message for error in validator(name).iter_errors(content)] == []
    assert [error.message for error in validator("flags").iter_errors({**flags, "flag": {}})] != []
