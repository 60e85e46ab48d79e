"""A seam inside of a seam, both on one database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover import Migration, Run
from tests.changeover.support.alchemy_shop import as_under_a_test

Take = Callable[[int], Any]


def nested_runs(
    use: Callable[[Migration], None], place: Callable[[Take, int], Any], take: Take, other_take: Take
) -> dict[str, Run]:
    """The runs by seam: both paths of `shop.place` call the seam `stock.take`, which has these two paths."""
    runs: list[Run] = []
    migration = Migration(environment={}, sink=runs.append)
    use(migration)
    inner = migration.seam("stock.take", legacy=take, candidate=other_take)
    outer = migration.seam(
        "shop.place", legacy=lambda qty: place(inner, qty), candidate=lambda qty: place(inner, qty)
    )
    with as_under_a_test():
        outer(2)
    return {run.seam: run for run in runs}
