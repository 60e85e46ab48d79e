"""The functions through which Python code sends to the outside over what is open already.

The net hangs at two heights. Libraries are met where they are called, before anything of theirs has changed:
one that is refused in the middle drops its connection, or keeps in a buffer what it sends the next time.
Whatever goes past that is met where the bytes leave: at sockets, TLS, transports of asyncio, descriptors.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

Args = tuple[Any, ...]
Count = Callable[[Args, Any], int]
"""How many bytes a call has sent, by its arguments and by what it gave."""
Peer = Callable[[Args], str]


class WayOut(NamedTuple):
    """Functions of one class, or of a module.

    Attributes:
        module: Its name; where the program has not imported it, nothing has to be met there.
        owner: The class; empty for the module itself.
        names: Of the functions; one that this version does not have is left out.
        peer: Says of a call whom it reaches.
        bytes_of: Says how much it has sent; None where that is seen below, or nowhere.
    """

    module: str
    owner: str
    names: tuple[str, ...]
    peer: Peer
    bytes_of: Count | None = None

    @property
    def label(self) -> str:
        """The package, as it stands in what is said of a call."""
        return self.module if self.module == "http.client" else self.module.partition(".")[0]

    @property
    def is_floor(self) -> bool:
        """Whether it is of Python itself, where the bytes leave."""
        return self.module.partition(".")[0] in sys.stdlib_module_names


def _given(args: Args, result: Any) -> int:
    return result if isinstance(result, int) else 0


def _first(args: Args, result: Any) -> int:
    return _length(args[1]) if len(args) > 1 else 0


def _all(args: Args, result: Any) -> int:
    parts = args[1] if len(args) > 1 else ()
    return sum(map(_length, parts)) if isinstance(parts, Sequence) else 0


def _length(data: Any) -> int:
    return memoryview(data).nbytes if isinstance(data, bytes | bytearray | memoryview) else 0


def address_text(address: Any) -> str:
    """An address of a socket: `127.0.0.1:80`, `[::1]:80`, or the path of a local one."""
    if isinstance(address, tuple) and len(address) > 1:
        host = f"[{address[0]}]" if ":" in str(address[0]) else address[0]
        return f"{host}:{address[1]}"
    if isinstance(address, bytes):
        return os.fsdecode(address).replace("\0", "@")
    return str(address) if address else "a local socket"


def socket_of(args: Args) -> Any:
    """The socket that a call goes through, where there is one in Python."""
    owner = args[0] if args else None
    get = getattr(owner, "get_extra_info", None)
    found = owner if get is None else get("socket")
    return getattr(found, "_sock", found)


def _of_socket(args: Args) -> str:
    *_, last = args
    if isinstance(last, tuple):  # the address of a datagram
        return address_text(last)
    found = socket_of(args)
    return address_text(found.getpeername()) if hasattr(found, "getpeername") else "?"


def _of_transport(args: Args) -> str:
    if len(args) > 2 and args[2]:
        return address_text(args[2])
    address = args[0].get_extra_info("peername")
    return "a pipe" if address is None else address_text(address)


def _of_second(args: Args) -> str:
    return _of_socket(args[1:2])


def _of_descriptor(args: Args) -> str:
    with suppress(OSError):
        return str(Path(f"/proc/self/fd/{args[0]}").readlink())
    return f"descriptor {args[0]}"


def _of_parts(*names: str) -> Peer:
    """Attributes of the object, or parts of them: host and port."""

    def peer(args: Args) -> str:
        found: list[str] = []
        for name in names:
            part = args[0]
            for step in name.split("."):
                part = getattr(part, step)
            found.append(str(part))
        return ":".join(found)

    return peer


def _of_request(args: Args) -> str:
    url = args[1].url
    return f"{os.fsdecode(url.host)}:{url.port or os.fsdecode(url.scheme)}"


def _of_url(args: Args) -> str:
    from urllib.parse import urlsplit

    return urlsplit(str(args[2])).netloc


def _of_process(args: Args) -> str:
    return "another process"


_SENDING = ("send", "sendto", "sendmsg", "sendfile")
_REDIS = (("redis.connection", "host"), ("redis.asyncio.connection", "host"))
_POOLS = ("httpcore._sync.connection_pool", "httpcore._async.connection_pool")
_STREAMS = ("SocketStream", "UNIXSocketStream", "UDPSocket", "ConnectedUDPSocket", "StreamWriterWrapper")
_ASYNCPG = ("execute", "_execute", "_executemany", "_prepare", "_copy_in", "_copy_out", "_do_execute")
WAYS_OUT: tuple[WayOut, ...] = (
    # The floor: where the bytes leave.
    WayOut("socket", "socket", _SENDING, _of_socket, _given),
    WayOut("socket", "socket", ("sendall",), _of_socket, _first),
    WayOut("ssl", "SSLSocket", (*_SENDING, "write"), _of_socket, _given),
    WayOut("ssl", "SSLSocket", ("sendall",), _of_socket, _first),
    WayOut("ssl", "SSLObject", ("write",), lambda args: args[0].server_hostname or "?"),
    WayOut("asyncio.streams", "StreamWriter", ("write",), _of_transport, _first),
    WayOut("asyncio.streams", "StreamWriter", ("writelines",), _of_transport, _all),
    WayOut("asyncio.selector_events", "_SelectorSocketTransport", ("write",), _of_transport, _first),
    WayOut("asyncio.selector_events", "_SelectorSocketTransport", ("writelines",), _of_transport, _all),
    WayOut("asyncio.selector_events", "_SelectorDatagramTransport", ("sendto",), _of_transport, _first),
    WayOut("asyncio.selector_events", "BaseSelectorEventLoop", ("sock_sendall", "sock_sendto"), _of_second),
    WayOut("asyncio.base_events", "BaseEventLoop", ("sock_sendfile",), _of_second),
    WayOut("asyncio.base_events", "BaseEventLoop", ("sendfile",), lambda args: _of_transport(args[1:2])),
    WayOut("asyncio.sslproto", "_SSLProtocolTransport", ("write",), _of_transport, _first),
    WayOut("asyncio.sslproto", "_SSLProtocolTransport", ("writelines",), _of_transport, _all),
    WayOut("asyncio.unix_events", "_UnixWritePipeTransport", ("write",), _of_transport, _first),
    WayOut("os", "", ("write", "writev", "pwrite", "pwritev", "sendfile"), _of_descriptor, _given),
    WayOut("multiprocessing.connection", "_ConnectionBase", ("send", "send_bytes"), _of_process),
    WayOut("multiprocessing.queues", "Queue", ("put",), _of_process),
    # Libraries, where they are called.
    WayOut(
        "http.client", "HTTPConnection", ("request", "putrequest", "endheaders"), _of_parts("host", "port")
    ),
    WayOut("urllib3.connectionpool", "HTTPConnectionPool", ("urlopen",), _of_parts("host", "port")),
    WayOut(_POOLS[0], "ConnectionPool", ("handle_request",), _of_request),
    WayOut(_POOLS[1], "AsyncConnectionPool", ("handle_async_request",), _of_request),
    WayOut("aiohttp.client", "ClientSession", ("_request",), _of_url),
    *(
        WayOut(module, "AbstractConnection", ("send_packed_command",), _of_parts(host, "port"))
        for module, host in _REDIS
    ),
    *(WayOut("anyio._backends._asyncio", name, ("send",), lambda args: "") for name in _STREAMS),
    WayOut("psycopg.connection", "Connection", ("wait",), _of_parts("info.host", "info.port")),
    WayOut("psycopg.connection_async", "AsyncConnection", ("wait",), _of_parts("info.host", "info.port")),
    WayOut("asyncpg.connection", "Connection", _ASYNCPG, lambda args: address_text(args[0]._addr)),
    WayOut("pika.connection", "Connection", ("_output_marshaled_frames",), _of_parts("params.host")),
    WayOut("aiormq.channel", "Channel", ("basic_publish", "rpc"), lambda args: str(args[0].connection.url)),
    WayOut("amqp.abstract_channel", "AbstractChannel", ("send_method",), _of_parts("connection.host")),
)
MODULES = frozenset(way.module for way in WAYS_OUT)


PLUMBING = frozenset(
    {
        ("asyncio.selector_events", "_write_to_self"),
        ("asyncio.selector_events", "_write_ready"),
        ("asyncio.selector_events", "_write_send"),
        ("asyncio.selector_events", "_write_sendmsg"),
        ("asyncio.selector_events", "_sendto_ready"),
        ("asyncio.unix_events", "_write_ready"),
        ("multiprocessing.resource_tracker", "_send"),
        ("tempfile", "_get_default_tempdir"),
        ("trio._core._wakeup_socketpair", "wakeup_thread_and_signal_safe"),
        ("tornado.platform.asyncio", "_wake_selector"),
    }
)
"""Modules and functions that send for an event loop or a pool itself: to wake it, and what was put off.

They are known by name: whoever replaces one of them (another tool, or a loop of the program) has it still.
"""
