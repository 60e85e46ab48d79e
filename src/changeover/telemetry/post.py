"""One POST request that is over at its deadline; follows no redirect."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPHandler, HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from changeover.telemetry.deadline import Deadline


def post(url: str, body: bytes, headers: Mapping[str, str], deadline: Deadline) -> int:
    """The status of the answer, whatever it is; a redirect is an answer like any other.

    The answer itself is not read: a receiver that has said how it took an alert may say no more about it.
    Raises OSError and HTTPException.
    """
    request = Request(url, body, dict(headers), method="POST")  # noqa: S310  checked by `host_of`
    opener = build_opener(_Stay, _Http(deadline), _Https(deadline))
    try:
        with opener.open(request, timeout=max(0.001, deadline.left_s)) as answer:
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow nothing: the answer of another place is not asked for."""


class _Connection(HTTPConnection):
    def __init__(self, host: str, *, deadline: Deadline, **options: Any) -> None:
        super().__init__(host, **options)
        self._create_connection = _connecting(deadline)


class _SecureConnection(HTTPSConnection):
    def __init__(self, host: str, *, deadline: Deadline, **options: Any) -> None:
        super().__init__(host, **options)
        self._create_connection = _connecting(deadline)


def _connecting(deadline: Deadline) -> Any:
    return lambda address, *_: deadline.connect(address)


class _Http(HTTPHandler):
    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def http_open(self, req: Request) -> HTTPResponse:
        """Over a connection that ends with the deadline."""
        return self.do_open(partial(_Connection, deadline=self._deadline), req)


class _Https(HTTPSHandler):
    def __init__(self, deadline: Deadline) -> None:
        super().__init__()
        self._deadline = deadline

    def https_open(self, req: Request) -> HTTPResponse:
        """Over a connection that ends with the deadline, with the certificates of the system."""
        import ssl

        made = partial(_SecureConnection, deadline=self._deadline)
        return self.do_open(made, req, context=ssl.create_default_context())
