"""Results on standard output, for people or for programs."""

import json
from collections.abc import Callable, Sequence

from trading.results import ResultDict
from trading.screens.results import signals_screen, trading_screen

SCHEMA_VERSION = 1


class TextDisplay:
    """Lines for a person; the first says which account is traded."""

    def __init__(self, write: Callable[[str], None], heading: str) -> None:
        self._write = write
        self._heading = heading

    def show_signals(self, results: ResultDict) -> None:
        """Signals, target against current allocation, account."""
        self._show(signals_screen(results))

    def show_trading(self, results: ResultDict) -> None:
        """Orders, holdings, account."""
        self._show(trading_screen(results))

    def show_failure(self, message: str) -> None:
        """Why there are no results."""
        self._show([f"FAILED: {message}"])

    def _show(self, lines: Sequence[str]) -> None:
        self._write("\n".join([self._heading, "", *lines]))


class JsonDisplay:
    """One JSON object."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def show_signals(self, results: ResultDict) -> None:
        """The result dictionary."""
        self._dump(results)

    def show_trading(self, results: ResultDict) -> None:
        """The result dictionary."""
        self._dump(results)

    def show_failure(self, message: str) -> None:
        """Only that it failed, and why."""
        self._dump({"success": False, "message": message})

    def _dump(self, content: ResultDict) -> None:
        self._write(json.dumps({"schema_version": SCHEMA_VERSION, "paper": True, **content}, indent=2))
