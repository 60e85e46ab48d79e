"""Tests of trading begin where nothing has moved, wherever the migration stands, and keep their evidence."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from changeover.plan.imposed import enrolled

ALL_OFF = Path(__file__).parents[1] / "data" / "flags-all-off.json"


@pytest.fixture(autouse=True)
def nothing_has_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CHANGEOVER_FLAGS", str(ALL_OFF))
    monkeypatch.setenv("CHANGEOVER_STORE", f"sqlite:///{tmp_path / 'evidence.db'}")
    for migration in enrolled():
        migration.look_again()
    yield
    for migration in enrolled():
        migration.flush()  # what waits belongs to this test's store
