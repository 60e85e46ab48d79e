"""A screen that is written anew where it stands: whole lines, nothing of an earlier one, one write."""

from datetime import UTC, datetime
from io import StringIO

import pytest

from changeover.views.layout import Screen
from changeover.views.text.live import LiveScreen

NOON = datetime(2026, 11, 20, 12, 0, 1, tzinfo=UTC)


class Terminal(StringIO):
    """Keeps what was written, write by write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.writes.append(text)
        return len(text)


class Page(Terminal):
    def isatty(self) -> bool:
        return False


def live_on(stream: Terminal, *texts: tuple[str, Screen]) -> LiveScreen:
    live = LiveScreen(stream, lambda: NOON)
    for text, screen in texts:
        live.show(text, screen)
    return live


def test_what_has_not_changed_is_not_written() -> None:
    terminal = Terminal()
    live_on(terminal, ("one\n", Screen(80)), ("one\n", Screen(80)))
    assert len(terminal.writes) == 1
    live_on(terminal, ("one\n", Screen(80)), ("two\n", Screen(80)), ("two\n", Screen(60)))
    assert len(terminal.writes) == 4


def test_every_line_wipes_what_stood_behind_it_and_a_full_one_keeps_its_last_letter() -> None:
    terminal = Terminal()
    live_on(
        terminal, ("short\n" + "x" * 80 + "\n\x1b[31m" + "y" * 80 + "\x1b[0m\n", Screen(80, coloured=True))
    )
    short, full, coloured, *_ = terminal.writes[0].split("\x1b[H")[1].split("\r\n")
    assert short == "short\x1b[K"
    assert full == "x" * 80
    assert coloured == "\x1b[31m" + "y" * 80 + "\x1b[0m"
    assert terminal.writes[0].endswith("\x1b[J\x1b[?2026l")


def test_what_does_not_fit_is_counted_and_the_way_out_is_the_last_line() -> None:
    terminal = Terminal()
    live_on(terminal, ("".join(f"line {number}\n" for number in range(30)), Screen(80)))
    lines = terminal.writes[0].split("\x1b[H")[1].split("\r\n")
    assert len(lines) == 24
    assert "Ctrl-C ends it   changed 12:00:01Z   8 lines more: changeover status" in lines[-1]


def test_the_terminal_is_given_back_with_the_last_screen_on_it() -> None:
    terminal = Terminal()
    live = live_on(terminal, ("one\n", Screen(80)))
    live.close()
    live.close()
    assert terminal.writes[0].startswith("\x1b[?1049h")
    assert terminal.writes[1:] == ["\x1b[?25h\x1b[?7h\x1b[?1049lone\n"]


def test_where_there_is_no_terminal_each_change_is_a_plain_screen() -> None:
    page = Page()
    live_on(page, ("one\n", Screen()), ("one\n", Screen()), ("two\n", Screen())).close()
    assert page.writes == [
        "as of 2026-11-20 12:00:01Z\n\none\n",
        "\nas of 2026-11-20 12:00:01Z\n\ntwo\n",
    ]


@pytest.mark.parametrize("stream", [Terminal, Page])
def test_a_hostile_name_moves_no_cursor(stream: type[Terminal]) -> None:
    shown = stream()
    live_on(shown, ("a\x1b[2Jb\n", Screen(80)))
    assert "\x1b[2J" not in shown.writes[0]
