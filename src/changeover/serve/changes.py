"""Tells open pages that something has changed, as server-sent events: one look for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from changeover.api.live import LiveProject

LOOK_S = 0.5
"""How often is looked while a page is open; a project that takes long to read is looked at less often."""
COST_TIMES = 1.0
"""A project of which a reading takes long is read no more than half of the time."""
HEARTBEAT_S = 15.0
"""How often something is sent although nothing has changed, so that who has gone is noticed."""
KEEP_S = 60.0
LISTENERS_MAX = 100


class Changes:
    """The mark of the project as it goes on. Belongs to one event loop."""

    def __init__(self, live: LiveProject, look_s: float = LOOK_S) -> None:
        self._live, self._look_s = live, look_s
        self._mark: str | None = None
        self._news = asyncio.Event()
        self._listeners = 0
        self._looking: asyncio.Task[None] | None = None
        self._is_over = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def end_soon(self) -> None:
        """As `end`, from any thread, or where a signal came."""
        self._is_over = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._tell)

    def end(self) -> None:
        """Every listener hears that it is over; call it in the event loop."""
        self._is_over = True
        self._tell()

    def answer(self, request: Request) -> Response:
        """The stream of one page; it begins with the mark where the page has another one."""
        if self._listeners >= LISTENERS_MAX:
            return PlainTextResponse("too many pages are open\n", 503, {"retry-after": "30"})
        known = request.headers.get("last-event-id") or request.query_params.get("mark")
        return StreamingResponse(
            self._stream(known), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
        )

    async def _stream(self, known: str | None) -> AsyncIterator[str]:
        self._listeners += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            yield "retry: 2000\n\n"
            while not self._is_over:
                news = self._news
                if self._mark is not None and self._mark != known:
                    known = self._mark
                    yield f"id: {known}\nevent: change\ndata: {known}\n\n"
                    continue
                with suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), HEARTBEAT_S)
                    continue
                yield ": nothing has changed\n\n"
        finally:
            self._listeners -= 1
            if not self._listeners and self._looking is not None:
                self._looking.cancel()
                self._looking = None
                self._mark = None

    async def _look(self) -> None:
        while not self._is_over:
            mark = await asyncio.to_thread(self._live.mark)
            if mark != self._mark:
                pause = self._look_s
                if self._mark is not None:  # who asks now must not wait for it to be read
                    await asyncio.to_thread(self._live.refresh)
                    pause = max(pause, COST_TIMES * self._live.cost_s)
                self._mark = mark
                self._tell()
                await asyncio.sleep(pause)
            else:
                await asyncio.sleep(self._look_s)

    async def keep(self) -> None:
        """Read the project now and then although nobody looks, so that the first page opens at once."""
        self._loop = asyncio.get_running_loop()
        while not self._is_over:
            await asyncio.to_thread(self._live.refresh)
            await asyncio.sleep(KEEP_S)

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
