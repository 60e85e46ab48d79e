"""Every screen at 60, 80, 100 and 200 columns: no line is longer, numbers stay whole, wide ones show more."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from changeover.views.layout import WIDTH, WIDTH_MIN, Screen, screen_for
from changeover.views.table import VERDICT, Column, Table, numbers
from changeover.views.text.progress import ProgressListener
from tests.changeover.support.hostile_texts import STRINGS, obeyed
from tests.changeover.support.shop_runs import Office
from tests.changeover.support.text_screens import screens

WIDTHS = (60, 80, 100, 200)
LONG = "warehouse.replenishment-planning.of-everything-that-is-held-in-more-than-one-place.and-some"
TEXTS = {
    "short": "desk",
    "long": LONG,
    "words": "a reason that nobody could have put into so few columns as a terminal has, and then more words",
    "wide": "倉庫の補充計画と在庫の再計算を行う非常に長い名前の処理とその理由についての説明文",
}
NAMES = list(screens("x"))
NUMBER = re.compile(r"(?<![\w…,.:-])\d[\d,]*(?:\.\d+)?(?![\w…,:-]|\.\d)")


def longest(text: str) -> int:
    return max(map(cell_len, text.splitlines()))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", TEXTS)
def test_no_line_is_longer_than_the_screen_is_wide(kind: str, name: str, width: int) -> None:
    assert longest(screens(TEXTS[kind])[name](Screen(width))) <= width


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("name", NAMES)
def test_every_number_of_a_usual_screen_stands_whole_on_a_narrow_one(name: str, kind: str) -> None:
    show = screens(TEXTS[kind])[name]
    for narrow in (60, 80):
        assert set(NUMBER.findall(show(Screen(100)))) <= set(NUMBER.findall(show(Screen(narrow))))


@pytest.mark.parametrize("name", sorted({*NAMES} - {"moved", "scenarios", "scenario", "doctor"}))
def test_a_wide_screen_shows_more_of_a_long_value(name: str) -> None:
    text = LONG[:64]
    usual, wide = (screens(text)[name](Screen(width)) for width in (100, 200))
    assert wide.count(text) > usual.count(text) or len(wide.splitlines()) < len(usual.splitlines())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_hostile_acts_on_a_screen_of_any_width(name: str, width: int) -> None:
    for text in STRINGS[WIDTHS.index(width) :: len(WIDTHS)]:  # each at one width of each screen
        shown = screens(text, seams=2)[name](Screen(width))
        assert not obeyed(shown), ascii(text)
        assert longest(shown) <= width, ascii(text)


@pytest.mark.parametrize("width", WIDTHS)
def test_markup_in_data_is_text_in_a_table_and_colours_are_on_verdicts_alone(width: int) -> None:
    cells = ["[bold]x[/bold] :smile: [link=http://e]", "1,234", "UNSAFE"]
    table = Table((Column(width=10), numbers("runs", 9), VERDICT), [cells, ["UNSAFE", "1"]])
    plain, coloured = ("\n".join(table.lines(Screen(width, ink))) for ink in (False, True))
    assert "[bold]x[/bold] :smile: [link=http://e]" in plain
    assert coloured.replace("\x1b[1;31mUNSAFE\x1b[0m", "UNSAFE", 1) == plain
    assert coloured.count("\x1b[1;31m") == 1


@given(
    st.lists(
        st.tuples(st.text(max_size=90), st.integers(0, 10**9), st.text(max_size=90), st.booleans()),
        min_size=1,
        max_size=4,
    ),
    st.integers(WIDTH_MIN, 220),
)
def test_a_table_of_anything_fits_and_keeps_its_numbers(
    rows: list[tuple[str, int, str, bool]], width: int
) -> None:
    columns = (Column(width=26), numbers("how many runs", 9), Column("what", 12), VERDICT)
    cells = [[one, f"{number:,}", other, "UNSAFE" * unsafe] for one, number, other, unsafe in rows]
    shown = "\n".join(Table(columns, cells).lines(Screen(width)))
    assert longest(shown) <= width
    assert not obeyed(shown)
    assert all(f"{number:,}" in shown for _, number, _, _ in rows)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [Terminal, io.StringIO])
def test_a_screen_is_as_wide_as_it_is_told_and_never_narrower_than_sixty(stream: type[io.StringIO]) -> None:
    for columns, width in (("200", 200), ("72", 72), ("20", WIDTH_MIN)):
        assert screen_for(stream(), {"COLUMNS": columns}).width == width
    for columns in ("", "0", "-3", "wide", "9" * 5_000):
        assert screen_for(io.StringIO(), {"COLUMNS": columns}).width == WIDTH
    assert screen_for(io.StringIO(), {}).width == WIDTH


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_bar_fits_its_terminal_and_is_taken_away(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream, now = Terminal(), [0.0]
    corpus = Office().corpus()
    progress = ProgressListener(stream, lambda: now[0])
    progress.begins("[b]desk[/b]", 1_234_567)
    now[0] = 10.0
    progress.case_done(corpus)
    drawn = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", stream.getvalue()).splitlines()
    assert longest("\n".join(drawn)) <= width
    assert "[b]desk[/b]" in drawn[0]
    assert "20 of 1,234,567" in drawn[0]
    assert drawn[0].rstrip().endswith(" left")
    assert (drawn[0].count("━") > 0) == (width > 60)
    assert drawn[1].strip() == "40 compared   0 diverged   0 not compared"
    progress.warns("[red]disk full[/red]")
    progress.ends()
    assert "warning: [red]disk full[/red]\n" in stream.getvalue()
    assert stream.getvalue().endswith("\x1b[1A\x1b[2K" * 2)


def test_a_bar_leaves_the_cursor_where_it_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream, now = Terminal(), [0.0]
    progress = ProgressListener(stream, lambda: now[0])
    progress.begins("desk", 40)
    now[0] = 10.0
    progress.case_done(Office().corpus())
    assert stream.getvalue().rfind("\x1b[?25h") > stream.getvalue().rfind("\x1b[?25l")
