"""The web application: which address is answered by what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from changeover.api.live import LiveProject
from changeover.api.metrics import ProjectMetrics
from changeover.errors import MissingPackageError
from changeover.serve.access import Hosts, Token
from changeover.serve.changes import Changes
from changeover.serve.headers import SafeAnswers
from changeover.serve.moves import BODY_BYTES_MAX, Moves
from changeover.serve.pages import Pages
from changeover.telemetry.prometheus import text_of
from changeover.views.live.drawing import static_text, style_text

STATIC_S = 60
STATIC: dict[str, tuple[str, Callable[[], str]]] = {
    "style.css": ("text/css", style_text),
    "live.js": ("text/javascript", lambda: static_text("live.js")),
    "icon.svg": ("image/svg+xml", lambda: static_text("icon.svg")),
}
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def make_app(live: LiveProject, hosts: Hosts, token: Token | None) -> Starlette:
    """The pages of a project; without a token none of them can move anything.

    `app.state.changes` has to be ended before the server waits for open connections.
    """
    pages, changes = Pages(live, has_moves=token is not None), Changes(live)
    metrics = ProjectMetrics(live.project)

    def scrape(request: Request) -> Response:
        try:
            return Response(text_of(metrics.samples()), media_type=METRICS_TYPE)
        except MissingPackageError as error:
            return PlainTextResponse(f"{error}\n", HTTPStatus.NOT_IMPLEMENTED)

    async def events(request: Request) -> Response:
        return changes.answer(request)

    routes = [
        Route("/", pages.phases),
        Route("/phases/{phase}", pages.phase),
        Route("/timeline", pages.timeline),
        Route("/clusters", pages.clusters),
        Route("/clusters/{digest}", pages.cluster),
        Route("/runs", pages.runs),
        Route("/runs/{name:path}", pages.run),
        Route("/rules", pages.rules),
        Route("/workers", pages.workers),
        Route("/search", pages.search),
        Route("/metrics", scrape),
        Route("/events", events),
        Route("/static/{name}", _static),
        *_moves(live, token, pages),
    ]

    async def missing(request: Request, error: Exception) -> Response:
        return await run_in_threadpool(pages.missing, request)

    app = Starlette(
        routes=routes,
        middleware=[Middleware(SafeAnswers, hosts=hosts)],
        exception_handlers={HTTPStatus.NOT_FOUND: missing},
        lifespan=_ending(changes),
    )
    app.state.changes = changes
    return app


def _moves(live: LiveProject, token: Token | None, pages: Pages) -> list[Route]:
    if token is None:
        return []
    moves = Moves(live, token, pages.said)

    async def move(request: Request) -> Response:
        return await run_in_threadpool(moves.move, request, await _body(request))

    addresses = ("/phases/{phase}/flip", "/phases/{phase}/rollback", "/kill", "/unkill")
    return [Route(address, move, methods=["POST"]) for address in addresses]


async def _body(request: Request) -> bytes:
    """As much as a form may have, and one byte more where it has more."""
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > BODY_BYTES_MAX:
            break
    return bytes(found[: BODY_BYTES_MAX + 1])


def _static(request: Request) -> Response:
    found = STATIC.get(request.path_params["name"])
    if found is None:
        return PlainTextResponse("there is no such file\n", HTTPStatus.NOT_FOUND)
    kind, text = found
    return Response(text(), media_type=kind, headers={"cache-control": f"max-age={STATIC_S}"})


def _ending(changes: Changes) -> Callable[[Starlette], object]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        keeping = asyncio.create_task(changes.keep())
        yield
        keeping.cancel()
        changes.end()

    return lifespan
