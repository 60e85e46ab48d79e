"""An argument that a caller did not give is not given in the replay of a stored run either."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from changeover import Migration, Run
from tests.changeover.support.stored_ways import WAYS

Path = Callable[..., Any]
STORED = pytest.mark.parametrize("way", WAYS)


def run_of(way: str, legacy: Path, candidate: Path, call: Path) -> Run:
    """The run of the call `call(seam)`."""

    def prepare(migration: Migration) -> Any:
        seam = migration.seam("s", legacy=legacy, candidate=candidate)
        return lambda: call(seam)

    return WAYS[way](prepare)


def legacy(ref: str, qty: int = 2, *, note: str = "") -> tuple[Any, ...]:
    return ref, qty, note


def with_rest(ref: str, *rest: int, qty: int = 2, **more: Any) -> tuple[Any, ...]:
    return ref, rest, qty, more


def by_position(ref: str, qty: int = 2, /) -> tuple[Any, ...]:
    return ref, qty


SAME: dict[str, tuple[Path, Path, Path]] = {
    "a default that is left out": (legacy, lambda ref: (ref, 2, ""), lambda seam: seam("a")),
    "one of two": (legacy, lambda ref, qty: (ref, qty, ""), lambda seam: seam("a", 3)),
    "by name": (legacy, lambda ref, note="": (ref, 2, note), lambda seam: seam(ref="a", note="n")),
    "with any number": (with_rest, lambda ref, *rest: (ref, rest, 2, {}), lambda seam: seam("a", 1, 2)),
    "with any name": (with_rest, lambda ref, **more: (ref, (), 2, more), lambda seam: seam("a", x=1)),
    "by position alone": (by_position, lambda ref, /: (ref, 2), lambda seam: seam("a")),
    "other names": (by_position, lambda name, number=2: (name, number), lambda seam: seam("a", 3)),
}


@STORED
@pytest.mark.parametrize(("old", "new", "call"), SAME.values(), ids=SAME)
def test_a_candidate_without_an_argument_that_nobody_gave_matches(
    way: str, old: Path, new: Path, call: Path
) -> None:
    run = run_of(way, old, new, call)
    assert run.verdict == "match", run.reason or run.divergences


OTHER: dict[str, tuple[Path, Path, Path]] = {
    "a default": (legacy, lambda ref, qty=3, *, note="": (ref, qty, note), lambda seam: seam("a")),
    "a default by name": (legacy, lambda ref, qty=2, *, note="x": (ref, qty, note), lambda seam: seam("a")),
    "one behind any number": (
        with_rest,
        lambda ref, *rest, qty=3, **more: (ref, rest, qty, more),
        lambda seam: seam("a", 1),
    ),
    "by position alone": (by_position, lambda ref, qty=3, /: (ref, qty), lambda seam: seam("a")),
}


@STORED
@pytest.mark.parametrize(("old", "new", "call"), OTHER.values(), ids=OTHER)
def test_another_default_differs(way: str, old: Path, new: Path, call: Path) -> None:
    run = run_of(way, old, new, call)
    assert run.verdict == "diverged", run.reason


@STORED
def test_an_argument_that_was_given_is_given_even_where_it_is_the_default(way: str) -> None:
    run = run_of(way, legacy, lambda ref: (ref, 2, ""), lambda seam: seam("a", 2))
    assert run.verdict in ("diverged", "unsafe")
    assert [one.place for one in run.divergences] == ["error"]


class Desk:
    """An object with a method that has a default."""

    def old(self, ref: str, qty: int = 2) -> tuple[Any, ...]:
        """Legacy."""
        return ref, qty

    def new(self, ref: str) -> tuple[Any, ...]:
        """Candidate."""
        return ref, 2

    def other(self, ref: str, qty: int = 3) -> tuple[Any, ...]:
        """Another default."""
        return ref, qty


@STORED
@pytest.mark.parametrize(("new", "verdict"), [(Desk.new, "match"), (Desk.other, "diverged")])
def test_methods_have_their_own_defaults_too(way: str, new: Path, verdict: str) -> None:
    def prepare(migration: Migration) -> Any:
        seam = migration.seam("s", legacy=Desk.old, candidate=new, owner=lambda scenario: Desk())
        return lambda: seam(Desk(), "a")

    run = WAYS[way](prepare)
    assert run.verdict == verdict, run.reason or run.divergences
