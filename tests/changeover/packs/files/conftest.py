"""A folder with files."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.changeover.packs.files.file_ways import fill


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a program finds: a file of lines, one that is binary, and folders."""
    made = tmp_path / "data"
    fill(made)
    time.sleep(0.02)  # files know their times to some milliseconds
    return made
