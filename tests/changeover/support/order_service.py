"""A service that orders what is missing, and a migration of it in the mode `worker`.

The item says what the candidate does beside its work: each hostile deed has an item of its own. Whatever the
candidate does, it first leaves a mark with the number of its process.
"""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from changeover import Migration

ROOT = Path(__file__).parent
MARKS: Path = Path(os.environ["MARKS"]) if "MARKS" in os.environ else ROOT / "marks"


class Depot:
    """The world of the service."""

    def __init__(self) -> None:
        self.orders: list[tuple[str, int]] = []

    def held(self, item: str) -> int:
        return 3

    def price(self, item: str) -> Decimal:
        return Decimal("2.50")

    def order(self, item: str, quantity: int) -> str:
        self.orders.append((item, quantity))
        return f"order-{len(self.orders)}"


depot = Depot()
migration = Migration.load(ROOT / "migration")
migration.port("depot", depot, effects={"order": lambda item, quantity: item}, reads={"held", "price"})


def legacy(item: str, target: int, *, password: str = "") -> dict[str, Any]:
    missing = target - depot.held(item)
    cost = depot.price(item) * missing
    if missing > 0:
        depot.order(item, missing)
    _leave_work(item)
    return {"item": item, "ordered": missing, "cost": cost}


def _leave_work(item: str) -> None:
    """Work that goes on after the answer: for a moment, or as long as the process."""
    if item in ("works-on", "never-ends"):
        threading.Thread(target=_work_on, args=(item,), daemon=True).start()


def _work_on(item: str) -> None:
    time.sleep(0.3 if item == "works-on" else 3600)
    depot.order(f"{item} later", 1)


def candidate(item: str, target: int, *, password: str = "") -> dict[str, Any]:
    _mark()
    held = depot.held(item)
    _DEEDS.get(item, lambda: None)()
    missing = target - held
    cost = depot.price(item) * missing
    if item == "dear":
        cost += 1
    if missing > 0:
        depot.order(item, target if item == "whole" else missing)
    _leave_work(item)
    return {"item": item, "ordered": missing, "cost": cost}


def _mark() -> None:
    """The candidate was here; the net lets a replay open nothing, so that its process alone is known."""
    seen.append(os.getpid())


seen: list[int] = []


def _eat_memory() -> None:
    eaten = []
    while True:
        eaten.append(bytearray(8_000_000))


def _hang() -> None:
    while True:
        pass


def _hold_the_lock() -> None:
    """One call of C that keeps the interpreter's lock."""
    ctypes.PyDLL(None).sleep(3600)


def _in_c(name: str, *args: Any) -> Callable[[], None]:
    """A deed that Python does not announce."""

    def deed() -> None:
        if getattr(ctypes.CDLL(None), name)(*args) in (-1, 0xFFFFFFFF):
            raise PermissionError(f"{name} was refused")

    return deed


def _kill_parent_in_c() -> None:
    _in_c("kill", os.getppid(), int(signal.SIGKILL))()


_DEEDS: dict[str, Callable[[], Any]] = {
    "hang": _hang,
    "hold-lock": _hold_the_lock,
    "memory": _eat_memory,
    "crash": lambda: ctypes.string_at(0),
    "abort": lambda: ctypes.CDLL(None).abort(),
    "exit": lambda: sys.exit(3),
    "os-exit": lambda: os._exit(4),
    "exit-in-c": lambda: ctypes.CDLL(None)._exit(5),
    "socket": lambda: socket.create_connection(("127.0.0.1", 9)),
    "file": lambda: (MARKS / "written").write_text("x"),
    "file-in-c": _in_c("creat", str(MARKS / "written-in-c").encode(), 0o600),
    "child": lambda: subprocess.run(["/bin/true"], check=True),
    "fork": os.fork,
    "fork-in-c": _in_c("fork"),
    "signal": lambda: os.kill(os.getppid(), signal.SIGTERM),
    "signal-in-c": _kill_parent_in_c,
    "thread-left": lambda: threading.Thread(target=time.sleep, args=(3600,), daemon=True).start(),
    "recursion": lambda: candidate("recursion", 1),
}

refill = migration.seam(
    "orders.refill", legacy=legacy, candidate=candidate, key=lambda item, target, **_: item
)


def serve() -> None:
    """Answer the calls that stand on standard input, one a line: `item target`."""
    for line in sys.stdin:
        item, target, *words = line.split()
        refill(item, int(target), password=" ".join(words))
        print(f"{os.getpid()} {len(seen)}", flush=True)


if __name__ == "__main__":
    sys.modules["order_service"] = sys.modules["__main__"]
    serve()
