"""A shop for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.changeover.support.sqlite_shop import Shop, shop_in


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Empty, with its database in a file; nothing is open yet."""
    with shop_in(tmp_path) as made:
        yield made
