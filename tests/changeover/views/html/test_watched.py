"""The page of a migration that has run for weeks: what changed, production beside it, examples, a filter."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from changeover.evidence.last_report import Fate, Standing, changes_since, last_report, review_of
from changeover.values.verdict import Verdict
from changeover.views.html.charts import ROWS_SHOWN_MAX, matrix
from changeover.views.html.data import ReportData
from changeover.views.html.page import report_page
from changeover.views.html.spread import spread
from tests.changeover.support import report_samples as samples
from tests.changeover.support.page_reading import Element, read
from tests.changeover.support.real_browser import DESKTOP, chromium, opened
from tests.changeover.support.watched_reports import GROUPS, watched, wide

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def page() -> Element:
    return read(report_page(watched()))


def test_the_columns_of_production_add_up_to_its_runs(page: Element) -> None:
    strip = watched().strip
    assert strip is not None
    assert strip.total == sum(group.runs for group in GROUPS)
    assert dict(strip.counts) == {"match": 677, "tolerated": 12, "UNSAFE": 3, "not compared": 2}
    drawn = Counter(bar.word for bar in strip.bars)
    assert drawn["UNSAFE"] == 1
    assert all(bar.height >= 4 for bar in strip.bars if bar.word == "UNSAFE")
    table = page.named("production").all("table")[0].rows()
    assert sum(int(row[-1]) for row in table[1:]) == strip.total


def test_flips_and_trips_stand_on_the_strip_and_are_told_below_it(page: Element) -> None:
    text = page.named("production").whole_text
    assert "trip trading ramp 5 % -> shadow" in text
    assert "flip portfolio off -> shadow" in text
    marks = [one.text for one in page.named("production").all("text") if one.attributes["class"] == "move"]
    assert marks == ["1, 2", "3"]


def test_production_stands_beside_the_comparison(page: Element) -> None:
    rows = page.named("production").all("table")[1].rows()
    assert [row[0] for row in rows] == ["source", "history (this page)", "production"]
    assert rows[2][2:] == ["903", "900", "·", "·", "3", "·", "UNSAFE"]


def test_what_changed_since_the_last_report_is_said(page: Element) -> None:
    text = page.named("changes").whole_text
    for said in (
        "worst is UNSAFE , was match",
        "stage of trading is shadow , was ramp 5 %",
        "no longer found",
    ):
        assert said in text
    assert "903 more runs on this code, 3 of them differ" in text


def test_a_cluster_of_a_seam_that_was_not_compared_again_is_not_said_to_be_gone() -> None:
    then = Standing(
        "UNSAFE", "c", "r", {"a" * 64: ("till.pay", "result", 3), "b" * 64: ("till.ask", "result", 1)}
    )
    now = Standing("match", "d", "r", compared=("till.pay",))
    fates = {one.seam: one.fate for one in changes_since(NOW, then, now).clusters}
    assert fates == {"till.pay": Fate.GONE, "till.ask": Fate.NOT_COMPARED}


def test_what_a_report_leaves_behind_is_read_back_as_it_was() -> None:
    standing = watched().standing
    assert standing is not None
    assert last_report([review_of(standing, NOW)]) == (NOW, standing)
    assert changes_since(NOW, standing, standing).is_nothing


def test_every_example_can_be_reached_by_its_neighbours_and_by_its_name(page: Element) -> None:
    clusters = page.named("clusters")
    inputs = {one.attributes["id"] for one in clusters.all("input")}
    labels = {one.attributes["for"] for one in clusters.all("label")}
    assert labels == inputs
    (order,) = [one for one in clusters.all("fieldset") if "4 examples" in one.whole_text]
    panels = [one for one in order.all("div") if "panel" in one.attributes.get("class", "")]
    assert ["previous" in one.whole_text for one in panels] == [False, True, True, True]
    assert ["next" in one.whole_text for one in panels] == [True, True, True, False]
    assert "20 -> 200" in panels[1].whole_text
    checked = [one for one in order.all("input") if "checked" in one.attributes]
    assert len(checked) == 1


def test_long_texts_are_a_diff_with_legacy_first(page: Element) -> None:
    (diff,) = [one for one in page.all("div") if one.attributes.get("class", "").startswith("diff")]
    assert [one.text for one in diff.all("del")] == ["18"]
    assert [one.text for one in diff.all("ins")] == ["312"]


def test_where_the_numbers_lie_is_drawn_and_said() -> None:
    found = spread([(Decimal(old), Decimal(new)) for old, new in ((18, 312), (20, 200), (1, 400))])
    assert found is not None
    assert found.said == (
        "legacy from 1 to 20, median 18; candidate from 200 to 400, median 312;"
        " candidate minus legacy from 180 to 399, median 294"
    )
    assert spread([(Decimal(1), Decimal(2))]) is None
    assert spread([(Decimal(1), Decimal("1E+999999"))] * 3) is not None


def test_every_choice_of_the_filter_has_its_rule_and_its_number(page: Element) -> None:
    (style,) = page.all("style")
    choices = [one.attributes["id"] for one in page.named("clusters").all("input")]
    choices = [one for one in choices if one.startswith(("show-", "in-"))]
    assert choices == [
        "show-all",
        "show-unsafe",
        "show-new",
        "show-regressed",
        "in-all",
        "in-1",
        "in-2",
        "in-3",
    ]
    for choice in choices:
        has_rule = f"#clusters:has(#{choice}:checked)" in style.text
        assert has_rule == (choice not in ("show-all", "in-all"))
    marked = [one for one in page.all("li") if "is-unsafe" in one.attributes.get("class", "").split()]
    assert f"UNSAFE {len(marked)}" in page.named("clusters").whole_text


def test_a_rule_is_offered_where_one_can_say_it(page: Element) -> None:
    text = page.named("clusters").whole_text
    assert '[[rule]] path = "result.items[*].target_weight"' in text
    assert "not offered: an effect differs" in text


@pytest.mark.parametrize(
    ("differing", "shown", "said"), [(3, 3, "in which nothing differs"), (200, 10, "190 of them")]
)
def test_of_many_seams_the_worst_are_seen_and_the_others_folded(
    differing: int, shown: int, said: str
) -> None:
    data = wide(200, differing)
    found = matrix(data)
    assert len(found.shown) == min(shown, ROWS_SHOWN_MAX)
    assert len(found.shown) + len(found.folded) == 200
    (folded,) = [
        one for one in read(report_page(data)).all("details") if one.attributes.get("class") == "folded"
    ][:1]
    assert said in folded.whole_text


def test_few_seams_are_all_seen() -> None:
    assert matrix(samples.matching()).folded == ()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.mark.parametrize(
    "make", [watched, samples.matching, lambda: wide(200, 200)], ids=["fault", "clean", "wide"]
)
def test_on_paper_it_is_three_pages_at_most(
    make: Callable[[], ReportData], browser: Any, tmp_path: Path
) -> None:
    file = tmp_path / "page.html"
    file.write_text(report_page(make()), encoding="utf-8")
    with opened(browser) as page:
        page.goto(file.as_uri())
        printed = page.pdf(margin=dict.fromkeys(("top", "right", "bottom", "left"), "1cm"))
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 3


def test_with_200_seams_what_differs_is_on_the_first_screen(browser: Any, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(report_page(wide(200, 200)), encoding="utf-8")
    with opened(browser, viewport=DESKTOP) as page:
        page.goto(file.as_uri())
        place = page.locator("#differs").bounding_box()
    assert 0 < place["y"] < place["y"] + place["height"] <= DESKTOP["height"]


def test_every_verdict_has_its_place_on_the_strip() -> None:
    assert {bar.word for bar in (watched().strip or pytest.fail("no strip")).bars} <= {
        "UNSAFE",
        "not compared",
        *map(str, Verdict),
    }
