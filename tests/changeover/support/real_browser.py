"""Debian's Chromium, driven by Playwright, and what axe finds on a page."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
OPTIONS = ["--no-sandbox", "--disable-gpu"]
WAIT_MS = 60_000
"""No promise: after that a test gives up."""
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")
TOUCHED = (*RULES, "wcag22aa")
"""With the size of what is to be touched: for pages that people use rather than read."""
FOUND = """async (rules) => {
    const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
    return found.violations.flatMap(one => one.nodes.map(node => `${one.id}: ${node.html.slice(0, 150)}`));
}"""
"""What is in order is not described, and not sent: that took longer than the search."""
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@contextmanager
def chromium() -> Iterator[Any]:
    """The browser; the test is skipped where there is none."""
    if not CHROMIUM.exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=OPTIONS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Any, **options: Any) -> Iterator[Any]:
    """A page of its own, with an error for everything that goes wrong on it."""
    context = browser.new_context(**options)
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("console", lambda said: page.wrong.append(said.text) if _is_wrong(said) else None)
    try:
        yield page
    finally:
        context.close()


def _is_wrong(said: Any) -> bool:
    return said.type == "error" and "the server responded with a status of 404" not in said.text


def violations(page: Any, rules: tuple[str, ...] = RULES) -> list[str]:
    """What axe finds on the page as it is now, each with the element; the CSP has to be bypassed."""
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8"))
    found: list[str] = page.evaluate(FOUND, list(rules))
    return found


def overflow(page: Any) -> int:
    """By how many pixels the page is wider than the window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return width
