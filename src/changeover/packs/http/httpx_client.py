"""httpx: every request goes through `Client.send` or `AsyncClient.send`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from changeover.packs.host import serving
from changeover.packs.http.messages import FaultKind, HttpAnswer, HttpFault
from changeover.packs.http.wire import AsyncWire, Wire, fault, is_read_whole
from changeover.packs.patches import replace

_NAME = "httpx"


def patch(httpx: Any) -> None:
    """Let every client ask first."""
    replace(httpx.Client, "send", _sending)
    replace(httpx.AsyncClient, "send", _sending_async)


def _sending(original: Callable[..., Any]) -> Callable[..., Any]:
    def send(self: Any, request: Any, **kwargs: Any) -> Any:
        pack = serving("http")
        if pack is None:
            return original(self, request, **kwargs)
        is_stream = kwargs.get("stream", False)
        body = request.read()

        def really() -> tuple[Any, HttpAnswer]:
            response = original(self, request, **kwargs)
            if is_stream and is_read_whole(response.headers, waits=False):
                _put_back(response, b"".join(response.iter_raw()))
                return response, _answer_of(response, _decoded(response))
            return response, _answer_of(response, None if is_stream else response.content)

        wire = Wire(_Httpx(request, is_stream=is_stream), really)
        return pack.ask(request.method, str(request.url), request.headers.items(), body, wire)

    return send


def _sending_async(original: Callable[..., Any]) -> Callable[..., Any]:
    async def send(self: Any, request: Any, **kwargs: Any) -> Any:
        pack = serving("http")
        if pack is None:
            return await original(self, request, **kwargs)
        is_stream = kwargs.get("stream", False)
        body = await request.aread()

        async def really() -> tuple[Any, HttpAnswer]:
            response = await original(self, request, **kwargs)
            if is_stream and is_read_whole(response.headers, waits=False):
                _put_back(response, b"".join([chunk async for chunk in response.aiter_raw()]))
                return response, _answer_of(response, _decoded(response))
            return response, _answer_of(response, None if is_stream else response.content)

        wire = AsyncWire(_Httpx(request, is_stream=is_stream), really)
        return await pack.ask_async(request.method, str(request.url), request.headers.items(), body, wire)

    return send


def _put_back(response: Any, raw: bytes) -> None:
    """Let the program read what was read already."""
    import httpx

    response.stream = httpx.ByteStream(raw)
    response.is_stream_consumed = response.is_closed = False


def _decoded(response: Any) -> bytes:
    import httpx

    raw = b"".join(response.stream)
    decoded: bytes = httpx.Response(200, headers=response.headers, content=raw).content
    return decoded


def _answer_of(response: Any, body: bytes | None) -> HttpAnswer:
    return HttpAnswer(
        response.status_code,
        response.reason_phrase,
        tuple(response.headers.multi_items()),
        body or b"",
        str(response.url),
        tuple(_answer_of(one, one.content) for one in response.history),
        is_stream=body is None,
    )


class _Httpx:
    """As `wire.Library` says, for one request."""

    def __init__(self, request: Any, *, is_stream: bool) -> None:
        self._request = request
        self._is_stream = is_stream

    def time_out_s(self) -> float | None:
        """As `AsyncLibrary` says."""
        found: float | None = self._request.extensions.get("timeout", {}).get("read")
        return found

    def fault_of(self, error: Exception) -> HttpFault | None:
        """As `Library` says."""
        import httpx

        if not isinstance(error, httpx.RequestError):
            return None
        kinds = (
            (httpx.TimeoutException, FaultKind.TIMEOUT),
            (httpx.TooManyRedirects, FaultKind.REDIRECTS),
            ((httpx.ProtocolError, httpx.DecodingError, httpx.ReadError), FaultKind.PROTOCOL),
            (httpx.TransportError, FaultKind.CONNECT),
        )
        return fault(_NAME, error, kinds)

    def error_of(self, fault: HttpFault) -> Exception:
        """As `Library` says."""
        import httpx

        by_kind = {
            FaultKind.TIMEOUT: httpx.ReadTimeout,
            FaultKind.CONNECT: httpx.ConnectError,
            FaultKind.PROTOCOL: httpx.RemoteProtocolError,
            FaultKind.REDIRECTS: httpx.TooManyRedirects,
            FaultKind.OTHER: httpx.RequestError,
        }
        cls = vars(httpx).get(fault.error) if fault.library == _NAME else None
        is_known = isinstance(cls, type) and issubclass(cls, httpx.RequestError)
        made: Any = cls if is_known else by_kind[fault.kind]
        error: Exception = made(fault.text, request=self._request)
        return error

    def made(self, answer: HttpAnswer) -> Any:
        """As `Library` says."""
        import httpx

        response = httpx.Response(
            answer.status,
            headers=list(answer.headers),
            stream=httpx.ByteStream(answer.body),
            request=self._request,
            history=[self.made(one) for one in answer.history],
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": answer.reason.encode()},
        )
        response._content = answer.body
        response.is_stream_consumed = response.is_closed = not self._is_stream
        response.elapsed = timedelta(0)
        return response
