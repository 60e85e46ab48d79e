import re
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise

import pytest

from changeover.views.html.page import report_page
from tests.changeover.support import report_samples as samples
from tests.changeover.support.page_reading import Element, Page, read
from tests.changeover.support.watched_reports import watched

SAMPLES = {
    "diverging": samples.diverging(),
    "watched": watched(),
    "matching": samples.matching(),
    "nothing compared": samples.nothing_compared(),
    "empty": samples.empty(),
}
PARTS = [
    "changes",
    "production",
    "clusters",
    "effects",
    "rules",
    "not-compared",
    "times",
    "gates",
    "history",
    "blind-spots",
    "runs",
]


@pytest.fixture(scope="module", params=SAMPLES)
def page(request: pytest.FixtureRequest) -> str:
    return report_page(SAMPLES[request.param])


@pytest.fixture(scope="module")
def root(page: str) -> Element:
    return read(page)


@pytest.fixture(scope="module")
def diverging() -> Element:
    return read(report_page(samples.diverging()))


def test_the_page_is_well_formed_html_in_english(page: str) -> None:
    found = Page(page)
    assert found.declarations == ["doctype html"]
    (html,) = found.root.all("html")
    assert html.attributes == {"lang": "en"}
    assert "{{" not in page
    assert "{%" not in page


def test_the_page_needs_no_script_and_loads_nothing(root: Element) -> None:
    tags = {element.tag for element in root.every}
    assert not tags & {"script", "link", "img", "iframe", "object", "embed", "form", "base"}
    for element in root.every:
        assert not {"src", "srcset", "style", "action"} & set(element.attributes)
        assert not [name for name in element.attributes if name.startswith("on")]
        assert element.attributes.get("href", "#").startswith("#")
    assert {one.attributes["type"] for one in root.all("input")} <= {"radio"}


def test_the_policy_lets_nothing_in_but_the_pages_own_style(root: Element) -> None:
    (policy,) = [one for one in root.all("meta") if one.attributes.get("http-equiv")]
    (style,) = root.all("style")
    digest = b64encode(sha256(style.text.encode()).digest()).decode()
    assert policy.attributes["content"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert "url(" not in style.text
    assert "@import" not in style.text


def test_the_style_is_for_light_dark_narrow_and_paper(root: Element) -> None:
    (style,) = root.all("style")
    for question in ("prefers-color-scheme: dark", "max-width: 44rem", "@media print"):
        assert question in style.text


def test_every_identifier_is_there_once_and_every_link_leads_somewhere(root: Element) -> None:
    identifiers = [one.attributes["id"] for one in root.every if "id" in one.attributes]
    assert len(identifiers) == len(set(identifiers))
    for link in root.all("a"):
        assert link.attributes["href"].removeprefix("#") in identifiers


def test_headings_go_down_one_level_at_a_time(root: Element) -> None:
    levels = [int(one.tag[1]) for one in root.every if re.fullmatch(r"h[1-6]", one.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_heading_of_a_table_says_what_it_heads(root: Element) -> None:
    for heading in root.all("th"):
        assert heading.attributes.get("scope") in ("row", "col"), heading.whole_text


def test_the_parts_below_the_fold_stand_in_their_order(root: Element) -> None:
    order = [one.attributes["id"] for one in root.all("section") if one.attributes.get("id") in PARTS]
    assert order == PARTS


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("diverging", "UNSAFE 618 · changeover"),
        ("matching", "match · changeover"),
        ("nothing compared", "inconclusive · changeover"),
        ("empty", "inconclusive · changeover"),
    ],
)
def test_the_tab_says_the_worst_verdict(name: str, title: str) -> None:
    (found,) = read(report_page(SAMPLES[name])).all("title")
    assert found.text == title


def test_the_first_screen_has_the_sentence_the_example_and_the_way_to_see_it_again(
    diverging: Element,
) -> None:
    (first,) = [one for one in diverging.all("div") if one.attributes.get("class") == "first"]
    text = first.whole_text
    assert (
        "UNSAFE The candidate calls broker.submit_order with all that broker.positions() gave,"
        " where legacy asks for less." in text
    )
    assert "702 calls in 618 of 1,951 runs of trading.workflow" in text
    assert "0.2944 -> 0" in text
    assert '312 is broker.positions()["SPY"].quantity, read 4' in text
    assert "4 required tags did not occur" in text
    assert "changeover compare trading.workflow --run history/2011-08-09" in text


def test_every_cell_of_the_matrix_says_its_verdict_in_words_and_leads_to_its_runs(diverging: Element) -> None:
    cells = [one for one in diverging.all("a") if "cell" in one.attributes.get("class", "").split()]
    assert len(cells) == 8 * 31
    (worst,) = [one for one in cells if one.attributes["aria-label"].startswith("workflow, 2011 Q3")]
    assert worst.attributes["aria-label"] == "workflow, 2011 Q3: UNSAFE, 19 of 63 runs differ"
    runs = diverging.named(worst.attributes["href"].removeprefix("#")).whole_text
    assert "trading.workflow 63 19 UNSAFE" in runs
    assert "history/2011-08-09 UNSAFE" in runs


def test_what_is_not_there_is_said_and_never_invented() -> None:
    text = read(report_page(samples.empty())).whole_text
    for said in (
        "Not known: no run was compared.",
        "Not available: there is no plan",
        "Not available: no times were kept of this comparison.",
        "Not available: this comparison kept no counts of its rules.",
        "nobody has looked: changeover rules blindspots",
        "Nothing has moved yet.",
    ):
        assert said in text


def test_the_same_data_give_the_same_page() -> None:
    assert report_page(samples.diverging()) == report_page(samples.diverging())
