"""Charts and tables stay aligned, and no figure is cut to fit."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.screens.chart import draw_curve
from trading.screens.svg import Frame, round_ticks, year_starts
from trading.wording import number, percent, quantity, table

FIRST = date(2016, 1, 4)
cells = st.text("abc 0123456789,.-%", max_size=12)


def days_of(count: int) -> list[date]:
    return [FIRST + timedelta(days=index) for index in range(count)]


def test_a_rising_curve_rises() -> None:
    lines = draw_curve(days_of(4), [0.0, 1.0, 2.0, 3.0], width=4, height=2)
    assert lines == [
        "           3 ┤  ▃█",
        "           0 ┤▁▆██",
        "              2016-01-04 2016-01-07",
    ]


def test_a_curve_that_never_moves_is_drawn_at_its_foot() -> None:
    lines = draw_curve(days_of(3), [5.0, 5.0, 5.0], width=9, height=3)
    assert [line.partition("┤")[2] for line in lines[:3]] == ["", "", "▁▁▁"]


def test_a_single_day_is_a_chart() -> None:
    assert draw_curve(days_of(1), [5.0], width=9, height=3)[2].endswith("▁")


def test_many_days_are_drawn_in_the_columns_there_are_and_end_with_the_last() -> None:
    lines = draw_curve(days_of(1000), [float(value) for value in range(1000)], width=20, height=4)
    assert max(map(len, lines)) <= 12 + 2 + 21
    assert lines[0].startswith("         999 ┤")
    assert lines[-1].endswith("2018-09-29")


@given(st.lists(st.floats(1, 1e15), min_size=1, max_size=40), st.integers(1, 6))
def test_the_axis_of_a_chart_stands_in_one_column_however_long_its_labels(
    values: list[float], height: int
) -> None:
    lines = draw_curve(days_of(len(values)), values, width=20, height=height)
    assert len({line.index("┤") for line in lines[:-1]}) == 1
    assert len(lines) == height + 1


@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=6))
def test_every_line_of_a_table_that_ends_in_numbers_ends_in_one_column(
    rows: list[tuple[str, str, str]],
) -> None:
    whole = [(name, middle.strip(), f"{last.strip()}1") for name, middle, last in rows]
    assert len({len(line) for line in table("lrr", *whole)}) == 1


@given(st.lists(st.tuples(cells, cells, cells), min_size=1, max_size=6))
def test_no_cell_of_a_table_is_cut(rows: list[tuple[str, str, str]]) -> None:
    lines = table("llr", *rows)
    assert all(cell.strip() in line for line, row in zip(lines, rows, strict=True) for cell in row)


def test_columns_are_two_spaces_apart() -> None:
    assert table("lr", ["a", "1"], ["long name", "1,000"]) == ["a              1", "long name  1,000"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (number(0.0), "·"),
        (number(-0.001), "0.00"),
        (number(1234567.891), "1,234,567.89"),
        (number(-2.5, 1), "-2.5"),
        (percent(0.0), "·"),
        (percent(0.12345), "12.35 %"),
        (percent(-0.000001), "0.00 %"),
        (quantity(0.0), "0"),
        (quantity(0.5), "0.5"),
        (quantity(1234567.0), "1,234,567"),
        (quantity(100.0), "100"),
        (quantity(0.000001), "0.000001"),
    ],
)
def test_figures_are_written_in_full(text: str, expected: str) -> None:
    assert text == expected


@given(st.integers(0, 10**15))
def test_whole_shares_are_written_to_the_last_one(shares: int) -> None:
    assert int(quantity(float(shares)).replace(",", "")) == shares


def test_a_frame_has_its_lowest_value_at_the_bottom_and_its_last_point_at_the_right() -> None:
    frame = Frame(width=100.0, height=50.0, low=10.0, high=20.0)
    assert (frame.y(10.0), frame.y(20.0)) == (50.0, 0.0)
    assert (frame.x(0, 3), frame.x(2, 3)) == (0.0, 100.0)


@given(st.floats(1, 1e9), st.floats(1, 1e9))
def test_ticks_are_few_and_within_the_span(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    ticks = round_ticks(low, high, 5)
    assert len(ticks) <= 6
    assert all(low <= tick <= high * (1 + 1e-9) for tick in ticks)


def test_years_start_at_their_first_day_and_the_one_that_had_begun_is_left_out() -> None:
    days = [date(2014, 6, 1), date(2014, 12, 31), date(2015, 1, 2), date(2016, 1, 4), date(2016, 1, 5)]
    assert year_starts(days) == {2015: 2, 2016: 3}
