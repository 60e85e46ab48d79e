"""The pages, metrics and events of one board, as an ASGI application."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from trading.alerts.ledger import AlertLedger
from trading.database import DatabaseUnusable, SqlError
from trading.events.journal.reading import looking_at
from trading.events.journal.records import Outcome
from trading.monitor.board import Board
from trading.monitor.exposition import CONTENT_TYPE, exposition, metrics_of
from trading.monitor.finding import Finding, needing_a_person
from trading.monitor.look import CANNOT_BE_READ
from trading.screens import board_pages as pages
from trading.serve.form import read_form
from trading.serve.guard import App, Guard, comes_from_here
from trading.serve.retries import Refusal, RetryDesk

ALERTS_SHOWN = 100
STREAMS_MAX = 64
BEAT_S = 0.25
SILENT_BEATS_MAX = 60  # then a line that says nothing: a proxy ends what is silent for long
WAIT_FOR_RETRY_S = 5.0
BROWSER = "trading_browser"

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Watched:
    """What an application shows; `desk` None is one that only looks."""

    board: Board
    ledger: AlertLedger
    receivers: tuple[str, ...]
    started_at: float
    ledger_is_kept: bool = True
    desk: RetryDesk | None = None


def build_application(watched: Watched, hosts: frozenset[str]) -> App:
    """Everything behind one guard."""
    site = _Site(watched)
    only_read = [
        Route("/", _page(site.now)),
        Route("/runs", _page(site.runs)),
        Route("/runs/{workflow_id:path}", _page(site.run)),
        Route("/bus", _page(site.bus)),
        Route("/alerts", _page(site.alerts)),
        Route("/metrics", _page(site.metrics)),
        Route("/health", _page(site.health)),
        Route("/board.css", _page(site.style)),
        Route("/live.js", _page(site.script)),
        Route("/stream", site.stream),
    ]
    retries = [
        Route("/retried/{offer}", _page(site.retried)),
        Route("/retry/{letter:path}", _page(site.ask), methods=["GET"]),
        Route("/retry/{letter:path}", site.confirm, methods=["POST"]),
    ]
    application = Starlette(
        routes=only_read + (retries if watched.desk is not None else []),
        exception_handlers={404: site.not_found, 405: site.not_allowed, 500: site.failed},
    )
    return Guard(application, hosts)


def _page(answer: Callable[[Request], Response]) -> Handler:
    """In a thread: a look at a file may take its time, and the streams go on."""

    async def page(request: Request) -> Response:
        return await run_in_threadpool(answer, request)

    return page


class _Site:
    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._board = watched.board
        self._streams = 0

    def now(self, request: Request) -> Response:
        look = self._board.refresh()
        status = 200 if look.unreadable is None else 503
        page = pages.now_page(self._frame("/", live=True), look, needing_a_person(self._board.findings()))
        return HTMLResponse(page, status)

    def runs(self, request: Request) -> Response:
        asked = request.query_params.get("before", "")
        before = int(asked) if asked.isdecimal() and len(asked) < 10 else 0
        look = self._board.refresh()
        names = [run.record.workflow_id for run in reversed(look.runs)]
        chosen = names[before : before + pages.RUNS_SHOWN]
        try:
            stories = self._board.stories(chosen)
        except CANNOT_BE_READ as error:
            return self._unreadable(error)
        page = pages.runs_page(self._frame("/runs", live=True), stories, before=before, total=len(names))
        return HTMLResponse(page)

    def run(self, request: Request) -> Response:
        name = request.path_params["workflow_id"]
        self._board.refresh()
        try:
            story = self._board.workflow(name)
        except CANNOT_BE_READ as error:
            return self._unreadable(error)
        if story is None:
            return self._sentence("No such run", f"The journal of this account has no run {name}.", 404)
        return HTMLResponse(pages.run_page(self._frame(live=True), story))

    def bus(self, request: Request) -> Response:
        look = self._board.refresh()
        return HTMLResponse(pages.bus_page(self._frame("/bus", live=True), look))

    def alerts(self, request: Request) -> Response:
        watched = self._watched
        try:
            told = watched.ledger.latest(ALERTS_SHOWN)
        except CANNOT_BE_READ as error:
            return self._unreadable(error)
        frame = self._frame("/alerts", live=True)
        return HTMLResponse(pages.alerts_page(frame, told, watched.receivers, is_kept=watched.ledger_is_kept))

    def metrics(self, request: Request) -> Response:
        look = self._board.refresh()
        try:
            alerts = self._watched.ledger.counts()
        except (SqlError, DatabaseUnusable):
            alerts = {}
        found = metrics_of(look, self._board.counters.counted(), alerts, self._watched.started_at)
        return Response(exposition(found), media_type=CONTENT_TYPE)

    def health(self, request: Request) -> Response:
        unreadable = self._board.refresh().unreadable
        return JSONResponse({"readable": unreadable is None}, 200 if unreadable is None else 503)

    def style(self, request: Request) -> Response:
        return PlainTextResponse(pages.board_style(), media_type="text/css")

    def script(self, request: Request) -> Response:
        text = files("trading.serve").joinpath("live.js").read_text(encoding="utf-8")
        return PlainTextResponse(text, media_type="text/javascript")

    async def stream(self, request: Request) -> Response:
        """Says whenever a page would show something else."""
        if self._streams >= STREAMS_MAX:
            return PlainTextResponse("too many pages are open\n", 503)
        return StreamingResponse(self._beats(), media_type="text/event-stream")

    def ask(self, request: Request) -> Response:
        letter = request.path_params["letter"]
        browser = request.cookies.get(BROWSER) or secrets.token_urlsafe(24)
        return self._ask(letter, browser, "", 200)

    async def confirm(self, request: Request) -> Response:
        form = await read_form(request)
        if form is None or not comes_from_here(request.scope):
            sentence = "This form was not sent by a page of this server. Nothing was done."
            return self._sentence("Not confirmed", sentence, 403)
        return await run_in_threadpool(self._confirm, request, form)

    def retried(self, request: Request) -> Response:
        desk, browser = self._desk(), request.cookies.get(BROWSER, "")
        offer = desk.find(request.path_params["offer"], browser)
        if offer is None or not offer.began:
            return self._sentence("No such retry", Refusal.UNKNOWN.value, 404)
        self._board.refresh()
        standing = self._standing(offer.letter, offer.run)
        frame = self._frame(live=not offer.ended.is_set())
        return HTMLResponse(pages.outcome_page(frame, offer.letter, offer.outcome, standing=standing))

    async def not_found(self, request: Request, error: Exception) -> Response:
        sentence = "There is no such page."
        if request.url.path.startswith("/retry/") and self._watched.desk is None:
            sentence = "This server only looks. `python -m trading serve --allow-retry` lets a page retry."
        return self._sentence("Not found", sentence, 404)

    async def not_allowed(self, request: Request, error: Exception) -> Response:
        return self._sentence("Not allowed", "This page can only be read.", 405)

    async def failed(self, request: Request, error: Exception) -> Response:
        return self._sentence("A defect", f"This page cannot be shown: {type(error).__name__}.", 500)

    def _confirm(self, request: Request, form: dict[str, str]) -> Response:
        letter, browser = request.path_params["letter"], request.cookies.get(BROWSER, "")
        name = form.get("offer", "")
        begun = self._desk().confirm(name, letter, browser, form.get("token", ""))
        if isinstance(begun, Refusal):
            if begun is Refusal.UNKNOWN:
                return self._sentence("Not confirmed", begun.value, 403)
            return self._ask(letter, browser, begun.value, 403)
        begun.ended.wait(WAIT_FOR_RETRY_S)
        return RedirectResponse(f"/retried/{quote(name)}", 303)

    def _ask(self, letter: str, browser: str, wrong: str, status: int) -> Response:
        look = self._board.refresh()
        found = self._finding(letter)
        offer = None if found is None else self._desk().offer(letter, found.workflow_id, browser)
        if found is None or offer is None:
            sentence = (
                f"{letter} is not on the list of what was given up: it was delivered, or never was there."
            )
            return self._sentence("Nothing to retry", sentence, 404)
        answer = HTMLResponse(pages.confirm_page(self._frame(), look, found, offer, wrong=wrong), status)
        answer.set_cookie(BROWSER, browser, httponly=True, samesite="strict")
        return answer

    def _finding(self, letter: str) -> Finding | None:
        return next((one for one in self._board.findings() if one.retry == letter), None)

    def _standing(self, letter: str, run: str | None) -> str:
        """What has become of it, as the journal has it now."""
        if self._finding(letter) is not None:
            return "It is on the list of what needs a person."
        outcome = self._outcome_of(letter, run)
        if outcome in (Outcome.PENDING, Outcome.RETRY):
            return "It was put back, and is delivered by whoever works on this account, now or next."
        return "It is off the list of what needs a person."

    def _outcome_of(self, letter: str, run: str | None) -> Outcome | None:
        number, _, handler = letter.partition(":")
        if run is None or not number.isdecimal():
            return None
        try:
            with looking_at(self._board.journal) as reader:
                stored = next((one for one in reader.events(run) if one.seq == int(number)), None)
        except CANNOT_BE_READ:
            return None
        deliveries = () if stored is None else stored.deliveries
        return next((one.outcome for one in deliveries if one.handler == handler), None)

    async def _beats(self) -> AsyncIterator[bytes]:
        self._streams += 1
        seen, silent = -1, 0
        try:
            while not self._board.is_closed:
                version = self._board.version
                silent += 1
                if version != seen:
                    seen, silent = version, 0
                    yield f"event: changed\ndata: {version}\n\n".encode()
                elif silent >= SILENT_BEATS_MAX:
                    silent = 0
                    yield b": nothing new\n\n"
                await asyncio.sleep(BEAT_S)
        finally:
            self._streams -= 1

    def _desk(self) -> RetryDesk:
        if self._watched.desk is None:
            raise LookupError("this server only looks")
        return self._watched.desk

    def _frame(self, place: str = "", *, live: bool = False) -> pages.Frame:
        look = self._board.look()
        return pages.Frame(
            account=str(self._board.account),
            account_id=self._board.account_id,
            version=self._board.version,
            taken_at=look.taken_at,
            as_of=look.as_of,
            changed_at=look.changed_at,
            place=place,
            may_retry=self._watched.desk is not None,
            is_live=live,
        )

    def _unreadable(self, error: BaseException) -> Response:
        return self._sentence("The journal cannot be read", str(error) or repr(error), 503)

    def _sentence(self, title: str, sentence: str, status: int) -> Response:
        return HTMLResponse(pages.sentence_page(self._frame(), title, sentence), status)
