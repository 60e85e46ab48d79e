"""A request as it was before the answering path got it, and another one like it for a replay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from changeover.packs.asgi.messages import Heard
from changeover.values.changed_since_copy import is_unchanged
from changeover.values.copying import snapshot

_OF_THE_SCOPE = ("_state", "_cookies", "_url", "_base_url", "_json")
"""What a request works out once from its scope and body, and may hand out to be changed."""
A_WEB_SOCKET = "a WebSocket: what it does next depends on what it is sent"
STATE, SESSION = "state", "session"


class KeptRequest:
    """One request of Starlette; it listens to what the path reads of its body until `end`.

    `scope` is that of the request, as it was.
    """

    def __init__(self, request: Any) -> None:
        self._request = request
        self._before = dict(vars(request))
        self.scope = scope_before(request.scope)
        self._heard = Heard()
        self._receive = self._before.get("_receive")
        if self._receive is not None:
            request._receive = self._heard.hearing(self._receive)

    @property
    def problem(self) -> str | None:
        """Why no other request can be made of it; None where one can."""
        if self._request.scope["type"] != "http":
            return A_WEB_SOCKET
        form = self._before.get("_form")
        if form is not None and not all(isinstance(value, str) for _, value in form.multi_items()):
            return "a form with files, which was read before the path was called"
        return None

    def end(self) -> None:
        """Whatever is received from now on is no part of the path."""
        if self._receive is not None:
            self._request._receive = self._receive

    def again(self, refuse: Callable[[str], None]) -> Any:
        """The request as it was, with a scope, a session and a state of its own."""

        async def send(_: Any) -> None:
            refuse("a request that sends to its client")

        made = object.__new__(type(self._request))
        scope = scope_before(self.scope)
        vars(made).update(self._before, scope=scope, _receive=self._heard.again(refuse), _send=send)
        for name in _OF_THE_SCOPE:
            vars(made).pop(name, None)
        return made


def scope_before(scope: Any) -> dict[str, Any]:
    """A scope whose session and state can be changed without changing those of this one."""
    made = dict(scope)
    if isinstance(made.get(STATE), dict):
        made[STATE] = dict(made[STATE])
    if SESSION in made:
        made[SESSION] = snapshot(made[SESSION])
    return made


def changes(before: dict[str, Any], after: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """What has changed in session and state of a request: where, under which name, to what."""
    for part in (STATE, SESSION):
        old, new = before.get(part) or {}, after.get(part) or {}
        for name in sorted({*old, *new}, key=str):
            if name not in new:
                yield part, str(name), None
            elif name not in old or not _is_same(part, old[name], new[name]):
                yield part, str(name), new[name]


def _is_same(part: str, old: Any, new: Any) -> bool:
    """A state holds objects of the program, of which it is compared which ones they are."""
    return old is new or (part == SESSION and is_unchanged(old, new))
