"""What only a browser shows: what is new appears by itself, nothing leaves the host, all can use it."""

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from changeover.serve.access import Hosts, Token
from changeover.serve.app import make_app
from changeover.views.html.page import report_page
from tests.changeover.support.production_runs import sell
from tests.changeover.support.projects import Shop
from tests.changeover.support.real_browser import (
    DESKTOP,
    PHONE,
    TOUCHED,
    chromium,
    opened,
    overflow,
    violations,
)
from tests.changeover.support.report_samples import diverging
from tests.changeover.support.served_shop import TOKEN, addresses, busy_shop, client_of, live_of


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return busy_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def site(shop: Shop) -> Iterator[str]:
    """The pages of the shop at an address of this machine, with moves allowed."""
    app = make_app(live_of(shop), Hosts("127.0.0.1"), Token(TOKEN))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        app.state.changes.end_soon()
        server.should_exit = True
        thread.join(60)


def sell_apart(shop: Shop, held: int) -> None:
    """As a program does, in a thread of its own: no event loop runs there."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: sell(shop, held, stage=None)).result()


LOOKS = [
    pytest.param({"color_scheme": "light", "viewport": DESKTOP}, id="light desktop"),
    pytest.param({"color_scheme": "dark", "viewport": PHONE}, id="dark phone"),
]


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_can_be_used_by_everybody(
    look: dict[str, Any], browser: Any, site: str, shop: Shop
) -> None:
    with opened(browser, bypass_csp=True, **look) as page:
        for address in addresses(client_of(shop)):
            page.goto(site + address)
            assert violations(page, TOUCHED) == [], address
            assert overflow(page) <= 0, address
        assert page.wrong == []


def test_what_is_new_appears_by_itself(browser: Any, site: str, shop: Shop) -> None:
    with opened(browser) as page:
        page.goto(f"{site}/runs")
        page.locator("#live", has_text="Live").wait_for()
        known = int(page.inner_text("h1").split()[0])
        page.focus("#f-verdict")
        page.evaluate("document.activeElement.blur()")
        sell_apart(shop, 44)
        page.locator("h1", has_text=f"{known + 1} runs").wait_for()
        assert page.wrong == []


def test_nothing_that_somebody_types_is_taken_away(browser: Any, site: str, shop: Shop) -> None:
    with opened(browser) as page:
        page.goto(f"{site}/phases/shelf")
        page.locator("#live", has_text="Live").wait_for()
        page.fill("#back-reason", "because")
        sell_apart(shop, 43)
        page.locator("#live", has_text="waits until you are done").wait_for()
        assert page.input_value("#back-reason") == "because"


def test_a_page_that_is_paused_stays_as_it_is(browser: Any, site: str, shop: Shop) -> None:
    with opened(browser) as page:
        page.goto(f"{site}/runs")
        page.get_by_role("button", name="Pause").click()
        known = int(page.inner_text("h1").split()[0])
        sell_apart(shop, 42)
        page.locator("#live", has_text="Paused").wait_for()
        assert page.inner_text("h1") == f"{known} runs in production"
        page.get_by_role("button", name="Go on").click()
        page.locator("h1", has_text=f"{known + 1} runs").wait_for()


def test_no_request_leaves_this_machine_and_the_policy_refuses_nothing(
    browser: Any, site: str, shop: Shop
) -> None:
    asked: list[str] = []
    with opened(browser) as page:
        page.on("request", lambda request: asked.append(request.url))
        for address in addresses(client_of(shop)):
            page.goto(site + address)
        assert page.wrong == []
    assert {"/static/style.css", "/static/live.js"} <= {one.removeprefix(site) for one in asked}
    assert [one for one in asked if not one.startswith(f"{site}/")] == []


def test_without_a_script_every_page_is_read_as_well(browser: Any, site: str, shop: Shop) -> None:
    with opened(browser, java_script_enabled=False) as page:
        page.goto(site)
        assert page.inner_text("h1") == "An effect differs on today's code."
        assert "load it again to see what is new" in page.inner_text("#live")
        page.get_by_role("link", name="Clusters").click()
        page.locator("main table a").first.click()
        assert page.locator("del").first.inner_text() == "35"
        page.get_by_role("searchbox").fill("shelf.refill")
        page.get_by_role("button", name="Search").click()
        assert page.inner_text("h1") == "Found for “shelf.refill”"


def test_the_keyboard_alone_is_enough(browser: Any, site: str) -> None:
    with opened(browser) as page:
        page.goto(site)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "To the content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.keyboard.press("Tab")
        focused = []
        while page.evaluate("document.activeElement.textContent") != "cleanup":
            focused.append(page.evaluate("document.activeElement.outerHTML"))
            assert len(focused) < 60, focused
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", focused[
                -1
            ]
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{site}/phases/cleanup")
        page.focus("#flip-who")
        for text in ("kim", "checked", TOKEN):
            page.keyboard.type(text)
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{site}/phases/cleanup?moved=*")
        assert page.inner_text(".done") == "Done: flip cleanup open -> done, revision 2."


def test_the_report_can_be_used_by_everybody(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(report_page(diverging()), "utf-8")
    with opened(browser, bypass_csp=True, color_scheme="dark", viewport=PHONE) as page:
        page.goto(file.as_uri())
        assert violations(page) == []
