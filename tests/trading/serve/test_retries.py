"""A confirmed retry happens once, whoever clicks however often, and never without a person."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from threading import Event
from urllib.parse import quote

import httpx
import pytest

from tests.trading.support.served import asked, watched_by
from tests.trading.support.watched_accounts import HOSTILE, end_in_the_middle, orders_of, trade_with_defect
from trading.desk import journal_path
from trading.events.journal.reading import looking_at
from trading.monitor.board import Board
from trading.serve.application import Watched
from trading.serve.retries import OFFER_LASTS_S, WRONG_MAX, RetryDesk, RetryOutcome, retry_command
from trading.serve.server import Standing

TOKEN = "a token that is long enough"


@dataclass
class Retrying:
    """Counts what it is asked to retry, and may be held in the middle."""

    asked: list[str] = field(default_factory=list)
    go_on: Event = field(default_factory=Event)
    begun: Event = field(default_factory=Event)
    said: str = "it was delivered"

    def __call__(self, letter: str) -> RetryOutcome:
        self.asked.append(letter)
        self.begun.set()
        assert self.go_on.wait(30)
        return RetryOutcome(True, self.said)


class Timer:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Orders were placed, and then the handler that had placed them gave up."""
    path = tmp_path_factory.mktemp("account") / "a.db"
    trade_with_defect(path, "execution", after=True)
    return path


@pytest.fixture
def retrying() -> Iterator[Retrying]:
    made = Retrying()
    made.go_on.set()
    yield made
    made.go_on.set()


@pytest.fixture
def timer() -> Timer:
    return Timer()


@pytest.fixture
def watched(account: Path, retrying: Retrying, timer: Timer) -> Iterator[Watched]:
    board = Board(account, "paper")
    desk = RetryDesk(retrying, Standing(board), TOKEN, timer=timer)
    with watched_by(board, desk) as made:
        yield made


def place_of(client: httpx.Client) -> str:
    (found,) = re.findall(r'href="(/retry/[^"]+)"', client.get("/").text)
    return str(found)


def offer_of(client: httpx.Client, place: str) -> str:
    (found,) = re.findall(r'name="offer" value="([^"]+)"', client.get(place).text)
    return str(found)


def confirm(
    client: httpx.Client, place: str, offer: str, token: str = TOKEN, **headers: str
) -> httpx.Response:
    return client.post(place, data={"offer": offer, "token": token}, headers=headers)


def test_a_confirmed_retry_runs_once_and_says_how_it_ended(watched: Watched, retrying: Retrying) -> None:
    client = asked(watched)
    place = place_of(client)
    answer = confirm(client, place, offer_of(client, place))
    assert (answer.status_code, len(retrying.asked)) == (303, 1)
    shown = client.get(answer.headers["location"]).text
    assert "it was delivered" in shown
    assert "It is on the list of what needs a person." in shown  # the real journal was not touched


def test_to_look_at_a_confirmation_begins_nothing(watched: Watched, retrying: Retrying) -> None:
    client = asked(watched)
    for _ in range(3):
        client.get(place_of(client))
        client.head(place_of(client))
    assert retrying.asked == []


def test_a_double_click_is_one_retry_and_both_see_the_same_end(
    watched: Watched, retrying: Retrying, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trading.serve.application.WAIT_FOR_RETRY_S", 0.0)
    client = asked(watched)
    place = place_of(client)
    offer = offer_of(client, place)
    retrying.go_on.clear()
    answers = [confirm(client, place, offer) for _ in range(4)]
    under_way = [thread for thread in threading.enumerate() if thread.name == "trading-retry"]
    assert len(under_way) == 1
    assert {answer.headers["location"] for answer in answers} == {f"/retried/{offer}"}
    assert "It is under way" in client.get(f"/retried/{offer}").text
    retrying.go_on.set()
    under_way[0].join(30)
    assert confirm(client, place, offer).status_code == 303  # much later, by the button "back"
    assert "it was delivered" in client.get(f"/retried/{offer}").text
    assert len(retrying.asked) == 1


def test_of_two_browsers_that_confirm_one_retries_and_the_other_is_told(
    watched: Watched, retrying: Retrying
) -> None:
    one, other = asked(watched), asked(watched)
    place = place_of(one)
    offers = [offer_of(client, place) for client in (one, other)]
    retrying.go_on.clear()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(confirm, one, place, offers[0])
        assert retrying.begun.wait(30)
        second = pool.submit(confirm, other, place, offers[1])
        retrying.go_on.set()
        answers = [first.result(), second.result()]
    assert len(retrying.asked) == 1
    assert "it was delivered" in one.get(answers[0].headers["location"]).text
    assert "Nothing was done: it was retried or has changed" in other.get(answers[1].headers["location"]).text


def test_a_confirmation_is_worth_nothing_in_another_browser(watched: Watched, retrying: Retrying) -> None:
    one, other = asked(watched), asked(watched)
    place = place_of(one)
    offer = offer_of(one, place)
    for client in (other, asked(watched)):
        assert confirm(client, place, offer).status_code == 403
    offer_of(other, place)
    assert confirm(other, place, offer).status_code == 403
    assert retrying.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Content-Type": "text/plain"},
    ],
)
def test_a_form_of_another_page_is_refused(
    watched: Watched, retrying: Retrying, headers: dict[str, str]
) -> None:
    client = asked(watched)
    place = place_of(client)
    assert confirm(client, place, offer_of(client, place), **headers).status_code == 403
    assert retrying.asked == []


def test_a_form_of_this_page_is_taken(watched: Watched, retrying: Retrying) -> None:
    client = asked(watched)
    place = place_of(client)
    own = {"Origin": "http://127.0.0.1:8788", "Sec-Fetch-Site": "same-origin"}
    assert confirm(client, place, offer_of(client, place), **own).status_code == 303
    assert len(retrying.asked) == 1


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + " ", "é" * 30, "x" * 3000])
def test_a_wrong_token_begins_nothing_and_the_right_one_may_follow(
    watched: Watched, retrying: Retrying, token: str
) -> None:
    client = asked(watched)
    place = place_of(client)
    refused = confirm(client, place, offer_of(client, place), token)
    assert (refused.status_code, retrying.asked) == (403, [])
    assert "That is not the token of this server" in refused.text
    (offer,) = re.findall(r'name="offer" value="([^"]+)"', refused.text)
    assert confirm(client, place, offer).status_code == 303


def test_after_many_wrong_tokens_nobody_is_asked_for_a_minute(
    watched: Watched, retrying: Retrying, timer: Timer
) -> None:
    client = asked(watched)
    place = place_of(client)
    offer = offer_of(client, place)
    for _ in range(WRONG_MAX):
        confirm(client, place, offer, "wrong")
    assert "Too many wrong tokens" in confirm(client, place, offer).text
    assert retrying.asked == []
    timer.now += 61
    assert confirm(client, place, offer).status_code == 303


def test_an_old_confirmation_is_refused(watched: Watched, retrying: Retrying, timer: Timer) -> None:
    client = asked(watched)
    place = place_of(client)
    offer = offer_of(client, place)
    timer.now += OFFER_LASTS_S + 1
    assert confirm(client, place, offer).status_code == 403
    assert retrying.asked == []


@pytest.mark.parametrize("letter", ["1:nobody", "x", "99999:execution", "parked:1", "parked:x", HOSTILE])
def test_what_was_never_given_up_cannot_be_confirmed(
    watched: Watched, retrying: Retrying, letter: str
) -> None:
    client = asked(watched)
    place = f"/retry/{quote(letter, safe='')}"
    assert client.get(place).status_code == 404
    assert confirm(client, place, offer_of(client, place_of(client))).status_code in (403, 404)
    assert retrying.asked == []


def test_runs_that_would_be_resumed_are_named_and_one_that_came_meanwhile_is_not_consented_to(
    tmp_path: Path, retrying: Retrying
) -> None:
    account = tmp_path / "a.db"
    trade_with_defect(account, "execution", after=True)
    board = Board(account, "paper")
    with watched_by(board, RetryDesk(retrying, Standing(board), TOKEN)) as made:
        client = asked(made)
        place = place_of(client)
        offer = offer_of(client, place)
        assert "not ended" not in client.get(place).text
        end_in_the_middle(account, date(2011, 8, 10))
        refused = client.get(confirm(client, place, offer).headers["location"]).text
        assert ("Nothing was done" in refused, retrying.asked) == (True, [])
        page = client.get(place).text
        (unfinished,) = [run.record.workflow_id for run in board.look().runs if not run.record.finished]
        assert "A run has not ended" in page
        assert unfinished in page
        assert confirm(client, place, offer_of(client, place)).status_code == 303
    assert len(retrying.asked) == 1


def test_a_form_that_is_too_long_or_has_too_many_fields_is_not_read(
    watched: Watched, retrying: Retrying
) -> None:
    client = asked(watched)
    place = place_of(client)
    assert confirm(client, place, offer_of(client, place), "x" * 100_000).status_code == 403
    many = client.post(place, data={f"field{number}": "x" for number in range(200)})
    assert (many.status_code, retrying.asked) == (403, [])


def test_what_the_command_says_is_text_on_the_page(watched: Watched, retrying: Retrying) -> None:
    retrying.said = HOSTILE
    client = asked(watched)
    place = place_of(client)
    answer = confirm(client, place, offer_of(client, place))
    shown = client.get(answer.headers["location"]).text
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


def test_the_real_retry_of_an_execution_by_two_browsers_and_double_clicks_orders_nothing_twice(
    tmp_path: Path,
) -> None:
    account = tmp_path / "a.db"
    trade_with_defect(account, "execution", after=True)
    before = orders_of(account)
    assert before
    board = Board(account, "paper")
    desk = RetryDesk(retry_command(account, None), Standing(board), TOKEN)
    with watched_by(board, desk) as made:
        browsers = [asked(made), asked(made)]
        place = place_of(browsers[0])
        offers = [offer_of(browser, place) for browser in browsers]
        with ThreadPoolExecutor(4) as pool:
            clicks = [
                pool.submit(confirm, browser, place, offer)
                for browser, offer in zip(browsers, offers, strict=True)
                for _ in range(2)
            ]
            for click in clicks:
                assert click.result().status_code == 303
        for offer, browser in zip(offers, browsers, strict=True):
            found = desk.find(offer, browser.cookies["trading_browser"])
            assert found is not None
            assert found.ended.wait(60)
        outcomes = [
            desk.find(offer, one.cookies["trading_browser"])
            for offer, one in zip(offers, browsers, strict=True)
        ]
        said = sorted(one.outcome.sentence for one in outcomes if one is not None and one.outcome is not None)
        shown = browsers[0].get(f"/retried/{offers[0]}").text
    assert orders_of(account) == before
    assert len({name for name, *_ in before}) == len(before)
    assert said[0].endswith(":execution was delivered")
    assert said[1].startswith("Nothing was done")
    assert "It is off the list of what needs a person." in shown
    with looking_at(journal_path(account)) as reader:
        assert [letter.handler for letter in reader.dead_letters()] == []
