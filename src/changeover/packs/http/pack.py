"""`migration.use("http")`: requests, httpx, urllib3, aiohttp and urllib ask one port."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from importlib import import_module
from typing import Any, TypeVar

from changeover.packs.host import Host, Operation, cannot_be_followed
from changeover.packs.http.messages import HttpAnswer, HttpFault, HttpRequest, request_of
from changeover.packs.http.wire import AsyncWire, Wire
from changeover.record.port import CallClass

R = TypeVar("R")
READS = ("GET", "HEAD", "OPTIONS")
EFFECTS = ("POST", "PUT", "PATCH", "DELETE")
_CLIENTS = (
    *("requests.sessions.Session", "httpx.Client", "httpx.AsyncClient", "aiohttp.client.ClientSession"),
    *("urllib3.poolmanager.PoolManager", "urllib3.connectionpool.HTTPConnectionPool"),
)
"""What is opened once and held by objects of the program: both paths ask the port through it."""
_PACKAGES = ("requests", "httpx", "urllib3", "aiohttp", "urllib", "respx", "responses", "http", "_pytest")


class HttpPack:
    """The port `http`. GET, HEAD and OPTIONS are reads, all others effects.

    Args:
        reads: further requests that only read, each as method and address: `POST https://host/search*`.
        headers: those of a request that are compared, by name; all others are left out.
    """

    name = "http"

    def __init__(self, *, reads: Sequence[str] = (), headers: Sequence[str] = ()) -> None:
        self._reads = reads
        self._headers = headers

    def install(self, host: Host) -> None:
        """Open the channel, and cover each library that the program imports."""
        for option, found in (("reads", self._reads), ("headers", self._headers)):
            if isinstance(found, str) or not all(isinstance(one, str) for one in found):
                host.wrong(option, found, "a list of texts")
        for route in self._reads:
            if len(route.split()) != 2:
                host.wrong(
                    "reads", route, "a method and an address, such as 'POST https://api.example.org/*'"
                )
        self._headers = tuple(name.lower() for name in self._headers)
        routes = (route.split() for route in self._reads)
        self._routes = tuple((method.upper(), request_of(method, url, (), b"").url) for method, url in routes)
        host.keeps(HttpAnswer, HttpFault)
        host.handle(*_CLIENTS)
        self._channel = host.channel(self.name, list(_operations()), packages=_PACKAGES)
        for module, patch in _PATCHES.items():
            host.when_imported(module, patch)

    def ask(self, method: str, url: str, headers: Any, body: bytes, wire: Wire[R]) -> R:
        """The library's answer, or what stands on the tape as an object of the library; raises its errors."""
        operation, arguments = self._asked(method, url, headers, body)
        try:
            answer = self._channel.ask(operation, arguments, wire.send)
        except HttpFault as fault:
            error = wire.error_of(fault)
        else:
            if answer.problem is not None:
                cannot_be_followed(answer.problem)
            return wire.given(answer)
        raise error

    async def ask_async(self, method: str, url: str, headers: Any, body: bytes, wire: AsyncWire[R]) -> R:
        """The same for a client that is awaited."""
        operation, arguments = self._asked(method, url, headers, body)
        try:
            answer = await self._channel.ask_async(operation, arguments, wire.send)
        except HttpFault as fault:
            error = await wire.ends_with(fault)
        else:
            if answer.problem is not None:
                cannot_be_followed(answer.problem)
            return wire.given(answer)
        raise error

    def _asked(self, method: str, url: str, headers: Any, body: bytes) -> tuple[str, tuple[Any, ...]]:
        request = request_of(method, url, headers, body, named=self._headers)
        arguments = (request.url, request.query, request.body, request.headers)
        if request.method in READS:
            return request.method.lower(), arguments
        if request.method not in EFFECTS:
            return "other", (request.method, *arguments)
        is_read = any(self._fits(request, *route) for route in self._routes)
        return request.method.lower() + ("_read" if is_read else ""), arguments

    @staticmethod
    def _fits(request: HttpRequest, method: str, pattern: str) -> bool:
        return request.method == method and fnmatchcase(request.url, pattern)


def _same_question(url: str, query: Any, body: Any, headers: Any) -> tuple[Any, ...]:
    return url, query, body, headers


def _operations() -> Sequence[Operation]:
    asked = ("url", "query", "body", "headers")
    reads = [Operation(method.lower(), CallClass.READ, asked, _same_question) for method in READS]
    reads += [
        Operation(f"{method.lower()}_read", CallClass.READ, asked, _same_question) for method in EFFECTS
    ]
    effects = [Operation(method.lower(), CallClass.EFFECT, asked, lambda url, *_: url) for method in EFFECTS]
    other = Operation("other", CallClass.EFFECT, ("method", *asked), lambda method, url, *_: (method, url))
    return [*reads, *effects, other]


def _patch(client: str, module: Any) -> None:
    import_module(f"changeover.packs.http.{client}").patch(module)


_PATCHES: Mapping[str, Callable[[Any], None]] = {
    "requests": partial(_patch, "requests_client"),
    "httpx": partial(_patch, "httpx_client"),
    "urllib3": partial(_patch, "urllib3_client"),
    "aiohttp": partial(_patch, "aiohttp_client"),
    "urllib.request": partial(_patch, "urllib_client"),
}
