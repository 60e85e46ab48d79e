"""What an app of ASGI does beside requests: WebSockets, and its lifespan."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import (
    WebSocket,
    WebSocketDisconnect,
)

from tests.changeover.support.fastapi_program import Program


class Wire:
    """Both ends of a WebSocket: what a client says, and what it hears."""

    def __init__(self, *said: str) -> None:
        self.says: list[dict[str, Any]] = [
            {"type": "websocket.connect"},
            *({"type": "websocket.receive", "text": one} for one in said),
        ]
        self.says.append({"type": "websocket.disconnect", "code": 1000})
        self.heard: list[str] = []

    async def receive(self) -> Any:
        return self.says.pop(0)

    async def send(self, message: Any) -> None:
        if message["type"] == "websocket.send":
            self.heard.append(message["text"])

    def meets(self, app: Any) -> None:
        scope = {"type": "websocket", "path": "/talk", "headers": [], "query_string": b"", "subprotocols": []}
        asyncio.run(app(scope, self.receive, self.send))


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            await websocket.send_text(f"you said {await websocket.receive_text()}")
    except WebSocketDisconnect:
        pass


def test_a_web_socket_goes_on_as_ever_and_its_run_has_failed() -> None:
    program = Program()
    program.app.websocket("/talk")(program.migration.seam("s", legacy=echo, candidate=echo))
    wire = Wire("a", "b")
    wire.meets(program.app)
    assert wire.heard == ["you said a", "you said b"]
    assert program.run.verdict == "failed"
    assert "a WebSocket: what it does next depends on what it is sent" in str(program.run.reason)


def test_a_whole_app_answers_a_web_socket_once() -> None:
    """The replayed app gets neither what the client says nor a way to answer it."""
    program = Program()
    called: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        called.append(scope["type"])
        await echo(WebSocket(scope, receive, send))

    whole = program.migration.seam("s", legacy=app, candidate=app)
    wire = Wire("a")
    wire.meets(whole)
    assert wire.heard == ["you said a"]
    assert called == ["websocket"]
    assert program.run.verdict == "failed"
    assert "a WebSocket" in str(program.run.reason)


def test_the_lifespan_of_a_whole_app_is_that_of_one_app() -> None:
    program = Program()
    called: list[str] = []
    says = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    heard: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        called.append(scope["type"])
        for _ in range(2):
            told = await receive()
            await send({"type": f"{told['type']}.complete"})

    async def receive() -> Any:
        return says.pop(0)

    async def send(message: Any) -> None:
        heard.append(message["type"])

    whole = program.migration.seam("s", legacy=app, candidate=app)
    asyncio.run(whole({"type": "lifespan"}, receive, send))
    assert heard == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert called == ["lifespan"]
    assert "the lifespan of an app" in str(program.run.reason)
