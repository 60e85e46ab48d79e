"""Real servers on this machine that alerts are sent to, of the web and of mail; slow or broken on demand."""

import json
import socketserver
import ssl
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar, cast

DRIPPING, HANGING = "dripping", "hanging"
DRIP_S = 0.02


class WebServer(ThreadingHTTPServer):
    """Answers with these statuses in turn, the last one again and again; keeps what it was sent.

    `taken` has the keys of what it took. `manner` `dripping` sends a byte now and then and never comes to an
    end, `hanging` says nothing.
    """

    daemon_threads = True

    def __init__(self, *statuses: int, manner: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Web)
        self.statuses = list(statuses) or [200]
        self.manner = manner
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.taken: list[str] = []
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook/s3cret"

    @property
    def bodies(self) -> list[Any]:
        """What it was sent, as JSON."""
        return [json.loads(body) for _, _, body in self.got]

    @property
    def keys(self) -> list[str]:
        """The idempotency keys of what it was sent."""
        return [headers["idempotency-key"] for _, headers, _ in self.got]


class _Web(BaseHTTPRequestHandler):
    server: WebServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.got.append((self.path, headers, body))
        if self.server.manner == HANGING:
            self.server.over.wait()
        if self.server.manner == DRIPPING:
            self._drip()
            return
        statuses = self.server.statuses
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
        if status < 300:
            self.server.taken.append(headers.get("idempotency-key", ""))
        self.send_response(status)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_address[1]}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST  # noqa: N815  named by the base class

    def _drip(self) -> None:
        with suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.server.over.wait(DRIP_S):
                self.wfile.write(b"x")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


class MailServer(socketserver.ThreadingTCPServer):
    """Speaks enough SMTP to take letters, and keeps them; an address with `nobody` in it is refused.

    `manner` is as of `WebServer`; `fault` is what it answers to every letter in place of taking it. With
    `tls` it offers STARTTLS, and logins, which it keeps with whether TLS was spoken.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, manner: str = "", fault: str = "", tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Mail)
        self.manner, self.fault, self.tls = manner, fault, tls
        self.logins: list[tuple[str, bool]] = []
        self.got: list[tuple[list[str], EmailMessage]] = []
        self.over = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def keys(self) -> list[str]:
        """The idempotency keys of the letters."""
        return [str(letter["Changeover-Key"]) for _, letter in self.got]


class _Mail(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        try:
            with suppress(OSError):
                self._talk(cast(MailServer, self.server))
        finally:
            if isinstance(self.connection, ssl.SSLSocket):
                self.connection.close()

    def _talk(self, server: MailServer) -> None:
        if server.manner == HANGING:
            server.over.wait()
            return
        self.wfile.write(b"220-")
        while server.manner == DRIPPING and not server.over.wait(DRIP_S):
            self.wfile.write(b"x")
        self.wfile.write(b"here\r\n220 ready\r\n")
        to: list[str] = []
        while line := self.rfile.readline().decode().strip():
            word = line.upper()
            if word.startswith("RCPT TO"):
                refused = "nobody" in line
                to += [] if refused else [line.partition("<")[2].partition(">")[0]]
                self._say("550 who" if refused else "250 ok")
            elif word == "DATA":
                self._say("354 go on")
                data = b""
                while (row := self.rfile.readline()) not in (b".\r\n", b""):
                    data += row.removeprefix(b".")
                if not server.fault:
                    letter = message_from_bytes(data, policy=policy.default)
                    server.got.append((to, letter))
                self._say(server.fault or "250 taken")
            elif word.startswith("EHLO") and server.tls is not None:
                self._say("250-here\r\n250-AUTH PLAIN\r\n250 STARTTLS")
            elif word == "STARTTLS" and server.tls is not None:
                self._say("220 go on")
                self._speak_tls(server.tls)
            elif word.startswith("AUTH PLAIN"):
                login = b64decode(line.split()[2]).decode().replace("\0", ":").removeprefix(":")
                server.logins.append((login, isinstance(self.connection, ssl.SSLSocket)))
                self._say("235 welcome")
            else:
                self._say("221 bye" if word == "QUIT" else "250 ok")

    def _speak_tls(self, context: ssl.SSLContext) -> None:
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", 0)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


S = TypeVar("S", WebServer, MailServer)


@contextmanager
def serving(server: S) -> Iterator[S]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
