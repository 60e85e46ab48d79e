"""docs/rules.md: every key has an example, and every row of it is a run that ends as the page says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from changeover import Migration, Run
from changeover.compare.rules_file import check_rules_file
from tests.docs.key_tables import keys_of
from tests.docs.pages import section

PAGE = "rules.md"
ONE_BY_ONE = "The keys, one by one"
PLAN = '[migration]\nname = "shop"\n[[phase]]\nname = "shop"\nseams = ["shop.quote", "depot.count"]\n'
BLOCK = re.compile(r"^```toml\n([^`]*)^```\n\n((?:\|[^\n]*\n)+)", re.MULTILINE)
TODAY = date(2026, 12, 1)


class Courier:
    def collect(self, parcel: str, price: Decimal) -> str:
        return f"label for {parcel}"


class Row(NamedTuple):
    key: str
    number: int
    rules: str
    legacy: str
    candidate: str
    seam: str
    without: str
    with_rule: str


def examples() -> Iterator[tuple[str, str, list[dict[str, str]]]]:
    """Of every example its key, its rules and its rows, each by the names of the columns."""
    for part in section(PAGE, ONE_BY_ONE).split("\n### ")[1:]:
        key, _, text = part.partition("\n")
        for rules, table in BLOCK.findall(text):
            head, _, *lines = [
                [cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()
            ]
            yield (
                key,
                rules,
                [dict(zip((name.strip() for name in head), line, strict=True)) for line in lines],
            )


ROWS = [
    Row(
        key,
        number,
        rules,
        row["legacy"],
        row["candidate"],
        row.get("seam", "shop.quote"),
        row["without"],
        row["with"],
    )
    for number, (key, rules, rows) in enumerate(examples())
    for row in rows
]


def verdict(row: Row, folder: Path, rules: str) -> str:
    """How a run ends in which the two paths do what the cells of the row say."""
    (folder / "phases.toml").write_text(PLAN)
    if rules:
        (folder / "rules.toml").write_text(rules)
    elif (folder / "rules.toml").exists():
        (folder / "rules.toml").unlink()
    courier = Courier()
    known = {"courier": courier, "UTC": UTC, "PLUS_ONE": timezone(timedelta(hours=1))}
    known |= {"Decimal": Decimal, "date": date, "datetime": datetime}

    def path(cell: str) -> Callable[[str], Any]:
        code = compile(cell.strip("`"), PAGE, "eval")

        def evaluated(customer: str) -> Any:
            return eval(code, known)  # noqa: S307  of the page

        return evaluated

    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_SHOP": "shadow", "CHANGEOVER_STORE": "none"}
    migration = Migration.load(folder, environment=environment, refresh_s=0, sink=runs.append)
    migration.port("courier", courier, effects={"collect": lambda parcel, price: parcel})
    migration.seam(row.seam, legacy=path(row.legacy), candidate=path(row.candidate))("anna")
    assert migration.problems == ()
    [run] = runs
    return str(run.verdict)


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.number}-{row.key.strip('`')}" for row in ROWS])
def test_a_run_ends_as_the_row_says_without_the_rule_and_with_it(row: Row, tmp_path: Path) -> None:
    assert (verdict(row, tmp_path, ""), verdict(row, tmp_path, row.rules)) == (row.without, row.with_rule)


def test_every_key_has_an_example_that_it_changes_and_one_that_it_does_not() -> None:
    keys = keys_of("rules")
    shown: dict[str, list[Row]] = {}
    for row in ROWS:
        shown.setdefault(row.key, []).append(row)
    assert set(shown) == {f"`{key}`" for key in keys["[[rule]]"]} | {
        f"`{key}` of `[defaults]`" for key in keys["[defaults]"]
    }
    for key, rows in shown.items():
        assert all(re.search(rf"^{key.split('`')[1]} = ", row.rules, re.MULTILINE) for row in rows), key
        assert {row.without == row.with_rule for row in rows} == {True, False}, key


@pytest.mark.parametrize("number", sorted({row.number for row in ROWS}))
def test_the_rules_of_every_example_are_sound(number: int, tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(next(row.rules for row in ROWS if row.number == number))
    assert check_rules_file(file, today=TODAY)[1] == []


def test_a_rule_that_has_expired_is_refused_with_the_sentence_of_the_page(tmp_path: Path) -> None:
    [said] = re.findall(r"On (\S+) it says: `(.*)`", section(PAGE, ONE_BY_ONE))
    file = tmp_path / "rules.toml"
    file.write_text(next(row.rules for row in ROWS if row.key == "`until`"))
    [problem] = check_rules_file(file, today=date.fromisoformat(said[0]))[1]
    assert problem.text.endswith(said[1])
    assert check_rules_file(file, today=date.fromisoformat(said[0]) - timedelta(days=1))[1] == []
