"""The outside, as programs reach it: small servers in threads that count what comes in."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer, ThreadingUnixStreamServer
from typing import Any

HOST = "127.0.0.1"


class Counted:
    """How often something came in."""

    def __init__(self) -> None:
        self._number = 0
        self._lock = threading.Lock()

    def __call__(self) -> int:
        return self._number

    def add(self) -> None:
        with self._lock:
            self._number += 1


@contextmanager
def running(server: Any) -> Iterator[None]:
    """A server answers in threads until the block ends."""
    server.daemon_threads = True
    thread = threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def http_server(certificate: Path | None = None) -> Iterator[tuple[int, Counted]]:
    """Answers and counts every request but GET; over TLS where there is a certificate."""
    counted = Counted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

        def do_POST(self) -> None:
            if self.headers.get("Transfer-Encoding") == "chunked":
                while self.rfile.readline().strip() != b"0":
                    self.rfile.readline()
                self.rfile.readline()
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            counted.add()
            self.do_GET()

        do_PUT = do_POST  # noqa: N815  its name is given

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET  # noqa: N815  likewise

    server = ThreadingHTTPServer((HOST, 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with running(server):
        yield server.server_port, counted


Replies = Mapping[str, str]


def _line_handler(
    counted: Counted, counts: str, greeting: str, replies: Replies
) -> type[StreamRequestHandler]:
    """Answers each line by its first words; a mail ends with a dot."""

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            with suppress(ConnectionError):  # who was refused in the middle ends otherwise
                self.answer()

        def answer(self) -> None:
            if greeting:
                self.wfile.write(f"{greeting}\r\n".encode())
            is_text = False
            while read := self.rfile.readline():
                line = read.decode().rstrip("\r\n")
                if is_text:
                    is_text = line != "."
                    if not is_text:
                        self.wfile.write(b"250 ok\r\n")
                    continue
                tag, _, rest = line.partition(" ")
                word = (rest if greeting.startswith("*") else line).partition(" ")[0].upper()
                if word == counts.upper() or not counts:
                    counted.add()
                is_text = word == "DATA"
                reply = replies.get(word, replies[""]).replace("TAG", tag)
                self.wfile.write(f"{reply}\r\n".encode())

    return Handler


@contextmanager
def line_server(
    *, counts: str = "", greeting: str = "", replies: Replies | None = None, certificate: Path | None = None
) -> Iterator[tuple[int, Counted]]:
    """Counts lines, or those that begin with a word, and answers each."""
    counted = Counted()
    server = ThreadingTCPServer(
        (HOST, 0), _line_handler(counted, counts, greeting, replies or {"": "ok"}), bind_and_activate=True
    )
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with running(server):
        yield server.server_address[1], counted


@contextmanager
def local_server(folder: Path) -> Iterator[tuple[str, Counted]]:
    """The same behind a socket in a folder."""
    counted = Counted()
    place = str(folder / "local")
    with running(ThreadingUnixStreamServer(place, _line_handler(counted, "", "", {"": "ok"}))):
        yield place, counted


@contextmanager
def datagram_server() -> Iterator[tuple[int, Counted]]:
    """Counts datagrams."""
    counted = Counted()
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind((HOST, 0))

    def receive() -> None:
        while receiver.recv(100) != b"end":
            counted.add()

    thread = threading.Thread(target=receive, daemon=True)
    thread.start()
    port = receiver.getsockname()[1]
    try:
        yield port, counted
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", (HOST, port))
        thread.join()
        receiver.close()


@contextmanager
def received(receive: Callable[[], bytes]) -> Iterator[Counted]:
    """Counts what is received in a thread, until nothing comes any more."""
    counted = Counted()

    def count() -> None:
        while receive():
            counted.add()

    thread = threading.Thread(target=count, daemon=True)
    thread.start()
    yield counted


def self_signed(folder: Path) -> Path:
    """A certificate for this machine with its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file = folder / "certificate.pem"
    file.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return file
