"""A shop that sends, and a migration at some stage: for paths that give work to workers of the program."""

from __future__ import annotations

from typing import Any

import pytest

from changeover import Migration, Run

MODES = pytest.mark.parametrize("mode", ["inline", "background"])
STAGES = pytest.mark.parametrize("stage", ["shadow", "live"])


class Shop:
    """What is sent in the world."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, what: Any) -> None:
        """An effect."""
        self.sent.append(what)

    def price(self, what: Any) -> int:
        """A read."""
        return 3


def migrating(stage: str, mode: str, shop: Shop) -> tuple[Migration, list[Run]]:
    """With one seam `s` at that stage, and the list of its runs."""
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": stage}
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode)
    migration.port("shop", shop, effects={"send": repr}, reads={"price"})
    return migration, runs


def refused(run: Run, what: str) -> None:
    """The run says that the path gave something to a worker of the program."""
    assert run.verdict == "failed"
    assert what in (run.reason or "")
