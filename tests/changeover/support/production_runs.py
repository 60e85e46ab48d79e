"""The small shop as it runs in production: the module imported, its seam called, its evidence kept."""

import os
import sys
from contextlib import chdir
from importlib import import_module, invalidate_caches
from unittest.mock import patch

from changeover.evidence.store.records import Evidence, StoredRun
from changeover.evidence.store.store import read_evidence
from tests.changeover.support.counted_runs import runs_in
from tests.changeover.support.projects import Shop


def sell(shop: Shop, *held: int, planted: str = "", stage: str | None = "shadow") -> None:
    """One run a number: so many apples are held, and 60 are wanted; without a stage the flags say which."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
    staged = {} if stage is None else {"CHANGEOVER_STAGE_SHELF": stage}
    with (
        chdir(shop.root),
        patch.dict(os.environ, {**kept, **staged, "SHOP_PLANTED": planted}, clear=True),
        patch.object(sys, "path", [str(shop.root), *sys.path]),
    ):
        invalidate_caches()
        try:
            app = import_module("shop")
            for number in held:
                app.depot.stock = {"apples": number}
                app.refill("apples", 60)
            app.migration.flush()
        finally:
            sys.modules.pop("shop", None)


def runs_of(shop: Shop) -> tuple[StoredRun, ...]:
    """Its runs in production, the latest first."""
    return runs_in(shop.root / ".changeover" / "evidence.db")


def evidence_of(shop: Shop) -> Evidence:
    return read_evidence(shop.root / ".changeover" / "evidence.db")
