"""urllib3, and so botocore: a request goes through `PoolManager.urlopen` or the pool's own one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from changeover.packs.host import serving
from changeover.packs.http.bodies import body_bytes
from changeover.packs.http.messages import FaultKind, HttpAnswer, HttpFault
from changeover.packs.http.urllib3_parts import made_response, read_ahead
from changeover.packs.http.wire import Wire, fault, is_read_whole
from changeover.packs.patches import replace

_NAME = "urllib3"


def patch(urllib3: Any) -> None:
    """Let every manager and every pool ask first."""
    replace(urllib3.PoolManager, "urlopen", _opening)
    replace(urllib3.HTTPConnectionPool, "urlopen", _opening)


def _opening(original: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(original)

    def urlopen(self: Any, *args: Any, **kwargs: Any) -> Any:
        pack = serving("http")
        if pack is None:
            return original(self, *args, **kwargs)
        call = signature.bind(self, *args, **kwargs)
        given = {**call.arguments, **kwargs}
        url = given["url"] if "://" in given["url"] else f"{self.scheme}://{_host(self)}{given['url']}"
        preload = given.get("preload_content", True)
        body, sent = body_bytes(given.get("body"))
        if sent is not given.get("body"):
            call.arguments.update(body=sent) if "body" in call.arguments else kwargs.update(body=sent)
            call = signature.bind(*call.args, **{**call.kwargs, "body": sent}) if "body" in kwargs else call
        headers = given.get("headers") or getattr(self, "headers", None) or {}

        def really() -> tuple[Any, HttpAnswer]:
            response = original(*call.args, **call.kwargs)
            if preload:
                return response, _answer_of(response, response.data, url)
            if not is_read_whole(response.headers, waits=False):
                return response, _answer_of(response, None, url)
            again, data = read_ahead(response)
            return again, _answer_of(again, data, url)

        wire = Wire(_Urllib3(self, url, preload=preload, method=given["method"]), really)
        return pack.ask(given["method"], url, headers.items(), body, wire)

    return urlopen


def _host(pool: Any) -> str:
    host = f"[{pool.host}]" if ":" in pool.host else pool.host
    return host if pool.port is None else f"{host}:{pool.port}"


def _answer_of(response: Any, body: bytes | None, url: str) -> HttpAnswer:
    return HttpAnswer(
        response.status,
        response.reason or "",
        tuple(response.headers.items()),
        body or b"",
        url,
        is_stream=body is None,
    )


class _Urllib3:
    """As `wire.Library` says, for one request."""

    def __init__(self, pool: Any, url: str, *, preload: bool, method: str) -> None:
        self._pool = pool
        self._url = url
        self._preload = preload
        self._method = method

    def fault_of(self, error: Exception) -> HttpFault | None:
        """As `Library` says."""
        from urllib3 import exceptions as known

        if not isinstance(error, known.HTTPError) or isinstance(error, known.LocationValueError):
            return None
        reason = getattr(error, "reason", None) if isinstance(error, known.MaxRetryError) else None
        about = reason if isinstance(reason, Exception) else error
        kinds = (
            ((known.ReadTimeoutError, known.ConnectTimeoutError), FaultKind.TIMEOUT),
            (known.NewConnectionError, FaultKind.CONNECT),
            (known.ResponseError, FaultKind.REDIRECTS),
            ((known.ProtocolError, known.SSLError), FaultKind.PROTOCOL),
        )
        found = fault(_NAME, about, kinds)
        return HttpFault(found.kind, _NAME, type(error).__name__, str(error))

    def error_of(self, fault: HttpFault) -> Exception:
        """As `Library` says; a `MaxRetryError` where the answering path met one, or another library."""
        from urllib3 import exceptions as known

        reasons: dict[FaultKind, Exception] = {
            FaultKind.TIMEOUT: known.ReadTimeoutError(self._pool, self._url, fault.text),
            FaultKind.CONNECT: known.NewConnectionError(self._pool, fault.text),
            FaultKind.PROTOCOL: known.ProtocolError(fault.text),
            FaultKind.REDIRECTS: known.ResponseError(fault.text),
            FaultKind.OTHER: known.HTTPError(fault.text),
        }
        reason = reasons[fault.kind]
        if fault.library == _NAME and fault.error != "MaxRetryError":
            return reason
        error: Exception = known.MaxRetryError(self._pool, self._url, reason)
        error.args = (fault.text,)
        return error

    def made(self, answer: HttpAnswer) -> Any:
        """As `Library` says."""
        return made_response(answer, preload=self._preload, method=self._method)
