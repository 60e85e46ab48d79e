"""Ways in which sync code reaches the outside: each gives the deed, and how often the outside has seen it.

What a client holds open is opened before the run. A name says which client the log has to name.
"""

from __future__ import annotations

import multiprocessing.connection
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from tests.changeover.support.outside_servers import (
    HOST,
    datagram_server,
    line_server,
    local_server,
    received,
)

Deed = Callable[[], Any]
Seen = Callable[[], int]
Reached = tuple[Deed, Seen]
Way = Callable[[Path, Path], AbstractContextManager[Reached]]
"""Gets a folder, and the file of a certificate for this machine."""
WAYS: dict[str, tuple[str, Way]] = {}
"""By name: the client that the log names, and the way."""


def way(name: str, client: str) -> Callable[[Callable[[Path, Path], Iterator[Reached]]], Way]:
    def kept(function: Callable[[Path, Path], Iterator[Reached]]) -> Way:
        made = contextmanager(function)
        WAYS[name] = (client, made)
        return made

    return kept


@way("socket send", "support.ways_out")
def socket_send(folder: Path, certificate: Path) -> Iterator[Reached]:
    with line_server() as (port, seen), socket.create_connection((HOST, port)) as one:
        yield lambda: one.send(b"x\n"), seen


@way("socket sendall", "support.ways_out")
def socket_sendall(folder: Path, certificate: Path) -> Iterator[Reached]:
    with line_server() as (port, seen), socket.create_connection((HOST, port)) as one:
        yield lambda: one.sendall(b"x\n"), seen


@way("socket sendmsg", "support.ways_out")
def socket_sendmsg(folder: Path, certificate: Path) -> Iterator[Reached]:
    with line_server() as (port, seen), socket.create_connection((HOST, port)) as one:
        yield lambda: one.sendmsg([b"x", b"\n"]), seen


@way("socket sendfile", "support.ways_out")
def socket_sendfile(folder: Path, certificate: Path) -> Iterator[Reached]:
    (folder / "sent").write_bytes(b"x\n")
    with line_server() as (port, seen), socket.create_connection((HOST, port)) as one:

        def deed() -> None:
            with (folder / "sent").open("rb") as file:
                one.sendfile(file)

        yield deed, seen


@way("os.sendfile", "support.ways_out")
def os_sendfile(folder: Path, certificate: Path) -> Iterator[Reached]:
    (folder / "sent").write_bytes(b"x\n")
    with line_server() as (port, seen), socket.create_connection((HOST, port)) as one:

        def deed() -> None:
            with (folder / "sent").open("rb") as file:
                os.sendfile(one.fileno(), file.fileno(), 0, 2)

        yield deed, seen


@way("os.write to a socket", "support.ways_out")
def os_write(folder: Path, certificate: Path) -> Iterator[Reached]:
    with line_server() as (port, seen), socket.create_connection((HOST, port)) as one:
        yield lambda: os.write(one.fileno(), b"x\n"), seen


@way("a file of a socket", "support.ways_out")
def socket_file(folder: Path, certificate: Path) -> Iterator[Reached]:
    with (
        line_server() as (port, seen),
        socket.create_connection((HOST, port)) as one,
        one.makefile("wb", buffering=0) as file,
    ):
        yield lambda: file.write(b"x\n"), seen


@way("a connected datagram socket", "support.ways_out")
def datagrams(folder: Path, certificate: Path) -> Iterator[Reached]:
    with datagram_server() as (port, seen), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.connect((HOST, port))
        yield lambda: one.send(b"x"), seen


@way("a datagram to an address", "support.ways_out")
def addressed(folder: Path, certificate: Path) -> Iterator[Reached]:
    with datagram_server() as (port, seen), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        yield lambda: one.sendto(b"x", (HOST, port)), seen


@way("a local socket", "support.ways_out")
def local(folder: Path, certificate: Path) -> Iterator[Reached]:
    with local_server(folder) as (place, seen), socket.socket(socket.AF_UNIX) as one:
        one.connect(place)
        yield lambda: one.sendall(b"x\n"), seen


@way("TLS", "support.ways_out")
def tls(folder: Path, certificate: Path) -> Iterator[Reached]:
    context = ssl.create_default_context(cafile=str(certificate))
    with line_server(certificate=certificate) as (port, seen):
        plain = socket.create_connection((HOST, port))
        with context.wrap_socket(plain, server_hostname=HOST) as one:
            yield lambda: one.sendall(b"x\n"), seen


@way("a new connection", "support.ways_out")
def connects(folder: Path, certificate: Path) -> Iterator[Reached]:
    with line_server() as (port, seen):

        def deed() -> None:
            with socket.create_connection((HOST, port)) as one:
                one.sendall(b"x\n")
                one.recv(9)

        yield deed, seen


@way("a connection of multiprocessing", "support.ways_out")
def process_connection(folder: Path, certificate: Path) -> Iterator[Reached]:
    mine, theirs = multiprocessing.connection.Pipe()

    def receive() -> bytes:
        try:
            return theirs.recv_bytes()
        except EOFError:
            return b""

    with theirs, received(receive) as seen, mine:
        yield lambda: mine.send_bytes(b"x"), seen
