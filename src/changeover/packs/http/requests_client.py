"""requests: every request goes through `Session.send`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from changeover.packs.host import serving
from changeover.packs.http.bodies import body_bytes
from changeover.packs.http.messages import FaultKind, HttpAnswer, HttpFault
from changeover.packs.http.urllib3_parts import made_response, read_ahead
from changeover.packs.http.wire import Wire, fault, is_read_whole
from changeover.packs.patches import replace

_NAME = "requests"


def patch(requests: Any) -> None:
    """Let every session ask first."""
    replace(requests.Session, "send", _sending)


def _sending(original: Callable[..., Any]) -> Callable[..., Any]:
    def send(self: Any, request: Any, **kwargs: Any) -> Any:
        pack = serving("http")
        if pack is None or getattr(request, "url", None) is None:
            return original(self, request, **kwargs)
        is_stream = kwargs.get("stream", self.stream)
        body, request.body = body_bytes(request.body)

        def really() -> tuple[Any, HttpAnswer]:
            response = original(self, request, **kwargs)
            return response, _answer_of(response, is_stream=is_stream)

        wire = Wire(_Requests(request, is_stream=is_stream), really)
        return pack.ask(request.method, request.url, request.headers.items(), body, wire)

    return send


def _answer_of(response: Any, *, is_stream: bool) -> HttpAnswer:
    headers = getattr(response.raw, "headers", None) or response.headers
    is_kept = not is_stream or is_read_whole(response.headers, waits=False)
    if not is_stream:
        body = response.content
    elif is_kept:
        response.raw, body = read_ahead(response.raw)
    else:
        body = b""
    return HttpAnswer(
        response.status_code,
        response.reason or "",
        tuple(headers.items()),
        body or b"",
        response.url,
        tuple(_answer_of(one, is_stream=False) for one in response.history),
        is_stream=not is_kept,
    )


class _Requests:
    """As `wire.Library` says, for one request."""

    def __init__(self, request: Any, *, is_stream: bool) -> None:
        self._request = request
        self._is_stream = is_stream

    def fault_of(self, error: Exception) -> HttpFault | None:
        """As `Library` says."""
        from requests import exceptions as known

        if not isinstance(error, known.RequestException):
            return None
        kinds = (
            (known.Timeout, FaultKind.TIMEOUT),
            (known.TooManyRedirects, FaultKind.REDIRECTS),
            ((known.ChunkedEncodingError, known.ContentDecodingError), FaultKind.PROTOCOL),
            (known.ConnectionError, FaultKind.CONNECT),
        )
        return fault(_NAME, error, kinds)

    def error_of(self, fault: HttpFault) -> Exception:
        """As `Library` says."""
        from requests import exceptions as known

        by_kind = {
            FaultKind.TIMEOUT: known.ReadTimeout,
            FaultKind.CONNECT: known.ConnectionError,
            FaultKind.PROTOCOL: known.ChunkedEncodingError,
            FaultKind.REDIRECTS: known.TooManyRedirects,
            FaultKind.OTHER: known.RequestException,
        }
        cls = vars(known).get(fault.error) if fault.library == _NAME else None
        is_known = isinstance(cls, type) and issubclass(cls, known.RequestException)
        made: Any = cls if is_known else by_kind[fault.kind]
        error: Exception = made(fault.text, request=self._request)
        return error

    def made(self, answer: HttpAnswer) -> Any:
        """As `Library` says."""
        import requests
        from requests.cookies import extract_cookies_to_jar
        from requests.structures import CaseInsensitiveDict
        from requests.utils import get_encoding_from_headers

        response = requests.Response()
        response.status_code = answer.status
        response.reason = answer.reason
        response.url = answer.url
        response.request = self._request
        response.history = [self.made(one) for one in answer.history]
        response.elapsed = timedelta(0)
        response.raw = made_response(answer, preload=False)
        response.headers = CaseInsensitiveDict(response.raw.headers)
        response.encoding = get_encoding_from_headers(response.headers)
        extract_cookies_to_jar(response.cookies, self._request, response.raw)
        if not self._is_stream:
            response._content = answer.body
            response._content_consumed = True
        return response
