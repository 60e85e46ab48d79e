"""When a call has raised and its run was judged, nothing of the toolkit keeps alive what it was given."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from changeover import Migration


class Basket:
    """What a call was given."""


def refused(basket: Basket) -> None:
    raise ValueError("refused")


# Of a coroutine that raises a loop keeps what it was given as well, until a collection.
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("stage", ["shadow", "live", "off", "complete"])
def test_an_argument_of_a_call_that_raised_is_freed_without_a_collection(stage: str, mode: Any) -> None:
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, mode=mode)
    seam: Any = migration.seam("s", legacy=refused, candidate=refused)

    def once() -> weakref.ref[Basket]:
        basket = Basket()
        with pytest.raises(ValueError, match="refused"):
            seam(basket)
        migration.flush()
        return weakref.ref(basket)

    once()
    gc.collect()
    gc.disable()
    try:
        assert once()() is None
    finally:
        gc.enable()
