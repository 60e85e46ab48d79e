"""A defect of the toolkit in a replay says nothing of the path that is replayed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.replay import replayer


class Feed:
    def get(self, what: str) -> int:
        return 7

    async def fetch(self, what: str) -> int:
        return 7

    def put(self, what: str) -> None:
        return None


def shadow(path: Any) -> tuple[Any, list[Run]]:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    migration.port("feed", Feed, reads={"get", "fetch"}, effects={"put": lambda what: what})
    return migration.seam("s", legacy=path, candidate=path), runs


def defect(*given: Any, **named: Any) -> Any:
    raise NameError("name 'entry' is not defined")


@pytest.mark.parametrize("method", ["get", "put"])
def test_a_defect_in_a_call_of_a_port_makes_the_run_failed(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = Feed()
    seam, runs = shadow(lambda: getattr(feed, method)("SPY"))
    monkeypatch.setattr(replayer.Replay, "_place", defect)
    seam()
    assert runs[0].verdict == "failed"
    assert f"feed.{method}: a defect of changeover: NameError" in (runs[0].reason or "")


def test_and_in_one_that_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Feed()

    async def path() -> int:
        return await feed.fetch("SPY")

    seam, runs = shadow(path)
    monkeypatch.setattr(replayer.Replay, "_place", defect)
    assert asyncio.run(seam()) == 7
    assert runs[0].verdict == "failed"
    assert "a defect of changeover: NameError" in (runs[0].reason or "")


def test_a_path_that_goes_on_after_it_is_not_compared_either(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Feed()

    def path() -> int:
        try:
            return feed.get("SPY")
        except Exception:  # noqa: BLE001  as programs do
            return 0

    seam, runs = shadow(path)
    monkeypatch.setattr(replayer.Replay, "_place", defect)
    assert seam() == 7
    assert runs[0].verdict == "failed"
