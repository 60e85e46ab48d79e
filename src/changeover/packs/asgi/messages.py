"""What a server sends of a request while the answering path reads it, and the same again for a replay."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
NOT_READ = "the body of the request, which the answering path did not read to that place"


class Heard:
    """The messages that one path received, in their order."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def hearing(self, receive: Receive) -> Receive:
        """Receives as ever, and keeps what comes."""

        async def heard() -> Message:
            message = await receive()
            self.messages.append(message)
            return message

        return heard

    def again(self, refuse: Callable[[str], None]) -> Receive:
        """Gives the same messages; `refuse` ends the path that asks for more."""
        left = iter(self.messages)

        async def again() -> Message:
            message = next(left, None)
            if message is None:
                from asyncio import sleep

                await sleep(0)  # who only looks whether something is there stops waiting here
                refuse(NOT_READ)
                return {"type": "http.disconnect"}
            return dict(message)

        return again


class Sent:
    """The messages that a path sends, as the one answer that they are."""

    def __init__(self) -> None:
        self._messages: list[Message] = []

    def hearing(self, send: Callable[[Message], Awaitable[None]]) -> Callable[[Message], Awaitable[None]]:
        """Sends as ever, and keeps what goes."""

        async def heard(message: Message) -> None:
            self._messages.append(message)
            await send(message)

        return heard

    async def keep(self, message: Message) -> None:
        """Keeps what would go."""
        self._messages.append(message)

    @property
    def answer(self) -> tuple[int | None, list[tuple[str, str]], bytes] | None:
        """Status, headers and body; None where nothing was sent."""
        if not self._messages:
            return None
        starts = [one for one in self._messages if one["type"] == "http.response.start"]
        headers = [
            (bytes(name).decode("latin-1").lower(), bytes(value).decode("latin-1"))
            for one in starts
            for name, value in one.get("headers", ())
        ]
        body = b"".join(one.get("body", b"") for one in self._messages)
        return (starts[0]["status"] if starts else None), headers, body
