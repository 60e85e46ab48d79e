"""Prices out of files: an immutable table of closes, and the `MarketData` port on it."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from itertools import combinations
from pathlib import Path

from trading.clock import Clock
from trading.market.calendar import session_date
from trading.market.port import MarketDataError
from trading.market.price_file import PriceFile, PriceFileError, load_price_file

BUNDLED = tuple(
    Path(__file__).parent / "data" / name for name in ("etf_close.csv.gz", "stocks_adjusted_close.csv.gz")
)


@dataclass(frozen=True, slots=True)
class Series:
    """The closes of one symbol and their days, ascending and of equal length."""

    days: tuple[date, ...]
    closes: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PriceHistory:
    """Several price files as one table; `sessions` are the days on which every symbol has a price."""

    symbols: tuple[str, ...]
    sessions: tuple[date, ...]
    series: Mapping[str, Series]

    @classmethod
    def join(cls, files: Sequence[PriceFile]) -> "PriceHistory":
        """All symbols of all files, in symbol order.

        Raises PriceFileError where two files name the same symbol, disagree on the sessions of the days that
        both cover (one of them has a gap), or cover no day in common; ValueError without files.
        """
        if not files:
            raise ValueError("a price history needs at least one price file")
        for one, other in combinations(files, 2):
            _refuse_common_symbol(one, other)
            _refuse_gap(one, other)
        series = {
            symbol: Series(file.sessions, file.closes[symbol]) for file in files for symbol in file.closes
        }
        common = set(files[0].sessions).intersection(*(file.sessions for file in files[1:]))
        if not common:
            names = ", ".join(str(file.path) for file in files)
            raise PriceFileError(files[0].path, f"no session is common to {names}; name files that overlap")
        return cls(tuple(sorted(series)), tuple(sorted(common)), series)

    def closes(self, symbol: str, until: date, n: int) -> tuple[Decimal, ...]:
        """The last `n` closes up to and including `until`, oldest first; raises MarketDataError."""
        try:
            series = self.series[symbol]
        except KeyError:
            raise self._unknown(symbol) from None
        end = bisect_right(series.days, until)
        return series.closes[max(0, end - n) : end]

    def _unknown(self, symbol: str) -> MarketDataError:
        close = get_close_matches(symbol.upper(), self.symbols)
        hint = f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join(self.symbols)}"
        return MarketDataError(f'there are no prices of "{symbol}"; {hint}')


class HistoricalMarketData:
    """Prices as they were known on the clock's day in New York; asking on day D never sees D+1.

    The close of D itself is known during all of D. Closes in the bundled stock file are adjusted, so their
    scale (not their direction) carries later splits and dividends.
    """

    def __init__(self, history: PriceHistory, clock: Clock) -> None:
        self._history = history
        self._clock = clock
        self._dated = (clock.now(), session_date(clock.now()))

    def closes(self, symbol: str, until: date, n: int) -> tuple[Decimal, ...]:
        """The last `n` closes up to and including `until`, oldest first; fewer where history is shorter."""
        today = self._today()
        if until > today:
            raise MarketDataError(
                f"closes of {symbol} until {until} lie ahead: it is {today} in New York, ask until then"
            )
        return self._history.closes(symbol, until, n)

    def sessions(self) -> tuple[date, ...]:
        """Every day on which all symbols have a price, past and future, ascending."""
        return self._history.sessions

    def latest_price(self, symbol: str) -> Decimal | None:
        """The price of today's session, or of the last one before; None where there is none yet."""
        known = self._history.closes(symbol, self._today(), 1)
        return known[0] if known else None

    def _today(self) -> date:
        """The date in New York, worked out once per moment: prices are asked for many times in one."""
        now = self._clock.now()
        if now != self._dated[0]:
            self._dated = (now, session_date(now))
        return self._dated[1]


@cache
def load_bundled() -> PriceHistory:
    """The history that ships with the package: 23 funds and 20 stocks, see `data/SOURCE.md`."""
    return PriceHistory.join([load_price_file(path) for path in BUNDLED])


def _refuse_common_symbol(one: PriceFile, other: PriceFile) -> None:
    for symbol in one.closes:
        if symbol in other.closes:
            raise PriceFileError(
                other.path, f"symbol {symbol} stands in {one.path} already; remove one of the two columns"
            )


def _refuse_gap(one: PriceFile, other: PriceFile) -> None:
    first = max(one.sessions[0], other.sessions[0])
    last = min(one.sessions[-1], other.sessions[-1])
    here, there = _between(one, first, last), _between(other, first, last)
    if here == there:
        return
    day = min(set(here).symmetric_difference(there))
    lacking, having = (other, one) if day in here else (one, other)
    raise PriceFileError(
        lacking.path,
        f"gap: no row for {day}, a session in {having.path}; add the missing row, or drop the other",
    )


def _between(file: PriceFile, first: date, last: date) -> tuple[date, ...]:
    return file.sessions[bisect_left(file.sessions, first) : bisect_right(file.sessions, last)]
