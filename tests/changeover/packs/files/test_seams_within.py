"""A seam inside of one whose files are followed: it is compared unless it reaches a file itself."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from changeover import Run
from tests.changeover.support.nested_runs import nested_runs


def runs_of(folder: Path, take: Callable[[int], Any], other: Callable[[int], Any]) -> dict[str, Run]:
    (folder / "seed.txt").write_text("seed")

    def place(inner: Callable[[int], Any], qty: int) -> Any:
        (folder / "order.txt").write_text(f"{qty}\n")
        return inner(qty)

    return nested_runs(lambda one: one.use("files", folders=[folder]), place, take, other)[1]


@pytest.mark.parametrize("added", [0, 1])
def test_a_seam_inside_that_reaches_no_file_is_compared(tmp_path: Path, added: int) -> None:
    runs = runs_of(tmp_path, lambda qty: qty, lambda qty: qty + added)
    assert runs["stock.take"].verdict == ("diverged" if added else "match"), runs["stock.take"].reason


@pytest.mark.parametrize(
    "reach",
    [
        lambda folder: (folder / "seed.txt").read_text(),
        lambda folder: (folder / "out.txt").write_text("taken"),
        lambda folder: sorted(one.name for one in folder.iterdir()),
        lambda folder: tempfile.mkdtemp(dir=folder)[:1],
    ],
)
def test_a_seam_inside_that_reaches_a_file_says_why_it_is_not_compared(
    tmp_path: Path, reach: Callable[[Path], Any]
) -> None:
    runs = runs_of(tmp_path, lambda _: reach(tmp_path), lambda _: reach(tmp_path))
    assert runs["stock.take"].verdict == "failed"
    assert "the files of a seam inside another one" in (runs["stock.take"].reason or "")
    assert runs["shop.place"].verdict == "match", runs["shop.place"].reason
