"""The context in which a view of Flask runs: another one for a replay, with a request of its own."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar, Token
from typing import Any

from changeover.packs.wsgi.inputs import KeptInput
from changeover.values.changed_since_copy import is_unchanged
from changeover.values.copying import snapshot

INPUT = "wsgi.input"
_VARIABLES = ("_cv_app", "_cv_request")
_WORKED_OUT = ("stream", "cookies", "_cached_json")
"""What a request works out once, and may hand out to be changed."""
_READ = ("_cached_data", "form", "data")
"""What a request has of its body when it was read before."""


def environ_again(environ: Any, place: int, refuse: Callable[[str], None]) -> dict[str, Any]:
    """The environment of a request with a body of its own, from that place on."""
    made = dict(environ)
    given = made.get(INPUT)
    if isinstance(given, KeptInput):
        made[INPUT] = given.again(place, str(made.get("CONTENT_LENGTH") or ""), refuse)
    made.pop("werkzeug.request", None)
    return made


def place_in(environ: Any) -> int:
    """How much of the body was read."""
    given = environ.get(INPUT)
    return given.place if isinstance(given, KeptInput) else 0


class KeptContexts:
    """The contexts of Flask around a path, as they were before it; there are none outside of views."""

    def __init__(self) -> None:
        self._now = list(_current())
        self._before = [(variable, context, _Before(context)) for variable, context in self._now]
        self._tokens: list[tuple[ContextVar[Any], Token[Any]]] = []

    def changes(self) -> Iterator[tuple[str, str, Any]]:
        """What has changed since in session and `g`: where, under which name, to what."""
        for _, context, before in self._before:
            yield from before.changes(context)

    def enter_again(self, refuse: Callable[[str], None]) -> KeptContexts:
        """From now on these contexts are there again, as they were; what is kept of those that are made."""
        for variable, context, before in self._before:
            self._tokens.append((variable, variable.set(before.again(context, refuse))))
        return KeptContexts()

    def leave(self) -> None:
        """The contexts of before are there again."""
        while self._tokens:
            variable, token = self._tokens.pop()
            variable.reset(token)


def _current() -> Iterator[tuple[ContextVar[Any], Any]]:
    known = sys.modules.get("flask.globals")
    for name in _VARIABLES:
        variable = getattr(known, name, None)
        if variable is not None and (context := variable.get(None)) is not None:
            yield variable, context


class _Before:
    """One context, as it was: what its request, its session and its `g` hold."""

    def __init__(self, context: Any) -> None:
        held = vars(context)
        self._request = held.get("request", held.get("_request"))
        self._parts = {} if self._request is None else dict(vars(self._request))
        self._place = 0 if self._request is None else self._start()
        self._session = snapshot(dict(_session(held) or {}))
        self._g = dict(vars(held["g"])) if "g" in held else {}

    def _start(self) -> int:
        """From where on a request that reads its body reads it."""
        was_read = any(name in self._parts for name in _READ)
        return 0 if was_read else place_in(self._request.environ)

    def again(self, context: Any, refuse: Callable[[str], None]) -> Any:
        made = copy.copy(context)
        held = vars(made)
        for name in ("_cv_tokens", "_after_request_functions"):
            if name in held:
                held[name] = []
        for name in ("request", "_request"):
            if held.get(name) is not None:
                held[name] = self._request_again(refuse)
        for name in ("session", "_session"):
            if held.get(name) is not None:
                held[name] = type(held[name])(snapshot(self._session))
        if "g" in held:
            held["g"] = copy.copy(held["g"])
            vars(held["g"]).clear()
            vars(held["g"]).update(self._g)
        return made

    def _request_again(self, refuse: Callable[[str], None]) -> Any:
        made = object.__new__(type(self._request))
        environ = environ_again(self._request.environ, self._place, refuse)
        vars(made).update(self._parts, environ=environ)
        for name in _WORKED_OUT:
            vars(made).pop(name, None)
        return made

    def changes(self, context: Any) -> Iterator[tuple[str, str, Any]]:
        held = vars(context)
        yield from _changed("session", self._session, dict(_session(held) or {}), is_unchanged)
        now = dict(vars(held["g"])) if "g" in held else {}
        yield from _changed("g", self._g, now, lambda old, new: old is new)


def _session(held: dict[str, Any]) -> Any:
    return held.get("session", held.get("_session"))


def _changed(
    part: str, old: dict[str, Any], new: dict[str, Any], is_same: Callable[[Any, Any], bool]
) -> Iterator[tuple[str, str, Any]]:
    for name in sorted({*old, *new}):
        if name not in new:
            yield part, name, None
        elif name not in old or not is_same(old[name], new[name]):
            yield part, name, new[name]
