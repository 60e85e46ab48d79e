"""urllib of the standard library: every address is opened by `OpenerDirector.open`."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
import urllib.response
from collections.abc import Callable
from io import BytesIO
from typing import Any

from changeover.packs.host import serving
from changeover.packs.http.bodies import body_bytes
from changeover.packs.http.messages import FaultKind, HttpAnswer, HttpFault
from changeover.packs.http.wire import Wire, fault, is_read_whole
from changeover.packs.patches import replace

_NAME = "urllib"
_ERROR_FROM = 400


def patch(request: Any) -> None:
    """Let every opener ask first; addresses of files and the like are opened as before."""
    replace(request.OpenerDirector, "open", _opening)


def _opening(original: Callable[..., Any]) -> Callable[..., Any]:
    def open_(self: Any, fullurl: Any, data: Any = None, *args: Any, **kwargs: Any) -> Any:
        pack = serving("http")
        request = fullurl if isinstance(fullurl, urllib.request.Request) else None
        request = urllib.request.Request(fullurl, data) if request is None else request  # noqa: S310  not opened here
        if pack is None or request.type not in ("http", "https"):
            return original(self, fullurl, data, *args, **kwargs)
        if data is not None:
            request.data = data
        body, request.data = body_bytes(request.data)

        def really() -> tuple[Any, HttpAnswer]:
            try:
                response = original(self, request, None, *args, **kwargs)
            except urllib.error.HTTPError as error:
                response = error
            return response, _answer_of(response)

        headers = [("content-type", "application/x-www-form-urlencoded"), *request.header_items()]
        wire = Wire(_Urllib(), really)
        found = pack.ask(request.get_method(), request.full_url, headers, body, wire)
        if isinstance(found, urllib.error.HTTPError):
            raise found
        return found

    return open_


def _answer_of(response: Any) -> HttpAnswer:
    is_kept = is_read_whole(response.headers, waits=True)
    body = response.read() if is_kept else b""
    if is_kept:
        _put_back(response, body)
    return HttpAnswer(
        response.status,
        response.reason or "",
        tuple(response.headers.items()),
        body,
        response.geturl(),
        is_stream=not is_kept,
    )


def _put_back(response: Any, body: bytes) -> None:
    """Let the program read what was read already."""
    inner = response.fp if isinstance(response, urllib.error.HTTPError) else response
    if isinstance(inner, http.client.HTTPResponse):
        inner.fp = BytesIO(body)  # type: ignore[assignment]
        inner.length = len(body)
        inner.chunked = False


class _Urllib:
    """As `wire.Library` says."""

    def fault_of(self, error: Exception) -> HttpFault | None:
        """As `Library` says."""
        if not isinstance(error, urllib.error.URLError | http.client.HTTPException | OSError):
            return None
        about = getattr(error, "reason", error)
        kinds = (
            (TimeoutError, FaultKind.TIMEOUT),
            (http.client.HTTPException, FaultKind.PROTOCOL),
            (OSError, FaultKind.CONNECT),
        )
        found = fault(_NAME, about if isinstance(about, Exception) else error, kinds)
        return HttpFault(found.kind, _NAME, type(error).__name__, str(about))

    def error_of(self, fault: HttpFault) -> Exception:
        """As `Library` says."""
        if fault.kind is FaultKind.TIMEOUT and fault.error == "TimeoutError":
            return TimeoutError(fault.text)
        if fault.kind is FaultKind.PROTOCOL:
            found = vars(http.client).get(fault.error)
            known = isinstance(found, type) and issubclass(found, http.client.HTTPException)
            cls: Any = found if known else http.client.HTTPException
            error: Exception = cls(fault.text)
            return error
        return urllib.error.URLError(fault.text)

    def made(self, answer: HttpAnswer) -> Any:
        """As `Library` says."""
        headers = http.client.HTTPMessage()
        for name, value in answer.headers:
            headers.add_header(name, value)
        if answer.status >= _ERROR_FROM:
            return urllib.error.HTTPError(
                answer.url, answer.status, answer.reason, headers, BytesIO(answer.body)
            )
        response = urllib.response.addinfourl(BytesIO(answer.body), headers, answer.url, answer.status)
        response.msg = answer.reason  # type: ignore[attr-defined]
        return response
