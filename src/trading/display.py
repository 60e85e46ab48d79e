"""Where results are shown, as a port: what a person sees is part of what a path does."""

from typing import Protocol

from trading.results import ResultDict


class Display(Protocol):
    """Shows results of the old interface."""

    def show_signals(self, results: ResultDict) -> None:
        """Signals, target against current allocation, account."""
        ...

    def show_trading(self, results: ResultDict) -> None:
        """What a trading run did."""
        ...

    def show_failure(self, message: str) -> None:
        """That there are no results, and why."""
        ...


class NoDisplay:
    """A display that nobody looks at."""

    def show_signals(self, results: ResultDict) -> None:
        """Show nothing."""

    def show_trading(self, results: ResultDict) -> None:
        """Show nothing."""

    def show_failure(self, message: str) -> None:
        """Show nothing."""


class Screen:
    """The display that paths are given: it keeps what was shown last and passes it on.

    `results` is None where there was nothing to show.
    """

    def __init__(self, display: Display) -> None:
        self._display = display
        self.results: ResultDict | None = None

    def show_signals(self, results: ResultDict) -> None:
        """Keep the results and pass them on."""
        self.results = results
        self._display.show_signals(results)

    def show_trading(self, results: ResultDict) -> None:
        """Keep the results and pass them on."""
        self.results = results
        self._display.show_trading(results)

    def show_failure(self, message: str) -> None:
        """There are none."""
        self.results = None
        self._display.show_failure(message)
