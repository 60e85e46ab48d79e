"""Two files of recorded outputs, compared without any wiring."""

from __future__ import annotations

from pathlib import Path

import pytest

from changeover.compare.file_diff import FilesDiff, RowsError, diff_files
from changeover.compare.rules import Rules
from tests.changeover.support.observations import rule, rules


def diffed(
    folder: Path,
    old: str,
    new: str,
    under: Rules | None = None,
    *,
    ending: str = ".jsonl",
    by: tuple[str, ...] = ("id",),
) -> FilesDiff:
    for name, text in (("old", old), ("new", new)):
        (folder / f"{name}{ending}").write_text(text, encoding="utf-8")
    return diff_files(folder / f"old{ending}", folder / f"new{ending}", by, under or Rules())


OLD = '{"id": 1, "price": 1.10, "n": 1}\n{"id": 2, "price": 2.0, "n": 5}\n{"id": 3, "price": 3.0, "n": 1}\n'
NEW = '{"id": 2, "price": 2.00, "n": 7}\n{"id": 1, "price": 1.1, "n": 1}\n{"id": 4, "price": 3.0, "n": 1}\n'


def test_rows_are_joined_and_every_row_is_counted_once(tmp_path: Path) -> None:
    diff = diffed(tmp_path, OLD, NEW)
    assert (diff.old_rows, diff.new_rows) == (3, 3)
    assert (diff.equal, diff.differing, diff.only_old, diff.only_new, diff.not_compared) == (1, 1, 1, 1, 0)
    assert [(divergence.kind.value, divergence.place) for divergence in diff.divergences] == [
        ("value", "result[2].n"),
        ("row-missing", "result[3]"),
        ("row-extra", "result[4]"),
    ]


def test_a_cluster_says_in_how_many_rows_it_is(tmp_path: Path) -> None:
    old = "".join(f'{{"id": {n}, "price": {n}.25}}\n' for n in range(1, 9))
    new = "".join(
        f'{{"id": {n}, "price": {n if n % 2 else f"{n}.25"}{".0" if n % 2 else ""}}}\n' for n in range(1, 9)
    )
    (cluster,) = diffed(tmp_path, old, new).clusters
    assert cluster.fingerprint.place == "result[*].price"
    assert str(cluster.fingerprint.pattern) == "rounded to 0 places"
    assert (cluster.runs, cluster.reachable) == (4, 8)


def test_the_rules_are_those_of_a_migration(tmp_path: Path) -> None:
    diff = diffed(tmp_path, OLD, NEW, rule("result[*].n", 'abs = "2"'))
    assert (diff.equal, diff.differing) == (2, 0)
    assert diff.accepted[0].hits == 1


def test_csv_and_json_are_read_as_they_are_written(tmp_path: Path) -> None:
    csv = diffed(tmp_path, "id,price\n1,1.10\n", "id,price\n1,1.1\n", ending=".csv")
    assert (csv.equal, csv.differing) == (0, 1)
    loose = rules('[defaults]\ntypes = "loose"\n')
    assert diffed(tmp_path, "id,price\n1,1.10\n", "id,price\n1,1.1\n", loose, ending=".csv").equal == 1
    assert diffed(tmp_path, '[{"id": 1}]', '[{"id": 1}]', ending=".json").equal == 1
    (tmp_path / "one.csv").write_text("id,price\n1,1.10\n", encoding="utf-8")
    (tmp_path / "other.jsonl").write_text('{"id": 1, "price": 1.1}\n', encoding="utf-8")
    assert diff_files(tmp_path / "one.csv", tmp_path / "other.jsonl", ["id"], loose).equal == 1


def test_rows_with_one_key_are_joined_in_order_and_counted(tmp_path: Path) -> None:
    diff = diffed(tmp_path, '{"id": 1}\n{"id": 1}\n', '{"id": 1}\n')
    assert (diff.equal, diff.only_old, diff.repeated) == (1, 1, 1)


@pytest.mark.parametrize(
    ("ending", "text", "message"),
    [
        (".jsonl", '{"id": 1}\n{"id": \n', "new.jsonl line 2: is not JSON"),
        (".jsonl", '{"id": 1, "id": 2}\n', 'the name "id" stands twice'),
        (".jsonl", "[1]\n", "new.jsonl line 1: found list, allowed: an object"),
        (".jsonl", '{"n": 1}\n', 'new.jsonl row 1: has no "id" to be joined by, found: n'),
        (".json", '{"id": 1}', "new.json: found dict, allowed: a list of objects"),
        (".json", "[" * 200_000, "is not JSON"),
        (".csv", "id,n\n1\n", "new.csv line 2: found 1 cells, allowed: 2"),
        (".csv", "id,id\n1,2\n", "new.csv line 1: two columns have the same name"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path: Path, ending: str, text: str, message: str) -> None:
    good = {".jsonl": '{"id": 1}\n', ".json": '[{"id": 1}]', ".csv": "id,n\n1,2\n"}[ending]
    with pytest.raises(RowsError) as refused:
        diffed(tmp_path, good, text, ending=ending)
    assert message in str(refused.value)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(RowsError, match=r"gone\.csv: cannot be read: No such file"):
        diff_files(tmp_path / "gone.csv", tmp_path / "gone.csv", ["id"], Rules())
