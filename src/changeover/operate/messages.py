"""Messages between a worker and its processes: JSON with bytes behind it, over a pair of sockets."""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, NamedTuple

_LENGTHS = struct.Struct("<II")
QUESTION = "question"
"""In a request, and in the answer to it: what came otherwise is no answer."""
MESSAGE_BYTES_MAX = 256 * 1024 * 1024


class Message(NamedTuple):
    """What was said, with the bytes behind it, and a descriptor that came along, if one did."""

    head: dict[str, Any]
    body: bytes
    descriptor: int | None = None


class Garbled(OSError):
    """What came is no message."""


def packed(head: Mapping[str, Any], body: bytes = b"") -> bytes:
    """A message as it is sent."""
    text = json.dumps(head).encode()
    return _LENGTHS.pack(len(text), len(body)) + text + body


def send(connection: socket.socket, head: Mapping[str, Any], body: bytes = b"") -> None:
    """Send a message with plain writes, which no filter of calls refuses; raises OSError."""
    rest = memoryview(packed(head, body))
    while rest:
        rest = rest[os.write(connection.fileno(), rest) :]


def send_descriptor(connection: socket.socket, head: Mapping[str, Any], descriptor: int) -> None:
    """The same with a descriptor that goes along; raises OSError."""
    data = packed(head)
    sent = socket.send_fds(connection, [data], [descriptor])
    send_rest = memoryview(data)[sent:]
    while send_rest:
        send_rest = send_rest[os.write(connection.fileno(), send_rest) :]


def receive(connection: socket.socket) -> Message | None:
    """Wait for a message, None where the other side has gone; raises OSError."""
    beginning, descriptors, _, _ = socket.recv_fds(connection, _LENGTHS.size, 1)
    if not beginning:
        return None
    number = connection.fileno()
    return _read(lambda size: os.read(number, size), beginning, descriptors[0] if descriptors else None)


def receive_by(read: Callable[[int], bytes]) -> Message | None:
    """The same from what reads so many bytes at most, which may raise as it likes."""
    beginning = read(_LENGTHS.size)
    return _read(read, beginning, None) if beginning else None


def unpacked(data: bytes) -> Message:
    """The inverse of `packed`; raises Garbled."""
    message = receive_by(BytesIO(data).read)
    if message is None:
        raise Garbled("a message was cut off")
    return message


def _read(read: Callable[[int], bytes], beginning: bytes, descriptor: int | None) -> Message | None:
    header = beginning + _exactly(read, _LENGTHS.size - len(beginning))
    if len(header) < _LENGTHS.size:
        return None
    head_size, body_size = _LENGTHS.unpack(header)
    if head_size + body_size > MESSAGE_BYTES_MAX:
        raise Garbled(f"a message was longer than {MESSAGE_BYTES_MAX} bytes")
    head, body = _exactly(read, head_size), _exactly(read, body_size)
    if len(head) < head_size or len(body) < body_size:
        return None
    try:
        said = json.loads(head)
    except ValueError as error:
        raise Garbled(f"a message could not be read: {error}") from error
    if not isinstance(said, dict):
        raise Garbled("a message was no table")
    return Message(said, body, descriptor)


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    """So many bytes, fewer where the other side has gone."""
    parts = []
    while size > 0:
        part = read(min(size, 1 << 20))
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
