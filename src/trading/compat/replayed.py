"""Services for a replay: what touches the world knows only the tape."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from trading.ids import CountingIds
from trading.services import Services


class StoppedClock:
    """For questions that do not depend on the time, asked by code that stamps its events all the same."""

    def now(self) -> datetime:
        """Always the same moment."""
        return datetime(2000, 1, 1, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        """Nobody waits here."""


def replayed_services(services: Services, ports: Any) -> Services:
    """The same strategies on ports that belong to one replay.

    Prices are fixed: the real object answers for them, through its instrumented class.
    """
    return replace(
        services,
        broker=ports.broker,
        notifier=ports.notifier,
        clock=ports.clock,
        ids=CountingIds(lambda: "replay"),
    )
