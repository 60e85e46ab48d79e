"""Stands before every page: which names it is asked by, and what a browser may do with it.

A page elsewhere whose name leads to this machine (DNS rebinding) could otherwise read what is shown here.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
ANY = "*"
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # with none at all a browser would not say where a form comes from
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Guard:
    """Refuses requests for other hosts, and writes the headers of every answer."""

    def __init__(self, app: App, hosts: frozenset[str]) -> None:
        """`hosts` are names without a port; `*` allows every name."""
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *HEADERS]
            await send(message)

        if ANY in self._hosts or host_of(header(scope, b"host")) in self._hosts:
            await self._app(scope, receive, send_guarded)
        else:
            await _refuse(send_guarded)


def header(scope: Scope, name: bytes) -> str:
    """A header of a request, empty where it is missing or stands there twice."""
    found = [value for key, value in scope["headers"] if key == name]
    return found[0].decode("latin-1") if len(found) == 1 else ""


def host_of(name_and_port: str) -> str:
    """The name alone, in lower case; empty where there is none that can be read."""
    try:
        return (urlsplit(f"//{name_and_port}").hostname or "").lower()
    except ValueError:
        return ""


def comes_from_here(scope: Scope) -> bool:
    """Whether a browser says that a form was sent by a page of this server.

    `Origin` and `Sec-Fetch-Site` cannot be set by a page. A client that sends neither is no browser of today;
    it has the token and the cookie to show all the same.
    """
    origin, site = header(scope, b"origin"), header(scope, b"sec-fetch-site")
    if site not in ("", "same-origin"):
        return False
    return not origin or urlsplit(origin).netloc.lower() == header(scope, b"host").lower()


async def _refuse(send: Send) -> None:
    body = b"This server is not known by that name; `serve --allowed-host NAME` allows one.\n"
    kind = (b"content-type", b"text/plain; charset=utf-8")
    await send({"type": "http.response.start", "status": 421, "headers": [kind]})
    await send({"type": "http.response.body", "body": body})
