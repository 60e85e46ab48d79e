import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from changeover.views.html.page import write_page
from tests.changeover.support.page_reading import read
from tests.changeover.support.projects import Shop, shop_in


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


def test_a_comparison_becomes_a_page(shop: Shop) -> None:
    assert shop.run("compare", planted="whole").code == 1
    done = shop.run("report", planted="whole")
    assert done.code == 0, done.err
    path, said = done.out.splitlines()
    assert path == "changeover-report.html"
    assert said == "UNSAFE   The candidate calls depot.order with a larger quantity than legacy."
    text = read((shop.root / path).read_text("utf-8")).whole_text
    assert "The candidate calls depot.order with a larger quantity than legacy." in text
    assert "changeover compare shelf.refill --run days/day-01" in text
    assert "gate" in text.lower()


def test_a_page_is_written_beside_a_comparison(shop: Shop) -> None:
    done = shop.run("compare", "--report", "page.html")
    assert done.code == 0, done.err
    assert "the page is in page.html" in done.err
    assert read((shop.root / "page.html").read_text("utf-8")).all("title")[0].text == "match · changeover"


def test_without_a_comparison_no_page_is_written(shop: Shop) -> None:
    done = shop.run("report", "--output", "page.html")
    assert done.code == 3
    assert "nothing was compared yet" in done.err
    assert not (shop.root / "page.html").exists()


def test_the_same_as_json_with_the_sums(shop: Shop) -> None:
    shop.run("compare", planted="whole")
    found = json.loads(shop.run("report", "--format", "json", planted="whole").out)
    assert found["schema_version"] == 1
    assert found["headline"]["word"] == "UNSAFE"
    assert found["total"]["runs"] == 50
    assert found["corpus"]["effects"][0]["name"] == "depot.note"
    assert not (shop.root / "changeover-report.html").exists()


def test_a_comparison_that_was_not_kept_gets_no_page_of_an_older_one(shop: Shop) -> None:
    shop.run("compare")
    done = shop.run("compare", "--report", "page.html", CHANGEOVER_STORE="none")
    assert done.code == 3
    assert "no page was written" in done.err
    assert not (shop.root / "page.html").exists()


def test_a_comparison_that_a_locked_store_did_not_keep_gets_no_older_page_either(shop: Shop) -> None:
    shop.run("compare")
    with closing(sqlite3.connect(shop.root / ".changeover" / "evidence.db", isolation_level=None)) as other:
        long_ago = "2020-01-01T00:00:00.000+00:00"
        other.execute("UPDATE corpora SET at = ?", (long_ago,))
        other.execute("BEGIN IMMEDIATE")
        done = shop.run("compare", "--report", "page.html")
    assert done.code == 3
    assert "no page was written: the store did not keep what was compared" in done.err
    assert not (shop.root / "page.html").exists()


def test_a_verdict_is_not_softened_by_a_page_that_could_not_be_written(shop: Shop) -> None:
    done = shop.run("compare", "--report", "page.html", planted="whole", CHANGEOVER_STORE="none")
    assert done.code == 1


@pytest.mark.parametrize("arguments", [("report", "--output"), ("compare", "--report")])
@pytest.mark.parametrize(("place", "said"), [("no/page.html", "there is no folder"), (".", "was a folder")])
def test_a_place_where_no_page_can_be_is_refused_before_anything_runs(
    arguments: tuple[str, str], place: str, said: str, shop: Shop
) -> None:
    done = shop.run(*arguments, place)
    assert done.code == 2
    assert said in done.err
    assert done.out == ""


def test_a_comparison_on_other_code_is_said_to_be_so_first(shop: Shop) -> None:
    shop.run("compare")
    with (shop.root / "shop.py").open("a", encoding="utf-8") as file:
        file.write("\nLATER = 1\n")
    done = shop.run("report")
    assert done.out.splitlines()[1].startswith("inconclusive")
    text = read((shop.root / "changeover-report.html").read_text("utf-8")).all("header")[0].whole_text
    assert "! this comparison is about other code" in text


def test_an_unreadable_store_is_one_sentence(shop: Shop) -> None:
    (shop.root / ".changeover").mkdir()
    (shop.root / ".changeover" / "evidence.db").write_bytes(b"no database" * 100)
    done = shop.run("report")
    assert done.code == 2
    assert "cannot be read" in done.err


def test_an_old_page_stays_whole_until_the_new_one_is(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    write_page(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_page(path, "new \ud800")
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]
    write_page(path, "new")
    assert [one.name for one in tmp_path.iterdir()] == ["page.html"]
    assert path.read_text() == "new"
