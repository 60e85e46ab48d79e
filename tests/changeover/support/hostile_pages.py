"""Reports with hostile texts, held beside the same report with harmless ones."""

from collections import Counter
from collections.abc import Sequence
from html.parser import HTMLParser

from changeover.views.html.data import ReportData
from changeover.views.html.page import report_page
from tests.changeover.support.hostile_texts import STRINGS, obeyed
from tests.changeover.support.planted_texts import planted

_SCHEMES = ("javascript:", "data:text", "vbscript:")
_READ_ALONE = ("alt", "placeholder", "title", "value")
"""Attributes that a browser shows as they are, as it does all of `aria-` and `data-`."""
_LIVE_ELEMENTS = ("script", "iframe", "object", "embed", "form", "base")


class Parts(HTMLParser):
    """How often which element stands in a page, and what in it would act."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: Counter[str] = Counter()
        self.live: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] += 1
        if tag in _LIVE_ELEMENTS:
            self.live.append(tag)
        for name, value in attrs:
            leads = name not in _READ_ALONE and not name.startswith(("aria-", "data-"))
            if name.startswith("on") or (leads and (value or "").strip().lower().startswith(_SCHEMES)):
                self.live.append(f"{tag} {name}={value}")


def live_in_pages(data: ReportData, texts: Sequence[str] = STRINGS) -> list[str]:
    """The texts that change a report in which they stand in every field; blank ones are left out."""
    harmless = Parts(_page(data, "harmless"))
    found = list(harmless.live)
    for text in texts:
        if text.strip():
            page = _page(data, text)
            parts = Parts(page)
            if parts.live or parts.elements != harmless.elements or obeyed(page):
                found.append(f"{text!a}: {parts.live} {parts.elements - harmless.elements}")
    return found


def _page(data: ReportData, text: str) -> str:
    return report_page(planted(data, lambda: text))
