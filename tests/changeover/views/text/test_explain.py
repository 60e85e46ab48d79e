"""One case at all of its seams: what differs comes first, and is not buried in what does not."""

from changeover.views.layout import Ink
from changeover.views.text.explain_run import SeamRun, runs_screen


def at(seam: str, verdict: str) -> SeamRun:
    return SeamRun("days/one", seam, verdict, None)


def test_the_worst_seam_comes_first_and_those_alike_are_only_named() -> None:
    runs = [at("desk.a", "match"), at("desk.b", "diverged"), at("desk.a", "match"), at("desk.c", "unsafe")]
    screen = runs_screen([*runs, at("desk.d", "tolerated")], Ink())
    heads = [line for line in screen.splitlines() if line.startswith("days/one")]
    assert heads == ["days/one   desk.c   UNSAFE", "days/one   desk.b   diverged"]
    assert screen.endswith("and 3 runs without a difference, in --format json: desk.a (2), desk.d\n")


def test_where_nothing_differs_every_seam_is_shown() -> None:
    screen = runs_screen([at("desk.a", "match"), at("desk.b", "match")], Ink())
    assert screen.count("days/one   desk.") == 2
    assert "without a difference" not in screen
