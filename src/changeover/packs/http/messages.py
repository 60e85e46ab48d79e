"""Requests, answers and faults of HTTP in a form that has nothing of the library which sent them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from email.parser import BytesParser
from email.policy import HTTP
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from changeover.quick_dataclass import dataclass

BODY_MAX = 8_000_000
"""Bytes of an answer that are kept; the run of a longer one cannot be compared."""
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What is asked: `url` has neither query nor password; `body` is parsed where its type is known."""

    method: str
    url: str
    query: dict[str, Any]
    body: Any
    headers: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back, with the body as it is without any encoding of the transfer.

    `url` is where it came from at last, after the answers in `history`, which sent the client on. Of a stream
    that may have no end nothing is kept.
    """

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    url: str
    history: tuple[HttpAnswer, ...] = ()
    is_stream: bool = False

    @property
    def problem(self) -> str | None:
        """Why nobody can be given this answer again; None where it can."""
        if self.is_stream:
            return f"the answer of {self.url} is a stream that is read as it comes"
        if len(self.body) > BODY_MAX:
            return f"the answer of {self.url} has more than {BODY_MAX:,} bytes"
        return None


class FaultKind(StrEnum):
    """What went wrong, in words that every library has."""

    CONNECT = "connect"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    REDIRECTS = "redirects"
    CANCELLED = "cancelled"
    """Nobody waited any longer: a time-out around the call, or the end of its task."""
    OTHER = "other"


class HttpFault(Exception):
    """No answer came; `library` and `error` name the exception that the program got, `text` is its text.

    `after_s` says roughly how many seconds the path had waited, where it was awaited and came to a time-out.
    """

    def __init__(self, kind: str, library: str, error: str, text: str, after_s: float = 0.0) -> None:
        super().__init__(kind, library, error, text, after_s)
        self.after_s = after_s
        self.kind = FaultKind(kind)
        self.library = library
        self.error = error
        self.text = text


def request_of(
    method: str, url: str, headers: Iterable[tuple[str, str]], body: bytes, *, named: Iterable[str] = ()
) -> HttpRequest:
    """The request as it is kept: of the headers only those that are `named`, in lower case."""
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme, 0)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    known = {name.lower(): value for name, value in headers}
    return HttpRequest(
        method.upper(),
        f"{parts.scheme}://{host}:{port}{parts.path or '/'}",
        by_name(parse_qsl(parts.query, keep_blank_values=True)),
        parsed_body(body, known.get("content-type", "")),
        {name: known.get(name) for name in named},
    )


def by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Values by name in the order of the names; of a name that comes again a list of its values."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in sorted(found.items())}


def parsed_body(body: bytes, content_type: str) -> Any:
    """What the body says, by its type: JSON, a form, its parts, or a text; else the bytes themselves."""
    if not body:
        return None
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "application/json" or kind.endswith("+json"):
            return json.loads(body)
        if kind == "application/x-www-form-urlencoded":
            return by_name(parse_qsl(body.decode(), keep_blank_values=True))
        if kind.startswith("multipart/"):
            return _parts(body, content_type)
        return body.decode() if kind.startswith("text/") else body
    except ValueError:  # what a program sends need not be what it says: then the bytes are compared
        return body


def _parts(body: bytes, content_type: str) -> list[Mapping[str, Any]]:
    """The parts of a form without the boundary, which is another one in every request."""
    message = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body
    )
    return [
        {
            "name": part.get_param("name", header="content-disposition"),
            "filename": part.get_filename(),
            "type": part.get_content_type(),
            "content": part.get_payload(decode=True),
        }
        for part in message.iter_parts()
    ]
