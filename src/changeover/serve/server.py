"""`changeover serve`: listens, and ends politely."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from changeover.api.arguments import Told, address_of, ignore, names_of
from changeover.api.live import LiveProject
from changeover.errors import ConfigurationError, describe_os_error, need_package
from changeover.project import Project, open_project
from changeover.quick_dataclass import dataclass
from changeover.serve.access import TOKEN_LEAST, Hosts, Token, is_loopback
from changeover.settings import SERVE_TOKEN_VARIABLE

EXTRA = "serve"
LISTEN = "127.0.0.1:8470"
_ENDING = (signal.SIGINT, signal.SIGTERM)
END_S = 3
"""How long open connections may take when the server ends."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Where the pages are. `token` is None where nothing can be moved; `is_made` says that it is new."""

    address: str
    token: str | None
    is_made: bool


def serve(
    *,
    listen: str = LISTEN,
    allow_moves: bool = False,
    host_name: str | Iterable[str] = (),
    seconds: float | None = None,
    project: str | Path | Project = ".",
    begun: Callable[[Serving], None] = lambda serving: None,
    warn: Told = ignore,
) -> None:
    """Show a project as it goes on, to browsers, until the process is told to end.

    Args:
        listen: `HOST:PORT`; port 0 takes any that is free.
        allow_moves: let whoever knows the token move phases.
        seconds: end after so many seconds.
        host_name: a name under which the pages may be asked for, beside those of this machine, or several.
        project: a folder of the project, or the project.
        begun: is told where the pages are, and the token.
        warn: hears what must not be overlooked.

    Raises:
        ConfigurationError: there is no plan, it is wrong, the token is too short, or nothing can listen.
        MissingPackageError: starlette or uvicorn is not installed.

    Example:
        changeover.serve(listen="127.0.0.1:8470", seconds=8 * 3600)
    """
    for package in ("starlette", "uvicorn", "jinja2"):
        need_package(package, None if package == "jinja2" else EXTRA)
    found = open_project(project)
    found.needed_plan()
    host, port = address_of(listen, "--listen", least=0)
    secret, is_made = _token() if allow_moves else (None, False)
    with _listening(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        address = f"http://{shown}:{listening.getsockname()[1]}/"
        if not is_loopback(host):
            warn("whoever reaches this address can read the pages: they show values of production, redacted")
        token = None if secret is None else Token(secret)
        server = _server(LiveProject(found), Hosts(host, names_of(host_name)), token)
        begun(Serving(address, secret, is_made))
        ending = None if seconds is None else threading.Timer(seconds, server.end)
        if ending is not None:
            ending.start()
        try:
            server.run(sockets=[listening])
        finally:
            if ending is not None:
                ending.cancel()


def _server(live: LiveProject, hosts: Hosts, token: Token | None) -> Any:
    import uvicorn

    from changeover.serve.app import make_app

    app = make_app(live, hosts, token)

    class Server(uvicorn.Server):
        """Ends politely, by a signal as after its time: open pages hear of it, else they are waited for."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            """SIGTERM and Ctrl-C end it as it is meant to end, so that no signal is raised again."""
            if threading.current_thread() is not threading.main_thread():
                yield
                return
            before = {number: signal.signal(number, self.handle_exit) for number in _ENDING}
            try:
                yield
            finally:
                for number, handler in before.items():
                    signal.signal(number, handler or signal.SIG_DFL)

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            """A signal says that it is to end; a second one does not wait for anybody."""
            self.force_exit = self.should_exit
            self.end()

        def end(self) -> None:
            """No news will come, and nobody is let in any more."""
            app.state.changes.end_soon()
            self.should_exit = True

    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="on",
        timeout_graceful_shutdown=END_S,
    )
    return Server(config)


def _token() -> tuple[str, bool]:
    given = os.environ.get(SERVE_TOKEN_VARIABLE, "")
    if not given:
        return secrets.token_urlsafe(24), True
    if len(given) < TOKEN_LEAST:
        raise ConfigurationError(
            SERVE_TOKEN_VARIABLE,
            f"has {len(given)} characters, allowed: {TOKEN_LEAST} or more; unset it, and one is made",
        )
    return given, False


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        why = describe_os_error(error)
        raise ConfigurationError(
            "--listen", f"nothing can listen at {host}:{port}: {why}; allowed: a free port of this machine"
        ) from error
