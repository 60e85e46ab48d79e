"""Tests of trading begin where nothing has moved, wherever the migration stands, and are no production."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from changeover.migration import migrations_alive

ALL_OFF = Path(__file__).parents[1] / "data" / "flags-all-off.json"


def pytest_collection_finish() -> None:
    """What the tests run of the program is no sample of its use: fixtures of a module run it as well."""
    for migration in migrations_alive():
        if migration.plan is not None and migration.plan.name == "event-driven-orchestration":
            migration.runtime.population = "generated"


@pytest.fixture(autouse=True)
def nothing_has_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CHANGEOVER_FLAGS", str(ALL_OFF))
    monkeypatch.setenv("CHANGEOVER_STORE", f"sqlite:///{tmp_path / 'evidence.db'}")
    monkeypatch.setenv("CHANGEOVER_POPULATION", "generated")
    monkeypatch.delenv("TRADING_BUS", raising=False)
    for migration in migrations_alive():
        migration.look_again()
    yield
    for migration in migrations_alive():
        migration.flush()  # what waits belongs to this test's store
