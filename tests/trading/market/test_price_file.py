"""A price file is read exactly, or refused with file, line, column and what to do."""

import gzip
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.market import price_file
from trading.market.price_file import PriceFileError, load_price_file

GOOD = "date,SPY,TLT\n2008-01-02,144.9300,94.38\n2008-01-03,144.86,94.25\n"


def written(folder: Path, content: str | bytes, name: str = "prices.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("prices.csv", GOOD.encode()),
        ("prices.csv.gz", gzip.compress(GOOD.encode(), mtime=0)),
        ("windows.csv", b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()),
    ],
)
def test_prices_enter_as_the_decimals_that_are_written(tmp_path: Path, name: str, content: bytes) -> None:
    read = load_price_file(written(tmp_path, content, name))

    assert read.sessions == (date(2008, 1, 2), date(2008, 1, 3))
    assert list(read.closes) == ["SPY", "TLT"]
    assert [str(close) for close in read.closes["SPY"]] == ["144.9300", "144.86"]


@pytest.mark.parametrize(
    ("row", "line", "column", "says"),
    [
        (",144.86,94.25", 3, 1, "there is no date"),
        ("03.01.2008,144.86,94.25", 3, 1, 'date was "03.01.2008"'),
        ("20080103,144.86,94.25", 3, 1, 'date was "20080103"'),
        ("2008-02-30,144.86,94.25", 3, 1, 'date was "2008-02-30"'),
        ("2008-01-02,144.86,94.25", 3, 1, "stands in the line above already"),
        ("2007-12-31,144.86,94.25", 3, 1, "follows the later 2008-01-02; sort the rows"),
        ("2008-01-10,144.86,94.25", 3, 1, "gap: no session between 2008-01-02 and 2008-01-10"),
        ("2008-01-03,144.86,", 3, 3, "gap: there is no price"),
        ("2008-01-03,0,94.25", 3, 2, 'price was "0"'),
        ("2008-01-03,144.86,0.000", 3, 3, 'price was "0.000"'),
        ("2008-01-03,-144.86,94.25", 3, 2, 'price was "-144.86"'),
        ("2008-01-03,144.86,NaN", 3, 3, 'price was "NaN"'),
        ("2008-01-03,inf,94.25", 3, 2, 'price was "inf"'),
        ("2008-01-03,n/a,94.25", 3, 2, 'price was "n/a"'),
        ("2008-01-03,1e2,94.25", 3, 2, 'price was "1e2"'),
        ("2008-01-03,1_4,94.25", 3, 2, 'price was "1_4"'),
        ("2008-01-03,١٤,94.25", 3, 2, 'price was "١٤"'),
        ("2008-01-03, 144.86,94.25", 3, 2, 'price was " 144.86"'),
        ("2008-01-03,1234567890,94.25", 3, 2, 'price was "1234567890"'),
        ("2008-01-03,144.86", 3, None, "2 fields, allowed: 3"),
        ("2008-01-03,144.86,94.25,1", 3, None, "4 fields, allowed: 3"),
        ("", 3, None, "the line is empty; remove it"),
    ],
)
def test_a_bad_row_is_named_by_line_and_column(
    tmp_path: Path, row: str, line: int, column: int | None, says: str
) -> None:
    path = written(tmp_path, f"date,SPY,TLT\n2008-01-02,144.93,94.38\n{row}\n2008-01-04,141.31,94.27\n")

    with pytest.raises(PriceFileError) as refused:
        load_price_file(path)

    assert (refused.value.path, refused.value.line, refused.value.column) == (path, line, column)
    assert says in refused.value.problem
    assert str(refused.value).startswith(f"{path}, line {line}")


def test_the_message_says_what_it_was_what_is_allowed_where_and_what_to_do(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace("94.25", "x"))

    with pytest.raises(PriceFileError) as refused:
        load_price_file(path)

    assert str(refused.value) == (
        f'{path}, line 3, column 3 (TLT): price was "x", allowed: a number above zero such as 117.48, '
        "at most 9 digits on either side of the point; put in the close of that day"
    )


@pytest.mark.parametrize(
    ("header", "column", "says"),
    [
        ("Date,SPY", 1, 'header was "Date", allowed: "date"'),
        ("2008-01-02,1", 1, 'header was "2008-01-02"'),
        ("date", None, "the header names no symbol"),
        ("date,SPY,", 3, 'symbol was ""'),
        ("date,SPY,tlt", 3, 'symbol was "tlt"'),
        ("date,SPY,TLT,SPY", 4, "symbol SPY stands in column 2 already"),
    ],
)
def test_a_wrong_header_is_refused(tmp_path: Path, header: str, column: int | None, says: str) -> None:
    with pytest.raises(PriceFileError, match=says) as refused:
        load_price_file(written(tmp_path, f"{header}\n2008-01-02,144.93\n"))

    assert (refused.value.line, refused.value.column) == (1, column)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "is empty"),
        ("empty.csv.gz", b"", "is empty"),
        ("blank.csv", b"\n\n", "is empty"),
        ("header.csv", b"date,SPY\n", "there is no row below the header"),
        ("plain.csv.gz", GOOD.encode(), "is not a whole gzip file"),
        ("cut.csv.gz", gzip.compress(GOOD.encode(), mtime=0)[:-12], "is not a whole gzip file"),
        ("bent.csv.gz", gzip.compress(GOOD.encode(), mtime=0)[:-8] + b"12345678", "is not a whole gzip file"),
        ("packed.csv", gzip.compress(GOOD.encode(), mtime=0), "is not UTF-8"),
        ("latin.csv", b"date,SPY\n2008-01-02,1\n2008-01-03,\xa31\n", "line 3: is not UTF-8"),
        ("cut.csv", GOOD[:-2].encode(), "line 3: the last line has no end"),
    ],
)
def test_a_file_that_is_not_whole_text_is_refused(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    with pytest.raises(PriceFileError, match=says):
        load_price_file(written(tmp_path, content, name))


@pytest.mark.parametrize("name", ["none.csv", "none.csv.gz"])
def test_a_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PriceFileError, match="there is no such file"):
        load_price_file(tmp_path / name)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PriceFileError, match="cannot be read"):
        load_price_file(tmp_path)


def test_a_small_file_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(price_file, "PRICE_FILE_BYTES_MAX", len(GOOD) - 1)

    with pytest.raises(PriceFileError, match="the most allowed"):
        load_price_file(written(tmp_path, gzip.compress(GOOD.encode(), mtime=0), "prices.csv.gz"))


@settings(deadline=None)  # reads and writes files
@given(st.text(alphabet="0123456789.,-\n\rdateSPY \ufeffx", max_size=80))
def test_any_text_is_either_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = written(tmp_path_factory.getbasetemp(), f"date,SPY\n2008-01-02,{text}\n", "any.csv")
    try:
        read = load_price_file(path)
    except PriceFileError:
        return
    assert all(close > Decimal(0) and close.is_finite() for close in read.closes["SPY"])
    assert list(read.sessions) == sorted(set(read.sessions))
