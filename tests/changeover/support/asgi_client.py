"""Asks an ASGI application as a server does, without a socket."""

import asyncio
import json
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

HOST = "127.0.0.1:8470"


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Client:
    app: Any

    def get(self, address: str, **headers: str) -> Answer:
        return self._ask("GET", address, b"", headers)

    def post(self, address: str, fields: Mapping[str, str], **headers: str) -> Answer:
        form = {"content_type": "application/x-www-form-urlencoded", "sec_fetch_site": "same-origin"}
        return self._ask("POST", address, urlencode(fields).encode(), {**form, **headers})

    def first_event(self, address: str, seconds: float = 20.0) -> str:
        """The first event of a stream; the client goes away then. The time is no promise, but an end."""
        heard: list[str] = []

        async def ask() -> None:
            gone = asyncio.Event()

            async def send(message: Mapping[str, Any]) -> None:
                heard.append(message.get("body", b"").decode())
                if "event:" in heard[-1]:
                    gone.set()

            async def receive() -> Mapping[str, Any]:
                await gone.wait()
                return {"type": "http.disconnect"}

            await asyncio.wait_for(self.app(_scope("GET", address, {}), receive, send), seconds)

        _run(ask())
        return heard[-1]

    def _ask(self, method: str, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        answer = Answer()
        sent = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Mapping[str, Any]:
            return sent.pop() if sent else {"type": "http.disconnect"}

        async def send(message: Mapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            else:
                answer.body += message.get("body", b"")

        _run(self.app(_scope(method, address, headers), receive, send))
        return answer


def _run(answering: Coroutine[Any, Any, None]) -> None:
    """In a thread of its own: Playwright leaves an event loop running in the one that it is used in."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, answering).result()


def _scope(method: str, address: str, headers: Mapping[str, str]) -> dict[str, Any]:
    parts = urlsplit(address)
    given = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8470),
    }
