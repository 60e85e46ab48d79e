"""What runs wrote behind the answers of an app is written out when the app ends, before its server stops."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import FunctionType
from typing import Any

from changeover.packs.host import Host
from changeover.packs.patches import replace

ENDED = ("lifespan.shutdown.complete", "lifespan.shutdown.failed")


def flush_when_it_ends(host: Host, app: Any) -> None:
    """Let the evidence be written at the end of the lifespan; raises DeclarationError."""
    router = getattr(app, "router", None)
    if hasattr(router, "lifespan_context"):
        _flush_after_lifespan(host, router)
        return
    if not isinstance(app, FunctionType):
        replace(type(app), "__call__", lambda original: _for(app, original, host))
        return
    module, name = sys.modules.get(app.__module__), app.__qualname__
    if module is None or vars(module).get(name) is not app:
        host.wrong("app", app, "an app that stands under its name in its module, or an object")
    replace(module, name, lambda original: _flushing(original, host))


def _flush_after_lifespan(host: Host, router: Any) -> None:
    original = router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[Any]:
        async with original(app) as state:
            yield state
        await _flush(host)

    router.lifespan_context = lifespan


def _for(app: Any, original: Callable[..., Any], host: Host) -> Callable[..., Any]:
    """Of a class that may have other objects as well."""
    flushing = _flushing(original, host)

    async def called(self: Any, *args: Any) -> None:
        await (flushing if self is app else original)(self, *args)

    return called


def _flushing(original: Callable[..., Any], host: Host) -> Callable[..., Any]:
    async def called(*args: Any) -> None:
        *before, scope, receive, send = args
        if scope["type"] != "lifespan":
            await original(*args)
            return

        async def sent(message: Any) -> None:
            if message["type"] in ENDED:
                await _flush(host)
            await send(message)

        await original(*before, scope, receive, sent)

    return called


async def _flush(host: Host) -> None:
    from asyncio import to_thread

    await to_thread(host.flush)
