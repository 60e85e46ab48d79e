"""Every session of the price history through both orchestrations: results, messages, orders, account."""

import argparse
import time
from collections.abc import Sequence
from datetime import date

from tests.trading.support.two_paths import Lived, differences, lived
from trading.app import choose_sessions
from trading.composition import TradingPath, configure_logging
from trading.market.history import load_bundled
from trading.settings import Settings

FIRST, LAST = date(2008, 10, 1), date(2016, 6, 30)
DIFFERENCES_SHOWN_MAX = 20


def main(arguments: Sequence[str]) -> int:
    """Print what was compared, and 1 where anything differs."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps equal-paths", description=__doc__)
    options.add_argument("--from", dest="first", type=date.fromisoformat, default=FIRST)
    options.add_argument("--to", dest="last", type=date.fromisoformat, default=LAST)
    chosen = options.parse_args(arguments)
    configure_logging()
    sessions = choose_sessions(load_bundled(), chosen.first, chosen.last)
    took: dict[TradingPath, float] = {}
    paths: dict[TradingPath, Lived] = {}
    for path in (TradingPath.LEGACY, TradingPath.CANDIDATE):
        started = time.perf_counter()
        paths[path] = lived(path, sessions, Settings(), progress=True)
        took[path] = time.perf_counter() - started
    legacy, candidate = paths[TradingPath.LEGACY], paths[TradingPath.CANDIDATE]
    found = differences(sessions, legacy, candidate)
    print(f"sessions       {len(sessions):,} from {sessions[0]} to {sessions[-1]}")
    print(f"results        {len(legacy.results):,} on each path")
    print(f"notifications  {len(legacy.mail):,}")
    print(f"orders         {len(legacy.orders):,}, fills {len(legacy.fills):,}")
    print(f"final account  {legacy.state.account.portfolio_value:,.2f}")
    print(f"seconds        {', '.join(f'{path.value} {seconds:.1f}' for path, seconds in took.items())}")
    print(f"differences    {len(found):,}")
    for difference in found[:DIFFERENCES_SHOWN_MAX]:
        print(f"  {difference}")
    return 1 if found else 0
