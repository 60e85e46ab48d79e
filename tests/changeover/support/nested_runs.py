"""A seam inside of a seam, both on one database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover import Migration, Run
from tests.changeover.support.alchemy_shop import as_under_a_test

Take = Callable[[int], Any]


def nested_runs(
    use: Callable[[Migration], None],
    place: Callable[[Take, int], Any],
    take: Take,
    other_take: Take,
    *,
    levels: int = 2,
    for_scenarios: bool = False,
) -> tuple[Any, dict[str, Run]]:
    """What the program is given, and the runs by seam.

    Both paths of `shop.place` call the seam `stock.take`, which has these two paths; with more levels
    through seams that do nothing but hand on.
    """
    runs: list[Run] = []
    migration = Migration(environment={}, sink=runs.append)
    migration.runtime.for_scenarios = for_scenarios
    use(migration)
    inner: Take = migration.seam("stock.take", legacy=take, candidate=other_take)
    for number in range(levels - 2):
        inner = _handing_on(migration, number, inner)
    outer = migration.seam(
        "shop.place", legacy=lambda qty: place(inner, qty), candidate=lambda qty: place(inner, qty)
    )
    with as_under_a_test():
        answer = outer(2)
    return answer, {run.seam: run for run in runs}


HOW = [{}, {"levels": 3}, {"levels": 4}, {"for_scenarios": True}, {"levels": 3, "for_scenarios": True}]
"""So many seams one inside the other, as runs are recorded in traffic and as for scenarios."""


def _handing_on(migration: Migration, number: int, inner: Take) -> Take:
    return migration.seam(
        f"shop.hand-on-{number}", legacy=lambda qty: inner(qty), candidate=lambda qty: inner(qty)
    )
