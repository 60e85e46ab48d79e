"""A pytest plugin, `-p tests.trading.support.planted_fault`: one planted fault for a whole session."""

import os

import pytest

from tests.trading.support.faults import FAULTS


def pytest_configure(config: pytest.Config) -> None:
    wanted = os.environ["PLANTED_FAULT"]
    patch = pytest.MonkeyPatch()
    next(fault for fault in FAULTS if fault.name == wanted).plant(patch)
    config.add_cleanup(patch.undo)
