"""One file of daily closes: read and checked entirely, or refused with the place of the fault."""

import gzip
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

# The longest pause between two closes in the bundled files: 2001-09-10 to 2001-09-17.
GAP_DAYS_MAX = 7
# Unpacked; the larger bundled file has 1.2 MB, and a small gzip file can unpack to anything.
PRICE_FILE_BYTES_MAX = 64 * 1024 * 1024

_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
# Limited, so that price x quantity stays exact in 28 digits; no sign, exponent, NaN or underscore fits.
_PRICE = r"[0-9]{1,9}(?:\.[0-9]{1,9})?"
_SYMBOL = r"[A-Z0-9][A-Z0-9.\-]{0,11}"


class PriceFileError(Exception):
    """A price file that cannot be trusted; `line` counts the header as 1, `column` the date as 1."""

    def __init__(
        self,
        path: Path,
        problem: str,
        *,
        line: int | None = None,
        column: int | None = None,
        symbol: str = "",
    ) -> None:
        self.path = path
        self.problem = problem
        self.line = line
        self.column = column
        where = str(path)
        if line is not None:
            where += f", line {line}"
        if column is not None:
            where += f", column {column}" + (f" ({symbol})" if symbol else "")
        super().__init__(f"{where}: {problem}")


@dataclass(frozen=True, slots=True, eq=False)
class PriceFile:
    """What one file says: for every symbol one close per session, both ascending in time."""

    path: Path
    sessions: tuple[date, ...]
    closes: Mapping[str, tuple[Decimal, ...]]


def load_price_file(path: Path) -> PriceFile:
    """Read a `.csv` or `.csv.gz` file: header `date` and symbols, then a row for each session.

    A gap is an empty cell or two consecutive dates more than GAP_DAYS_MAX days apart; single sessions that
    are missing show only against another file (`PriceHistory.join`). Raises PriceFileError.
    """
    header, *rows = _lines(path)
    symbols = _symbols(path, header)
    if not rows:
        raise PriceFileError(path, "there is no row below the header; add one row for each session", line=2)
    well_formed = re.compile(rf"{_DATE}(?:,{_PRICE}){{{len(symbols)}}}").fullmatch
    sessions: list[date] = []
    table: list[tuple[Decimal, ...]] = []
    for number, row in enumerate(rows, start=2):
        if well_formed(row) is None:
            raise _row_fault(path, number, row, symbols)
        day, *cells = row.split(",")
        prices = tuple(map(Decimal, cells))
        if not all(prices):
            raise _row_fault(path, number, row, symbols)
        sessions.append(_session(path, number, day, sessions[-1] if sessions else None))
        table.append(prices)
    return PriceFile(path, tuple(sessions), dict(zip(symbols, zip(*table, strict=True), strict=True)))


def _lines(path: Path) -> list[str]:
    content = _content(path)
    if len(content) > PRICE_FILE_BYTES_MAX:
        raise PriceFileError(
            path,
            f"holds more than {PRICE_FILE_BYTES_MAX} bytes, which is the most allowed; split it by symbol",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PriceFileError(path, "is not UTF-8 text; export it as CSV in UTF-8", line=line) from error
    if not text.strip():
        raise PriceFileError(path, "is empty; it needs a header and one row for each session")
    *lines, rest = text.replace("\r\n", "\n").split("\n")
    if rest:  # a cut "117.48" reads as 117.4, a price that nobody would notice
        raise PriceFileError(
            path, "the last line has no end: the file may be cut off; copy it again", line=len(lines) + 1
        )
    return lines


def _content(path: Path) -> bytes:
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as packed:
                return packed.read(PRICE_FILE_BYTES_MAX + 1)
        with path.open("rb") as plain:
            return plain.read(PRICE_FILE_BYTES_MAX + 1)
    except FileNotFoundError as error:
        raise PriceFileError(path, "there is no such file; name a .csv or .csv.gz price file") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise PriceFileError(
            path, f"is not a whole gzip file ({error}); copy it again, or pack it with gzip"
        ) from error
    except OSError as error:
        raise PriceFileError(
            path, f"cannot be read ({error.strerror}); name a file that can be read"
        ) from error


def _symbols(path: Path, header: str) -> list[str]:
    first, *symbols = header.split(",")
    if first != "date":
        raise PriceFileError(
            path, f'header was "{first}", allowed: "date"; add a header of date and symbols', line=1, column=1
        )
    if not symbols:
        raise PriceFileError(path, "the header names no symbol; add one column for each symbol", line=1)
    for column, symbol in enumerate(symbols, start=2):
        if re.fullmatch(_SYMBOL, symbol) is None:
            raise PriceFileError(
                path,
                f'symbol was "{symbol}", allowed: up to 12 of A-Z, 0-9, "." and "-"; correct the header',
                line=1,
                column=column,
            )
        if symbol in symbols[: column - 2]:
            raise PriceFileError(
                path,
                f"symbol {symbol} stands in column {symbols.index(symbol) + 2} already; remove one",
                line=1,
                column=column,
            )
    return symbols


def _session(path: Path, number: int, cell: str, before: date | None) -> date:
    try:
        day = date.fromisoformat(cell)
    except ValueError as error:
        raise _date_fault(path, number, cell) from error
    problem = ""
    if before is not None and day == before:
        problem = f"date {day} stands in the line above already; keep one row for each session"
    elif before is not None and day < before:
        problem = f"date {day} follows the later {before}; sort the rows by date"
    elif before is not None and (day - before).days > GAP_DAYS_MAX:
        problem = (
            f"gap: no session between {before} and {day}, allowed: at most {GAP_DAYS_MAX} days from one to "
            "the next; add the missing rows"
        )
    if problem:
        raise PriceFileError(path, problem, line=number, column=1)
    return day


def _row_fault(path: Path, number: int, row: str, symbols: Sequence[str]) -> PriceFileError:
    """What is wrong with a row that is not a date and one price above zero for each symbol."""
    day, *cells = row.split(",")
    if not row.strip():
        return PriceFileError(path, "the line is empty; remove it", line=number)
    if len(cells) != len(symbols):
        return PriceFileError(
            path,
            f"{len(cells) + 1} fields, allowed: {len(symbols) + 1} as in the header; complete the row",
            line=number,
        )
    if re.fullmatch(_DATE, day) is None:
        return _date_fault(path, number, day)
    column, cell, symbol = next(
        (column, cell, symbol)
        for column, (cell, symbol) in enumerate(zip(cells, symbols, strict=True), start=2)
        if re.fullmatch(_PRICE, cell) is None or not Decimal(cell)
    )
    was = f'price was "{cell}"' if cell else "gap: there is no price"
    return PriceFileError(
        path,
        f"{was}, allowed: a number above zero such as 117.48, at most 9 digits on either side of the point; "
        "put in the close of that day",
        line=number,
        column=column,
        symbol=symbol,
    )


def _date_fault(path: Path, number: int, cell: str) -> PriceFileError:
    was = f'date was "{cell}"' if cell else "there is no date"
    return PriceFileError(
        path, f"{was}, allowed: a day such as 2008-01-02; correct it", line=number, column=1
    )
