"""The history of an account as text, data and page: the same figures, and nothing hostile gets through."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from trading.domain.performance import EquityCurve
from trading.history import TradingDay, TradingHistory
from trading.screens.history import history_data, history_screen
from trading.screens.report import SESSIONS_SHOWN_MAX, history_page

HOSTILE = "<script>alert('x')</script>\"'&<img src=x onerror=y>"
VALUES = ("101000.00", "99000.00", "105000.00", "102000.00")


def made_history(
    values: Sequence[str] = VALUES,
    *,
    account_id: str = "paper",
    failed: int = 0,
    unbalanced: int = 0,
    text: str = "BUY AAA REJECTED",
) -> TradingHistory:
    first = date(2015, 12, 29)
    return TradingHistory(
        account_id,
        Decimal("100000.00"),
        tuple(
            TradingDay(
                session=first + timedelta(days=index),
                value=Decimal(value),
                cash=Decimal("5000.00"),
                orders=index,
                success=index >= failed,
                message=text if index < failed else "done",
                audit_problems=(text,) if index < unbalanced else (),
            )
            for index, value in enumerate(values)
        ),
    )


def reference_of(history: TradingHistory) -> EquityCurve:
    return EquityCurve(
        history.curve.days, tuple(Decimal(90_000 + 5_000 * n) for n in range(len(history.days)))
    )


def page_of(history: TradingHistory, reference_name: str = "SPY") -> str:
    return history_page(history, reference_of(history), reference_name)


def screen_of(history: TradingHistory) -> str:
    return "\n".join(history_screen(history, reference_of(history), "SPY"))


class Reading(HTMLParser):
    """What a browser would find: tags, attributes and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        if tag not in ("meta", "line", "polyline", "polygon"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_page_is_whole() -> None:
    reading = Reading(page_of(made_history()))
    assert reading.open == []
    assert {"svg", "polyline", "table"} <= reading.tags


def test_a_page_shows_the_figures_of_the_data() -> None:
    history = made_history()
    data = history_data(history, reference_of(history), "SPY")
    text = Reading(page_of(history)).text
    assert (data["final_value"], data["return"]) == ("102000.00", "0.020000")
    assert "102,000.00" in text
    assert "2.00 % in 4 sessions" in text


def test_a_text_screen_shows_the_figures_of_the_data() -> None:
    history = made_history()
    data = history_data(history, reference_of(history), "SPY")
    [row] = [line for line in screen_of(history).splitlines() if line.startswith("paper account")]
    assert row.split()[3:] == ["102,000.00", "2.00", "%", "2.86", "%", "2015-12-31", "2016-01-01"]
    assert data["maximum_drawdown"] == "0.028571"
    assert (data["drawdown_from"], data["drawdown_to"]) == ("2015-12-31", "2016-01-01")


def test_the_years_of_a_screen_chain_to_its_return() -> None:
    lines = screen_of(made_history()).splitlines()
    years = dict(line.split()[:2] for line in lines if re.match(r"20\d\d +\S+ %$", line))
    assert years == {"2015": "5.00", "2016": "-2.86"}  # 1.05 x 0.9714 = 1.02


def test_orders_and_days_of_the_data_add_up() -> None:
    history = made_history(failed=2, unbalanced=1)
    data = history_data(history, reference_of(history), "SPY")
    assert data["orders"] == sum(day["orders"] for day in data["days"]) == 6
    assert data["unsuccessful_sessions"] == sum(not day["success"] for day in data["days"]) == 2
    assert data["unbalanced_sessions"] == sum(bool(day["audit_problems"]) for day in data["days"]) == 1


@pytest.mark.parametrize("place", ["account", "message", "reference"])
def test_hostile_text_is_shown_and_not_run(place: str) -> None:
    history = made_history(
        account_id=HOSTILE if place == "account" else "paper",
        failed=1,
        unbalanced=1,
        text=HOSTILE if place == "message" else "text",
    )
    page = page_of(history, HOSTILE if place == "reference" else "SPY")
    reading = Reading(page)
    assert not reading.tags & {"script", "img"}
    assert not [name for name, _ in reading.attributes if name.startswith("on")]
    assert HOSTILE in reading.text


def test_a_page_loads_nothing_and_its_policy_says_so() -> None:
    attributes = Reading(page_of(made_history(failed=1))).attributes
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in attributes
    assert not {name for name, _ in attributes} & {"src", "href", "srcset", "action", "data", "xlink:href"}
    assert not re.search(r"url\(|@import|https?:|//", page_of(made_history(failed=1)))


def test_a_page_lists_what_went_wrong_and_counts_what_it_leaves_out() -> None:
    many = made_history(["100000.00"] * (SESSIONS_SHOWN_MAX + 7), failed=SESSIONS_SHOWN_MAX + 5)
    text = Reading(page_of(many)).text
    assert text.count("BUY AAA REJECTED") == SESSIONS_SHOWN_MAX
    assert "and 5 more" in text


def test_a_page_says_what_does_not_add_up() -> None:
    text = Reading(page_of(made_history(unbalanced=1, text="cash 1 is not 2"))).text
    assert "After 1 session the books did not close." in text
    assert "cash 1 is not 2" in text


def test_a_screen_says_what_went_wrong_and_counts_what_it_leaves_out() -> None:
    screen = screen_of(made_history(["100000.00"] * 9, failed=7, unbalanced=1, text="the reason"))
    assert "FAILED    7 sessions did not end as planned" in screen
    assert "    and 2 more: --format json lists all" in screen
    assert "FAILED    1 session left books that do not close" in screen
    assert "books     close to the cent after 8 of 9 sessions" in screen


def test_books_that_do_not_close_are_not_told_as_failed_sessions() -> None:
    assert "did not end as planned" not in screen_of(made_history(unbalanced=1))


def test_a_good_history_says_nothing_of_failure() -> None:
    assert "FAILED" not in screen_of(made_history())


@pytest.mark.parametrize("values", [["100000.00"], ["100000.00", "100000.00"]])
def test_a_history_of_one_day_or_without_a_move_is_drawn(values: list[str]) -> None:
    history = made_history(values)
    assert Reading(page_of(history)).open == []
    assert screen_of(history)
