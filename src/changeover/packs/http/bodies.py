"""Bodies of requests as bytes, whatever the program gave, so that they can be sent afterwards as before."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any


def body_bytes(body: Any) -> tuple[bytes, Any]:
    """The bytes of a body, and what is to be sent in its place: the same, but for what can be read once.

    A file is read from where it stands, and stands there again.
    """
    if body is None:
        return b"", None
    if isinstance(body, str):
        return body.encode(), body
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body), body
    if hasattr(body, "read"):
        return _read(body)
    if isinstance(body, Iterable):
        chunks = [chunk.encode() if isinstance(chunk, str) else bytes(chunk) for chunk in body]
        return b"".join(chunks), iter(chunks)
    return str(body).encode(), body


def _read(body: Any) -> tuple[bytes, Any]:
    start = body.tell() if hasattr(body, "seek") and hasattr(body, "tell") else None
    found = body.read()
    data = found.encode() if isinstance(found, str) else bytes(found)
    if start is None:
        return data, BytesIO(data)
    body.seek(start)
    return data, body
