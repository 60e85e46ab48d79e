"""The real server: a browser sees what is new by itself, and the command ends when it is asked to."""

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from tests.trading.support.event_samples import NOW
from tests.trading.support.watched_accounts import HOSTILE, Refusing, trade
from trading.cli import main
from trading.desk import UsageError, journal_path
from trading.events.journal.shared import Share, SharedJournal
from trading.serve.server import TOKEN_VARIABLE, Options, Running, serving
from trading.settings import Settings

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TOKEN = "0123456789abcdef0123"
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}


@dataclass
class Served:
    account: Path
    running: Running


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    account = tmp_path_factory.mktemp("served") / "a.db"
    trade(account, notifier=Refusing())
    with closing(SharedJournal(journal_path(account), Share(("run",)))) as journal:
        journal.park("parked", HOSTILE, {}, b"{}", NOW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(TOKEN_VARIABLE, TOKEN)
        with serving(Options(account, Settings(), port=0, allow_retry=True)) as running:
            yield Served(account, running)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: Debian's package chromium brings one")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        try:
            yield opened
        finally:
            opened.close()


def places(served: Served) -> list[str]:
    page = httpx.get(served.running.url).text
    run, retry = (re.findall(rf'href="(/{part}/[^"]+)"', page)[0] for part in ("runs", "retry"))
    return ["", "bus", "alerts", run[1:], retry[1:]]


def test_every_page_is_accessible_fits_its_window_and_runs_nothing_of_a_journal(
    served: Served, browser: Any
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    axe, said = Axe(), []
    now, bus, alerts, run, retry = places(served)
    light, dark = (now, bus, alerts, run, retry), (now, retry)
    for scheme, size, chosen in (("light", "desktop", light), ("dark", "phone", dark)):
        width, height = SIZES[size]
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        page = context.new_page()
        page.on("console", lambda one: said.append(one.text) if one.type in ("error", "warning") else None)
        page.on("dialog", lambda dialog: said.append(dialog.message))
        for place in chosen:
            page.goto(served.running.url + place, wait_until="domcontentloaded")
            found = axe.run(page, options={"resultTypes": ["violations"]})
            assert found.violations_count == 0, (place, scheme, found.generate_report())
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (place, size)
        context.close()
    assert said == []


def test_a_page_is_read_and_a_retry_confirmed_without_scripts_and_by_keyboard_alone(
    served: Served, browser: Any
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served.running.url)
    page.keyboard.press("Tab")
    assert page.locator("*:focus").inner_text() == "Skip to the content"
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.locator("*:focus").inner_text().startswith("Retry parked:1"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/retry/**")
    page.locator("#token").focus()
    page.keyboard.type(TOKEN)
    page.keyboard.press("Enter")
    page.wait_for_url("**/retried/**")
    text = page.locator("main").inner_text()
    for _ in range(30):
        if "under way" not in text:
            break
        page.wait_for_timeout(500)
        page.reload()
        text = page.locator("main").inner_text()
    assert "parked:1 stays: <script>alert(1)</script>" in text
    context.close()


def test_what_is_new_appears_by_itself_and_focus_stays(served: Served, browser: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(served.running.url)
    page.locator("#live", has_text=re.compile("^Live")).wait_for()
    page.locator("main a", has_text="All runs").focus()
    trade(served.account, date(2011, 8, 10))
    page.locator("main", has_text="2011-08-10").wait_for(timeout=30_000)
    assert page.locator("*:focus").inner_text() == "All runs, with their events"
    context.close()


def test_findings_are_told_by_the_server_and_listed(served: Served) -> None:
    for _ in range(200):
        told = httpx.get(f"{served.running.url}alerts").text
        if told.count('<td class="l">taken</td>') == 2:
            break
        threading.Event().wait(0.05)
    assert re.findall(r'<td class="l">(dead-letter|parked-message)</td>', told).count("dead-letter") == 1
    assert (served.account.parent / "a.alerts.db").exists()


def test_a_stream_says_which_version_a_page_has(served: Served) -> None:
    with httpx.stream("GET", f"{served.running.url}stream", timeout=30) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        first = next(iter(stream.iter_text()))
    assert re.fullmatch(r"event: changed\ndata: \d+\n\n", first)


def test_a_port_that_is_taken_and_a_token_that_is_guessed_are_refused(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = httpx.URL(served.running.url).port
    assert port is not None
    with (
        pytest.raises(UsageError, match=f"127.0.0.1:{port}: cannot be listened on: .* choose another --port"),
        serving(Options(served.account, Settings(), port=port)),
    ):
        pass
    monkeypatch.setenv(TOKEN_VARIABLE, "short")
    with (
        pytest.raises(UsageError, match="TRADING_SERVE_TOKEN has 5 characters, allowed: 16 or more"),
        serving(Options(served.account, Settings(), port=0, allow_retry=True)),
    ):
        pass


def test_the_command_says_where_it_serves_and_ends_when_it_is_asked(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trading.serve.server.wait_for_end", lambda: None)  # a signal would end the tests
    done = CliRunner().invoke(
        main, ["serve", "--account", str(served.account), "--port", "0", "--allow-retry"]
    )
    assert done.exit_code == 0
    assert re.search(r"serving \S+a\.db on http://127\.0\.0\.1:\d+/", done.stderr)
    assert re.search(r"the token that confirms a retry: \S{16,}", done.stderr)


def test_an_account_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["serve", "--account", str(tmp_path / "none.db"), "--port", "0"])
    assert done.exit_code == 2
    assert "no such account" in done.stderr
    assert list(tmp_path.iterdir()) == []
