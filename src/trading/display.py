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
