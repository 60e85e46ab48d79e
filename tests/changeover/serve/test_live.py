"""An open page hears of what is new, and a large project is never waited for."""

from collections.abc import Callable
from pathlib import Path

import pytest

import changeover
from changeover.api.live import AGE_LEAST_S, AGE_MAX_S, STALE_MAX_S, LiveProject
from changeover.project import find_project
from tests.changeover.support.production_runs import sell
from tests.changeover.support.projects import Shop, shop_in
from tests.changeover.support.served_shop import PLAN, client_of


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = shop_in(tmp_path)
    (tmp_path / "migration" / "phases.toml").write_text(PLAN)
    sell(made, 10)
    return made


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def live_with(shop: Shop, slow_s: float = float("inf")) -> tuple[LiveProject, Clock]:
    clock = Clock()
    return LiveProject(find_project(shop.root, {}), clock, slow_s), clock


def runs_in(live: LiveProject, expected: str | None = None) -> int:
    return live.look(expected).state.evidence.runs


CHANGES: dict[str, Callable[[Shop], object]] = {
    "a run": lambda shop: sell(shop, 20),
    "a flip": lambda shop: shop.run("flip", "shelf", "shadow", "--force", "--reason", "why"),
    "a comparison": lambda shop: shop.run("compare", "--source", "days", "--runs", "2"),
    "the kill switch": lambda shop: shop.run("kill"),
    "an edit of the rules": lambda shop: (shop.root / "migration" / "rules.toml").write_text("# none\n"),
    "a broken plan": lambda shop: (shop.root / "migration" / "phases.toml").write_text("["),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_makes_another_mark_and_nothing_else_does(change: str, shop: Shop) -> None:
    live, _ = live_with(shop)
    before = live.mark()
    live.look()
    assert live.mark() == before
    CHANGES[change](shop)
    assert live.mark() != before


def test_what_has_changed_is_seen_and_what_has_not_is_not_read_again(shop: Shop) -> None:
    live, clock = live_with(shop)
    first = live.look()
    clock.now += AGE_LEAST_S
    assert live.look() is first
    sell(shop, 20)
    assert live.look() is not first
    assert runs_in(live) == 2
    second = live.look()
    clock.now += AGE_MAX_S
    assert live.look() is not second  # lag and silence grow by themselves


def test_a_busy_project_is_read_once_a_second_unless_a_page_has_heard_of_news(shop: Shop) -> None:
    live, clock = live_with(shop)
    assert runs_in(live) == 1
    clock.now += AGE_LEAST_S / 2
    sell(shop, 20)
    assert runs_in(live) == 1
    assert runs_in(live, expected=live.mark()) == 2


def test_a_project_that_takes_long_to_read_is_shown_as_it_was_while_it_is_read(shop: Shop) -> None:
    live, clock = live_with(shop, slow_s=0.0)
    first = live.look()
    live.cost_s = 5.0
    sell(shop, 20)
    clock.now += STALE_MAX_S / 2
    assert live.look() is first
    clock.now += STALE_MAX_S
    assert runs_in(live) == 2  # nobody is shown what is older than that


def test_an_open_page_is_told_of_a_new_run(shop: Shop) -> None:
    live, _ = live_with(shop)
    before = live.mark()
    sell(shop, 20)
    event = client_of(shop).first_event(f"/events?mark={before}")
    assert event == f"id: {live.mark()}\nevent: change\ndata: {live.mark()}\n\n"


def test_the_stream_is_one_of_events_that_nobody_keeps(shop: Shop) -> None:
    client = client_of(shop)
    client.app.state.changes.end()
    answer = client.get("/events?mark=x")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text == "retry: 2000\n\n"


def test_a_mistake_of_the_user_is_one_sentence(shop: Shop) -> None:
    for arguments, told in (
        (("--listen", "nowhere"), "--listen: was 'nowhere', allowed: HOST:PORT"),
        (("--listen", "192.0.2.1:1"), "nothing can listen at 192.0.2.1:1"),
    ):
        answer = shop.run("serve", *arguments)
        assert (answer.code, answer.out) == (2, "")
        assert told in answer.err
    short = shop.run("serve", "--allow-moves", CHANGEOVER_SERVE_TOKEN="short")
    assert short.code == 2
    assert "CHANGEOVER_SERVE_TOKEN: has 5 characters, allowed: 16 or more" in short.err


def test_without_a_plan_there_is_nothing_to_serve(tmp_path: Path) -> None:
    with pytest.raises(Exception, match=r"phases\.toml: is missing: changeover init writes one"):
        changeover.serve(project=tmp_path, listen="127.0.0.1:0")
