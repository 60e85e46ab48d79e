"""Puts board, alerts and pages together, and serves them until somebody asks it to end."""

import os
import secrets
import signal
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread

import structlog
import uvicorn

from trading.alerts.configured import configured_receivers
from trading.alerts.ledger import AlertLedger, ledger_path
from trading.alerts.telling import Telling
from trading.database import DatabaseUnusable
from trading.desk import UsageError
from trading.events.journal.reading import JournalReader, looking_at
from trading.monitor.board import Board, wall_clock
from trading.monitor.look import CANNOT_BE_READ, Look
from trading.serve.application import Watched, build_application
from trading.serve.guard import LOOPBACK, App
from trading.serve.retries import RetryDesk, retry_command
from trading.settings import Settings

log = structlog.get_logger(__name__)

TOKEN_VARIABLE = "TRADING_SERVE_TOKEN"  # noqa: S105  (the name of a variable)
TOKEN_CHARACTERS_MIN = 16
START_S_MAX = 10.0
END_S_MAX = 5.0
AGES_EVERY_S = 30.0  # what stands still gets older on a page as well


@dataclass(frozen=True)
class Options:
    """What a user may choose; `allowed_hosts` are names by which a browser may ask, beside `host` itself."""

    account: Path
    settings: Settings
    settings_path: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8788
    allowed_hosts: tuple[str, ...] = ()
    allow_retry: bool = False


@dataclass(frozen=True)
class Running:
    """A server that answers; `token` confirms retries, None where it only looks."""

    url: str
    board: Board
    token: str | None


@contextmanager
def serving(options: Options) -> Iterator[Running]:
    """Serve within; raises UsageError for an address or a token that cannot be used."""
    token = choose_token() if options.allow_retry else None
    with ExitStack() as opened:
        listening = opened.enter_context(_listen(options.host, options.port))
        board = Board(options.account, options.settings.paper.account_id)
        if (unreadable := board.look().unreadable) is not None:
            raise UsageError(unreadable)
        ledger, is_kept = _open_ledger(board.journal)
        opened.callback(ledger.close)
        receivers = configured_receivers(options.settings, os.environ)
        telling = Telling(ledger, receivers, wall=wall_clock)
        desk = None
        if token is not None:
            retry = retry_command(options.account, options.settings_path)
            desk = RetryDesk(retry, Standing(board), token, ended=board.touch)
        names = tuple(receiver.name for receiver in receivers)
        watched = Watched(board, ledger, names, time.time(), is_kept, desk)
        hosts = frozenset({*LOOPBACK, options.host.lower(), *map(str.lower, options.allowed_hosts)})
        threads = [board.watch(_Looked(board, telling)), *telling.start()]
        opened.callback(_end, board, telling, threads)
        with _answering(build_application(watched, hosts), listening, board):
            yield Running(_url(listening), board, token)


def wait_for_end() -> None:
    """Return at SIGTERM or SIGINT."""
    asked = Event()
    usual = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in usual:
        signal.signal(number, lambda *_: asked.set())
    try:
        asked.wait()
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


def choose_token() -> str:
    """The token of the environment, or a new one; raises UsageError for one that is easy to guess."""
    given = os.environ.get(TOKEN_VARIABLE)
    if given is None:
        return secrets.token_urlsafe(16)
    if len(given) < TOKEN_CHARACTERS_MIN:
        raise UsageError(
            f"{TOKEN_VARIABLE} has {len(given)} characters, allowed: {TOKEN_CHARACTERS_MIN} or more; without "
            "it a token is made and printed"
        )
    return given


class Standing:
    """How a dead letter or a parked message stands: what tells that a retry would do something else by now.

    Runs that have not ended are part of it, for a retry resumes them as well.
    """

    def __init__(self, board: Board) -> None:
        self._board = board

    def __call__(self, letter: str, run: str | None) -> str | None:
        """None where there is nothing to retry, or where nobody can tell."""
        try:
            with looking_at(self._board.journal) as reader:
                seen = _seen_of(reader, letter)
                unfinished = reader.workflows(account=self._board.account_id, unfinished_only=True)
                names = [record.workflow_id for record in unfinished]
        except CANNOT_BE_READ:
            return None
        return None if seen is None else sha256(repr((seen, names)).encode("utf-8", "replace")).hexdigest()


def _seen_of(reader: JournalReader, letter: str) -> object | None:
    number, _, handler = letter.partition(":")
    if number == "parked":
        return next((one for one in reader.backlog().parked if str(one.number) == handler), None)
    found = reader.dead_letter(int(number), handler) if number.isdecimal() else None
    if found is None:
        return None
    return found.died_at, found.attempts, found.failure, reader.events_of_run(found.correlation_id)


class _Looked:
    """After every look: tells of what is new, and lets pages show the ages of what stands still."""

    def __init__(self, board: Board, telling: Telling) -> None:
        self._board = board
        self._telling = telling
        self._shown_at = time.monotonic()
        self._told: Look | None = None

    def __call__(self) -> None:
        look = self._board.look()
        found = self._board.findings()
        if look is not self._told:
            self._telling.tell(look, found, self._board.account_id)
            self._told = look
        if found and time.monotonic() - self._shown_at > AGES_EVERY_S:
            self._shown_at = time.monotonic()
            self._board.touch()


def _open_ledger(journal: Path) -> tuple[AlertLedger, bool]:
    try:
        return AlertLedger(ledger_path(journal)), True
    except DatabaseUnusable as error:
        log.warning("alerts_not_kept", error=str(error))
        return AlertLedger(None), False


@contextmanager
def _listen(host: str, port: int) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        why = error.strerror or str(error)
        raise UsageError(f"{host}:{port}: cannot be listened on: {why}; choose another --port") from error
    try:
        yield listening
    finally:
        listening.close()


@contextmanager
def _answering(application: App, listening: socket.socket, board: Board) -> Iterator[None]:
    """In a thread: signals stay with whoever called, and a stream ends when the board is closed."""
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=int(END_S_MAX),
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, args=([listening],), name="trading-serve", daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + START_S_MAX
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise UsageError("the server did not start; its log says why")
            time.sleep(0.01)
        yield
    finally:
        board.close()
        server.should_exit = True
        thread.join(2 * END_S_MAX)


def _end(board: Board, telling: Telling, threads: Sequence[Thread]) -> None:
    board.close()
    telling.close()
    for thread in threads:
        thread.join(END_S_MAX)


def _url(listening: socket.socket) -> str:
    host, port, *_ = listening.getsockname()
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
