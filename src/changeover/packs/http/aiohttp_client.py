"""aiohttp: every request goes through `ClientSession._request`, as `session.get` and all others call it."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from changeover.packs.host import serving
from changeover.packs.http.bodies import body_bytes
from changeover.packs.http.messages import FaultKind, HttpAnswer, HttpFault
from changeover.packs.http.wire import AsyncWire, fault, is_read_whole
from changeover.packs.patches import replace

_NAME = "aiohttp"
_FORM = "application/x-www-form-urlencoded"


def patch(aiohttp: Any) -> None:
    """Let every session ask first."""
    replace(aiohttp.ClientSession, "_request", _requesting)


def _requesting(original: Callable[..., Any]) -> Callable[..., Any]:
    async def _request(self: Any, method: str, str_or_url: Any, **kwargs: Any) -> Any:
        pack = serving("http")
        if pack is None:
            return await original(self, method, str_or_url, **kwargs)
        url = _url(self, str_or_url, kwargs.get("params"))
        body, kind, kwargs = await _body(self, kwargs)
        refuses = kwargs.pop("raise_for_status", None)
        refuses = self._raise_for_status if refuses is None else refuses

        async def really() -> tuple[Any, HttpAnswer]:
            response = await original(self, method, str_or_url, **kwargs, raise_for_status=False)
            return response, await _answer_of(response)

        headers = [
            ("content-type", kind),
            *self._default_headers.items(),
            *dict(kwargs.get("headers") or {}).items(),
        ]
        timeout = kwargs.get("timeout", self._timeout)
        wire = AsyncWire(_Aiohttp(self, method, url, timeout), really)
        response = await pack.ask_async(method, str(url), headers, body, wire)
        if refuses is True:
            response.raise_for_status()
        elif callable(refuses):
            await refuses(response)
        return response

    return _request


def _url(session: Any, given: Any, params: Any) -> Any:
    url = session._build_url(given)
    return url.extend_query(params) if params else url


async def _body(session: Any, kwargs: dict[str, Any]) -> tuple[bytes, str, dict[str, Any]]:
    """The body as bytes with its type, and the options with one that can still be sent."""
    from aiohttp import FormData

    if kwargs.get("json") is not None:
        text = session._json_serialize(kwargs["json"])
        return text if isinstance(text, bytes) else text.encode(), "application/json", kwargs
    data: Any = kwargs.get("data")
    if isinstance(data, Mapping) or (isinstance(data, list | tuple) and data):
        data = FormData(data)
        kwargs = {**kwargs, "data": data}
    if isinstance(data, FormData):
        return _form(data), _FORM, kwargs
    if hasattr(data, "__aiter__"):
        chunks = [chunk async for chunk in data]
        return b"".join(chunks), "", {**kwargs, "data": b"".join(chunks)}
    body, sent = body_bytes(data)
    if sent is not data:
        kwargs = {**kwargs, "data": body}
    return body, "text/plain" if isinstance(data, str) else "", kwargs


def _form(form: Any) -> bytes:
    """The fields of a form, its files too, written as a form without files is."""
    pairs = []
    for options, _, value in form._fields:
        data, _ = body_bytes(value)
        pairs.append((options["name"], data))
        if "filename" in options:
            pairs.append((f"{options['name']}.filename", options["filename"]))
    return urlencode(pairs).encode()


async def _answer_of(response: Any) -> HttpAnswer:
    is_kept = is_read_whole(response.headers, waits=True)
    body = b""
    if is_kept:
        body = await response.read()
        response.content = _reader(response.content._loop, body)
    return HttpAnswer(
        response.status,
        response.reason or "",
        tuple(response.headers.items()),
        body,
        str(response.url),
        tuple(
            HttpAnswer(one.status, one.reason or "", tuple(one.headers.items()), b"", str(one.url))
            for one in response.history
        ),
        is_stream=not is_kept,
    )


def _reader(loop: Any, body: bytes) -> Any:
    """What a program reads a body from piece by piece."""
    from aiohttp.base_protocol import BaseProtocol
    from aiohttp.streams import StreamReader

    reader = StreamReader(BaseProtocol(loop), limit=2**16, loop=loop)
    if body:
        reader.feed_data(body)
    reader.feed_eof()
    return reader


class _Aiohttp:
    """As `wire.Library` says, for one request."""

    def __init__(self, session: Any, method: str, url: Any, timeout: Any = None) -> None:
        self._session = session
        self._timeout = timeout
        self._method = method
        self._url = url

    def time_out_s(self) -> float | None:
        """As `AsyncLibrary` says."""
        found = self._timeout
        set_ = found if isinstance(found, int | float) else getattr(found, "total", None)
        read = getattr(found, "sock_read", None)
        return min((one for one in (set_, read) if one), default=None)

    def fault_of(self, error: Exception) -> HttpFault | None:
        """As `Library` says."""
        import aiohttp

        if not isinstance(error, aiohttp.ClientError | TimeoutError):
            return None
        kinds = (
            (TimeoutError, FaultKind.TIMEOUT),
            (aiohttp.TooManyRedirects, FaultKind.REDIRECTS),
            (aiohttp.ClientConnectorError, FaultKind.CONNECT),
            ((aiohttp.ClientPayloadError, aiohttp.ClientConnectionError), FaultKind.PROTOCOL),
        )
        found = fault(_NAME, error, kinds)
        if isinstance(error, aiohttp.ClientConnectorError):  # its text is made of the address and of this
            return HttpFault(found.kind, _NAME, found.error, str(error.strerror))
        return found

    def error_of(self, fault: HttpFault) -> Exception:
        """As `Library` says."""
        import aiohttp

        if fault.kind is FaultKind.CONNECT:
            return self._not_connected(fault)
        if fault.kind is FaultKind.REDIRECTS:
            redirects: Exception = aiohttp.TooManyRedirects(self._request_info(), ())
            return redirects
        by_kind = {
            FaultKind.TIMEOUT: aiohttp.ServerTimeoutError,
            FaultKind.PROTOCOL: aiohttp.ServerDisconnectedError,
            FaultKind.OTHER: aiohttp.ClientError,
        }
        if fault.library == _NAME and fault.error == "TimeoutError":
            return TimeoutError(fault.text) if fault.text else TimeoutError()
        cls = vars(aiohttp).get(fault.error) if fault.library == _NAME else None
        is_plain = isinstance(cls, type) and issubclass(
            cls, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError
        )
        made: Any = cls if is_plain else by_kind[fault.kind]
        error: Exception = made(fault.text)
        return error

    def _not_connected(self, fault: HttpFault) -> Exception:
        import aiohttp
        from aiohttp.client_reqrep import ConnectionKey

        known = vars(aiohttp).get(fault.error) if fault.library == _NAME else None
        is_known = isinstance(known, type) and issubclass(known, aiohttp.ClientConnectorError)
        url = self._url
        known_parts = {"host": url.host, "port": url.port, "is_ssl": url.scheme == "https", "ssl": True}
        key: Any = ConnectionKey(
            *(known_parts.get(name) for name in inspect.signature(ConnectionKey).parameters)
        )
        cls: Any = known if is_known else aiohttp.ClientConnectorError
        error: Exception = cls(key, OSError(0, fault.text))
        return error

    def _request_info(self, url: Any = None) -> Any:
        from aiohttp import RequestInfo
        from multidict import CIMultiDict, CIMultiDictProxy

        url = self._url if url is None else url
        return RequestInfo(url, self._method, CIMultiDictProxy(CIMultiDict()), url)

    def made(self, answer: HttpAnswer) -> Any:
        """As `Library` says."""
        from aiohttp import ClientResponse
        from aiohttp.helpers import TimerNoop
        from multidict import CIMultiDict, CIMultiDictProxy
        from yarl import URL

        url, loop = URL(answer.url), asyncio.get_running_loop()
        options = {
            "writer": None,
            "continue100": None,
            "timer": TimerNoop(),
            "request_info": self._request_info(url),
            "traces": [],
            "loop": loop,
            "session": self._session,
            "stream_writer": SimpleNamespace(output_size=0),
        }
        taken = inspect.signature(ClientResponse.__init__).parameters
        response: Any = ClientResponse(
            self._method, url, **{name: value for name, value in options.items() if name in taken}
        )
        response.status = answer.status
        response.reason = answer.reason
        response._headers = CIMultiDictProxy(CIMultiDict(answer.headers))
        response._raw_headers = tuple((name.encode(), value.encode()) for name, value in answer.headers)
        response._history = tuple(self.made(one) for one in answer.history)
        response._body = answer.body
        response.content = _reader(loop, answer.body)
        response._closed = True
        return response
