"""A pytest plugin, `-p tests.trading.support.planted_fault`: one accident planted for a whole session."""

import os

import pytest

from tests.accidents.catalogue import load


def pytest_configure(config: pytest.Config) -> None:
    patch = pytest.MonkeyPatch()
    load(int(os.environ["PLANTED_ACCIDENT"])).plant(patch)
    config.add_cleanup(patch.undo)
