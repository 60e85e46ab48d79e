"""A small program with one seam: it orders what is missing from a shelf, and writes a note.

Planted on demand: the candidate orders the whole target, asks another question, raises, is dear, is dear and
warns of it, or somebody interrupts it, once or twice.
"""

import logging
import os
import signal
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from changeover import Case, Migration, SourceOptions

SECRET = os.environ.get("SHOP_TOKEN", "no token")
PLANTED = os.environ.get("SHOP_PLANTED", "")
INTERRUPTS = {"ctrl-c": 1, "ctrl-c twice": 2}
INTERRUPTED_AT = 27  # what is held on the eighth day
FOLDER = Path(__file__).parent / "migration"


class Depot:
    """The world: what is on the shelves, and what was ordered."""

    def __init__(self) -> None:
        self.stock: dict[str, int] = {}
        self.orders: list[tuple[str, int]] = []

    def held(self, item: str, unit: str = "piece") -> int:
        return self.stock.get(item, 0)

    def price(self, item: str) -> Decimal:
        return Decimal("2.50") + len(item)

    def order(self, item: str, quantity: int) -> str:
        self.orders.append((item, quantity))
        return f"order-{len(self.orders)}"

    def note(self, text: str) -> None:
        """Writes nowhere."""


depot = Depot()
migration = Migration.load(FOLDER) if (FOLDER / "phases.toml").exists() else Migration()
migration.port(
    "depot",
    depot,
    effects={"order": lambda item, quantity: item, "note": lambda text: "note"},
    reads={"held", "price"},
)


def legacy(item: str, target: int) -> dict[str, object]:
    missing = target - depot.held(item)
    cost = depot.price(item) * missing
    if missing > 0:
        depot.order(item, missing)
    depot.note(f"{item}: {missing}")
    return {"item": item, "ordered": max(missing, 0), "cost": cost}


def candidate(item: str, target: int) -> dict[str, object]:
    held = depot.held(item, unit="crate") if PLANTED == "question" else depot.held(item)
    missing = target if PLANTED == "whole" else target - held
    if PLANTED in INTERRUPTS:
        missing = target
    if held == INTERRUPTED_AT:
        for _ in range(INTERRUPTS.get(PLANTED, 0)):
            signal.raise_signal(signal.SIGINT)
    if PLANTED == "raises":
        raise LookupError("no such shelf")
    if PLANTED == "interrupt":
        for _ in range(2):  # the first is asked for politely
            signal.raise_signal(signal.SIGINT)
    cost = depot.price(item) * missing + (PLANTED in ("dear", "warns"))
    if PLANTED == "warns":
        logging.getLogger("shop.prices").warning("no price of today for %s with %s", item, SECRET)
    if missing > 0:
        depot.order(item, missing)
    depot.note(f"{item}: {missing}")
    return {"item": item, "ordered": max(missing, 0), "cost": cost}


refill = migration.seam("shelf.refill", legacy=legacy, candidate=candidate)


@migration.source("days", population="generated", unit="days")
def days(options: SourceOptions) -> Iterator[Case]:
    for number in range(1, 51):
        held, target = (number * 7 + options.seed) % 40 + 11, 60
        if number % 5 == 0:
            held = 75

        def run(held: int = held, target: int = target) -> object:
            depot.stock = {"apples": held}
            return refill("apples", target)

        yield Case(f"day-{number:02}", run, tags=("full",) if held > target else ("short",))
