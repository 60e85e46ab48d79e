"""Whatever stands in a text, the page shows it and nothing of it is live."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from itertools import cycle
from typing import Any, TypeVar

import pytest

from changeover.evidence.store.records import StoredCluster, StoredRun
from changeover.values.safe_text import visible
from changeover.values.verdict import Verdict
from changeover.views.html.data import ReportData
from changeover.views.html.page import report_page
from tests.changeover.support.hostile_texts import STRINGS
from tests.changeover.support.page_reading import Element, read
from tests.changeover.support.watched_reports import watched

T = TypeVar("T")

PLACES: list[Callable[[str], str]] = [lambda text: text, "result.{}[*].x".format, 'read "{}" 4'.format]
TEXTS = [wrap(text) for wrap in PLACES for text in STRINGS]
MEANT = {
    *("kind", "class", "answered_by", "unsafe", "verdicts", "labels", "state", "asked_by", "digest", "id"),
    *("whole", "partial", "periods", "position", "size"),
}
"""What the page decides by is no text: it stays as it is."""


def poisoned(value: Any, texts: Iterator[str]) -> Any:
    """The same with another hostile text in the place of every text."""
    if isinstance(value, (Verdict, bool)) or value is None:
        return value
    if type(value) is str:
        return next(texts)
    if isinstance(value, StoredRun) and value.body is not None:
        body = json.dumps(poisoned(json.loads(value.body), texts))
        return replace(poisoned(replace(value, body=None), texts), body=body)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            one.name: poisoned(getattr(value, one.name), texts)
            for one in fields(value)
            if one.name not in MEANT
        }
        return replace(value, **changed)
    if isinstance(value, Mapping):
        return {key: part if key in MEANT else poisoned(part, texts) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(poisoned(part, texts) for part in value)
    return value


def poisoned_report(data: ReportData, start: int) -> ReportData:
    return _with_same_places(poisoned(data, cycle(TEXTS[start:] + TEXTS[:start])))


def _with_same_places(data: ReportData) -> ReportData:
    """Effects stay effects, so that their part of the page is drawn as well."""

    def again(cluster: StoredCluster) -> StoredCluster:
        return replace(cluster, place=f"effects.{cluster.place}") if cluster.unsafe else cluster

    return replace(data, corpus=replace(data.corpus, clusters=tuple(map(again, data.corpus.clusters))))


@pytest.fixture(scope="module")
def honest() -> Element:
    return read(report_page(watched()))


@pytest.mark.parametrize("start", range(0, len(TEXTS), 160))
def test_no_hostile_text_is_live_anywhere_on_the_page(start: int, honest: Element) -> None:
    page = report_page(poisoned_report(watched(), start))
    found = read(page)
    assert {one.tag for one in found.every} <= {one.tag for one in honest.every}
    assert {name for one in found.every for name in one.attributes} <= {
        name for one in honest.every for name in one.attributes
    }
    assert len(found.all("style")) == len(found.all("title")) == len(found.all("body")) == 1
    assert [letter for letter in page if not letter.isprintable() and letter != "\n"] == []
    shown = found.raw_text
    assert sum(visible(text).strip() in shown for text in TEXTS if len(text) > 9) > 60


def test_a_hostile_text_is_shown_as_it_is_written() -> None:
    data = watched()
    (first, *others) = data.history
    said = "<b>bold</b> & \u202eback"
    page = report_page(replace(data, history=(replace(first, reason=said), *others)))
    assert "<b>bold</b> & \\u202eback" in read(page).named("history").whole_text
