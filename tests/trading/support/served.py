"""The pages of a board, asked without a network."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import httpx

from trading.alerts.ledger import AlertLedger
from trading.monitor.board import Board
from trading.serve.application import Watched, build_application
from trading.serve.guard import LOOPBACK
from trading.serve.retries import RetryDesk


@contextmanager
def watched_by(board: Board, desk: RetryDesk | None = None) -> Iterator[Watched]:
    """What an application shows, with alerts in memory."""
    with closing(AlertLedger(None)) as ledger:
        yield Watched(board, ledger, ("log",), 0.0, True, desk)


def asked(watched: Watched) -> httpx.Client:
    """A browser without scripts; it keeps its cookies."""
    return httpx.Client(
        transport=_InThisThread(build_application(watched, LOOPBACK)), base_url="http://127.0.0.1:8788"
    )


class _InThisThread:
    """Each request in a loop of its own."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, read whole."""
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._application, raise_app_exceptions=False)
        async with transport:
            answer = await transport.handle_async_request(
                httpx.Request(request.method, request.url, headers=request.headers, content=request.read())
            )
            body = await answer.aread()
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)
