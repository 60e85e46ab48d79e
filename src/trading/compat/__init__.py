"""The compatibility layer: the only place that knows the legacy path. Deleted together with it.

One file per phase pairs the legacy path with the handlers in seams; `migration` is what the toolkit gets.
"""

import logging

from changeover.migration import Migration
from trading.compat.entry import add_entry_seams
from trading.compat.history_source import add_history_source
from trading.compat.invariants import add_invariants
from trading.compat.portfolio import add_portfolio_seams
from trading.compat.stress_source import add_stress_source
from trading.compat.trading import add_trading_seams
from trading.compat.wiring import migration
from trading.logs import configure_logging

add_portfolio_seams(migration)
add_trading_seams(migration)
add_entry_seams(migration)
add_invariants(migration)
add_history_source(migration)
add_stress_source(migration)


def open_migration() -> Migration:
    """What the toolkit's commands are given: thousands of runs, some of which fail on purpose, in silence."""
    configure_logging(logging.CRITICAL)
    return migration


__all__ = ["migration", "open_migration"]
