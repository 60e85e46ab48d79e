"""Two long texts are shown where they part, and texts of several lines as a diff, on every width."""

import pytest

from changeover.compare.change_pattern import Change, ChangePattern
from changeover.compare.clusters import Example
from changeover.evidence.store.records import StoredCluster, StoredComparison
from changeover.evidence.store.rows_of_runs import keep_divergence
from changeover.evidence.store.run_contents import RunContents
from changeover.values.divergence import Divergence, Kind
from changeover.values.observation import Side
from changeover.views.layout import Screen
from changeover.views.text.explain import cluster_screen

SAME = "the same words over and over, "


def screen_of(*divergences: Divergence, width: int = 100, asked: int = 0) -> str:
    from datetime import UTC, datetime

    one = divergences[asked]
    example = Example("days/1", one, None, 1)
    cluster = StoredCluster(
        "ab" * 32, "till.pay", one.place, one.kind, ChangePattern(Change.TEXT), False, 1, smallest=example
    )
    comparison = StoredComparison(1, datetime(2026, 1, 1, tzinfo=UTC), "days", "generated", "c", "r")
    run = RunContents(
        Side.LEGACY, "shadow", (), None, {}, None, None, divergences, (None,) * len(divergences), ()
    )
    return cluster_screen(cluster, comparison, [], run, Screen(width))


def text(legacy: object, candidate: object, place: str = "result.text") -> Divergence:
    return keep_divergence(Divergence(place, Kind.VALUE, legacy, candidate))


@pytest.mark.parametrize("width", [60, 80, 100, 200])
@pytest.mark.parametrize("repeats", [10, 300])
def test_long_texts_are_cut_around_their_difference(width: int, repeats: int) -> None:
    shown = screen_of(
        text(SAME * repeats + "ONE" + SAME * 9, SAME * repeats + "OTHER" + SAME * 9), width=width
    )
    assert "ONE" in shown
    assert "OTHER" in shown
    assert max(map(len, shown.splitlines())) <= width


@pytest.mark.parametrize("width", [60, 100, 200])
@pytest.mark.parametrize("repeats", [1, 10, 300])
def test_long_bytes_are_cut_around_their_difference(width: int, repeats: int) -> None:
    before, after = SAME.encode() * repeats, SAME.encode() * 9
    shown = screen_of(text(before + b"ONE" + after, before + b"OTHER" + after), width=width)
    assert "ONE" in shown
    assert "OTHER" in shown


@pytest.mark.parametrize("width", [60, 80, 200])
def test_texts_of_several_lines_are_shown_as_a_diff(width: int) -> None:
    lines = [f"line {number}" for number in range(30)]
    other = [*lines[:12], "line twelve", *lines[13:]]
    shown = screen_of(text("\n".join(lines), "\n".join(other)), width=width)
    assert "-line 12" in shown
    assert "+line twelve" in shown
    assert "line 25" not in shown


def test_the_place_that_was_asked_about_stands_first_whatever_else_is_shown() -> None:
    many = [text(number, number + 1, f"result.rows[{number}].price") for number in range(40)]
    shown = screen_of(*many, text("a", "b", "result.zone"), asked=40)
    assert shown.index("zone") < shown.index("rows[0]")
    assert '"a"' in shown
