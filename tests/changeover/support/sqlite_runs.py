"""The run of two paths on a shop over `sqlite3`: by its rows, or by the statements on the tape."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from changeover import Migration, Run
from tests.changeover.support.alchemy_shop import as_under_a_test
from tests.changeover.support.sqlite_shop import LEFT, ORDER, TAKE, Shop

ROWS, TAPE = "rows", "tape"
BOTH = pytest.mark.parametrize("kind", [ROWS, TAPE])


def judged(
    shop: Shop,
    legacy: Callable[..., Any],
    candidate: Callable[..., Any],
    *args: Any,
    kind: str = ROWS,
    is_shared: bool = False,
) -> Run:
    """The run of two paths; `args` may be functions that give the arguments once the pack is in use."""
    runs: list[Run] = []
    environment = {} if kind == ROWS else {"CHANGEOVER_STAGE_S": "shadow"}
    migration = Migration(environment=environment, sink=runs.append)
    migration.use("sqlite3")
    shop.open(is_shared=is_shared)
    seam = migration.seam("s", legacy=legacy, candidate=candidate)
    given = [one() if callable(one) else one for one in args]
    if kind == ROWS:
        with as_under_a_test():
            called(seam, *given)
    else:
        called(seam, *given)
    return runs[-1]


def called(seam: Any, *args: Any) -> Any:
    """Call it, and wait for it where it is async."""
    return asyncio.run(seam(*args)) if asyncio.iscoroutinefunction(seam) else seam(*args)


def take(db: Any, ref: str, qty: int = 2) -> Any:
    """Place an order, and say what is left."""
    db.execute(TAKE, (qty, "s1"))
    db.execute(ORDER, (ref, qty))
    db.commit()
    return db.execute(LEFT).fetchone()
