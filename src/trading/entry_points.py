"""The front door of the system, whichever path stands behind it."""

from typing import Protocol


class EntryPoints(Protocol):
    """What the command line calls; results go to the display, the answer is whether it went well."""

    def analyze_signals(self) -> bool:
        """Show signals; True if there is something to go by."""
        ...

    def execute_trading(self, ignore_market_hours: bool = False) -> bool:
        """Trade; True if what was planned happened, or nothing was to be done."""
        ...
