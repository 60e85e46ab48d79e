"""Bodies of requests as bytes, whatever the program gave, so that they can be sent afterwards as before."""

from __future__ import annotations

from collections.abc import Iterable
from io import SEEK_END, BytesIO
from typing import Any

from changeover.packs.host import cannot_be_followed, cannot_be_given, is_replayed
from changeover.packs.http.messages import BODY_MAX


def body_bytes(body: Any) -> tuple[bytes, Any]:
    """The bytes of a body, and what is to be sent in its place: the same, but for what can be read once.

    A file is read from where it stands, and stands there again. One that is too large to keep is not read:
    the run cannot be compared then, and the file is sent as it is.
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
    if start is not None and _size_from(body, start) > BODY_MAX:
        _say_too_large()
        return b"", body
    found = body.read()
    data = found.encode() if isinstance(found, str) else bytes(found)
    if start is None:
        return data, BytesIO(data)
    body.seek(start)
    return data, body


def _size_from(body: Any, start: int) -> int:
    end = body.seek(0, SEEK_END)
    body.seek(start)
    return (end if isinstance(end, int) else start) - start


def _say_too_large() -> None:
    what = f"a file of more than {BODY_MAX:,} bytes is sent"
    if is_replayed():
        cannot_be_given("http", what)
    cannot_be_followed(what)
