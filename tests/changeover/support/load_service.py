"""A small service behind uvicorn: one request is one call of a seam with two calls of a port.

With `LOAD_BARE` it is the same service without the toolkit. `LOAD_WAIT_MS` is how long a request waits, as
services wait for a database or another service.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

WAIT_S = float(os.environ.get("LOAD_WAIT_MS", "2")) / 1000
Message = dict[str, Any]


class Depot:
    """The world, whose methods cost nothing."""

    def held(self, item: str) -> int:
        return 3

    def order(self, item: str, quantity: int) -> str:
        return f"order of {quantity}"


depot = Depot()


def legacy(item: str, target: int, price: Decimal) -> dict[str, Any]:
    missing = target - depot.held(item)
    number = depot.order(item, missing)
    return {"item": item, "ordered": missing, "cost": price * missing, "number": number}


def candidate(item: str, target: int, price: Decimal) -> dict[str, Any]:
    return legacy(item, target, price)


refill: Callable[..., dict[str, Any]] = legacy
if "LOAD_BARE" not in os.environ:
    from changeover import Migration

    migration = Migration.load(Path(__file__).parent / "migration")
    migration.port("depot", depot, effects={"order": lambda item, quantity: item}, reads={"held"})
    refill = migration.seam(
        "load.refill", legacy=legacy, candidate=candidate, key=lambda item, target, price: item
    )


async def app(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """`GET /item/target` orders what is missing."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    _, item, target = scope["path"].split("/")
    await asyncio.sleep(WAIT_S)
    answer = refill(item, int(target), Decimal("2.50"))
    body = json.dumps(answer, default=str).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
