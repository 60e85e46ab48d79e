"""Services for a replay: what touches the world knows only the tape."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from trading.display import Display
from trading.ids import CountingIds
from trading.results import ResultDict
from trading.screens.results import signals_screen, trading_screen
from trading.services import Services


class StoppedClock:
    """For questions that do not depend on the time, asked by code that stamps its events all the same."""

    def now(self) -> datetime:
        """Always the same moment."""
        return datetime(2000, 1, 1, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        """Nobody waits here."""


class ReplayedDisplay:
    """The tape is told what is shown, and then it is written for nobody.

    A mapping and an object of the same names and values are the same to a comparison; to a screen that asks
    for keys they are not.
    """

    def __init__(self, display: Display) -> None:
        self._display = display

    def show_signals(self, results: ResultDict) -> None:
        """As the text display writes it."""
        self._display.show_signals(results)
        signals_screen(results)

    def show_trading(self, results: ResultDict) -> None:
        """As the text display writes it."""
        self._display.show_trading(results)
        trading_screen(results)

    def show_failure(self, message: str) -> None:
        """A sentence is written as it is."""
        self._display.show_failure(message)


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
