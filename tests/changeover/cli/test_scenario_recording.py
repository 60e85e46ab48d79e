"""`changeover scenarios record`: chosen cases of a source as a file of scenarios."""

import json
from pathlib import Path

import pytest

from tests.changeover.support.projects import Shop, shop_in

FILE = "migration/scenarios/days.jsonl"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


def lines(shop: Shop) -> list[dict[str, object]]:
    return [json.loads(line) for line in (shop.root / FILE).read_text().splitlines()]


def test_chosen_cases_are_written_with_answer_tags_and_where_they_come_from(shop: Shop) -> None:
    done = shop.run(
        "scenarios", "record", "--source", "days", "--run", "day-05", "--run", "day-03", "--output", FILE
    )
    assert done.code == 0, done
    assert done.out.startswith("wrote 2 scenarios, ")
    first, second = lines(shop)
    assert (first["id"], second["id"]) == ("days/day-05/shelf.refill", "days/day-03/shelf.refill")
    assert (first["tags"], first["correlation_id"]) == (["full"], "days/day-05")
    assert first["answer"] == {
        "returned": {"item": "apples", "ordered": 0, "cost": {"$": "decimal", "v": "-127.50"}}
    }
    assert shop.run("compare", "--source", "scenarios").code == 0


def test_a_file_is_written_anew_and_a_dry_run_writes_nothing(shop: Shop) -> None:
    shop.run("scenarios", "record", "--source", "days", "--runs", "3", "--output", FILE)
    done = shop.run("scenarios", "record", "--source", "days", "--runs", "1", "--output", FILE, "--dry-run")
    assert (done.code, done.out[:22]) == (0, "would write 1 scenario")
    assert len(lines(shop)) == 3
    shop.run("scenarios", "record", "--source", "days", "--runs", "1", "--output", FILE)
    assert len(lines(shop)) == 1
    assert [path.name for path in (shop.root / FILE).parent.iterdir()] == ["days.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--source", "weeks"], 'source "weeks": is unknown, allowed: days'),
        (["--source", "days", "--run", "day-99"], "has no case 'day-99'"),
        (["--source", "days", "--seam", "shelf.empty"], "is no phase with seams and no seam"),
    ],
)
def test_what_cannot_be_recorded_is_named_and_nothing_is_written(
    shop: Shop, arguments: list[str], said: str
) -> None:
    done = shop.run("scenarios", "record", *arguments, "--output", FILE)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert not (shop.root / FILE).exists()
