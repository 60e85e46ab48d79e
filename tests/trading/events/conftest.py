from collections.abc import Iterator
from pathlib import Path

import pytest

from trading.events.journal.memory import MemoryJournal
from trading.events.journal.port import Journal
from trading.events.journal.sqlite import SqliteJournal


@pytest.fixture(params=["memory", "sqlite"])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    kept: Journal
    kept = (
        MemoryJournal()
        if request.param == "memory"
        else SqliteJournal(tmp_path / "journal.db", durable=False)
    )
    yield kept
    kept.close()
