"""A request as it was before the answering path had it, of which others are made for replays."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from functools import lru_cache, partial
from io import BytesIO
from types import FunctionType, ModuleType
from typing import Any

from changeover.packs.kept_upload import UPLOAD_MAX, KeptUpload
from changeover.values.atom_types import ATOMS
from changeover.values.copying import SnapshotError, snapshot

_SESSION, _USER, _MESSAGES, _FILES = "session", "user", "_messages", "_files"
_MADE_ANEW = ("_upload_handlers", "_cached_user", "_acached_user")
_TABLES = ("META", "environ")
_OF_DJANGO = frozenset(
    {
        *("COOKIES", "GET", "POST", "headers", "method", "path", "path_info", "encoding", "urlconf"),
        *("content_type", "content_params", "resolver_match", "csrf_processing_done"),
        *("csrf_cookie_needs_reset", "_dont_enforce_csrf_checks", "_read_started", "_body", "_encoding"),
        "_post_parse_error",
    }
)
"""What Django itself puts there, and no path changes: it is copied for a replay, and not before."""
_KEPT_APART = frozenset({_SESSION, _MESSAGES, _FILES, "_stream", *_MADE_ANEW, *_TABLES})


class KeptRequest:
    """One `HttpRequest`; its body is read ahead, so that each path reads all of it.

    `problem` says why no other request can be made of it; None where one can.
    """

    def __init__(self, request: Any) -> None:
        self.problem: str | None = None
        self._class = type(request)
        self._body = self._read_ahead(request)
        self._before = _as_it_is(vars(request))
        found = self._before.get(_SESSION)
        self._session_state = None if found is None else _own(dict(vars(found)))
        self._files = {
            name: [KeptUpload(file) for file in files]
            for name, files in getattr(self._before.get(_FILES), "lists", list)()
        }
        for files in self._files.values():
            self.problem = self.problem or next((file.problem for file in files if file.problem), None)
        queued = getattr(self._before.get(_MESSAGES), "_queued_messages", None)
        self._queued = list(queued or ())

    def _read_ahead(self, request: Any) -> bytes:
        state = vars(request)
        stream = state.get("_stream")
        if "_body" in state or state.get("_read_started") or stream is None:
            known: bytes = state.get("_body", b"")
            return known
        try:
            if int(request.META.get("CONTENT_LENGTH") or 0) > UPLOAD_MAX:
                self.problem = f"a body of more than {UPLOAD_MAX:,} bytes"
                return b""
            body: bytes = stream.read(UPLOAD_MAX + 1)
        except (OSError, ValueError) as error:
            self.problem = f"a body that cannot be read: {error}"
            return b""
        if len(body) > UPLOAD_MAX:
            self.problem = f"a body of more than {UPLOAD_MAX:,} bytes"
            stream.seek(0)
            return b""
        request._stream = BytesIO(body)
        return body

    def again(self) -> Any:
        """The request as it was, with a body, a session, a user and messages of its own."""
        made = object.__new__(self._class)
        state = vars(made)
        meta = dict(self._before.get("META") or {})
        own = _own(_others(self._before))
        for name, value in self._before.items():
            if name in own:
                state[name] = own[name]
            elif name not in _MADE_ANEW:
                state[name] = self._copy_of(name, value, made, meta)
        return made

    def _copy_of(self, name: str, value: Any, made: Any, meta: dict[str, Any]) -> Any:
        if name == "_stream":
            return BytesIO(self._body)
        if name in _TABLES:
            return meta
        if name == _SESSION:
            return self._session_again()
        if name == _USER:
            return self._user_again(value, made)
        if name == _MESSAGES:
            return _with(value, _own(dict(vars(value))), request=made, _queued_messages=list(self._queued))
        if name == _FILES:
            files = {field: [one.again() for one in kept] for field, kept in self._files.items()}
            return type(value)(files)
        if isinstance(value, partial) and any(kind_of(one) for one in value.args):
            return partial(
                value.func, *(made if kind_of(one) else one for one in value.args), **value.keywords
            )
        return value

    def _session_again(self) -> Any:
        found = self._before[_SESSION]
        return found if self._session_state is None else _with(found, _own(self._session_state))

    @staticmethod
    def _user_again(value: Any, made: Any) -> Any:
        """The user that nobody had asked for, looked up by the path itself."""
        from django.contrib.auth import get_user
        from django.utils.functional import SimpleLazyObject

        return SimpleLazyObject(lambda: get_user(made))

    def changes(self, request: Any) -> Iterator[tuple[str, str, Any]]:
        """What a path has left in the session and among the messages of its request."""
        session = vars(request).get(_SESSION)
        if session is not None and getattr(session, "modified", False):
            before = (self._session_state or {}).get("_session_cache") or {}
            after = vars(session).get("_session_cache") or {}
            for name in sorted({*before, *after}, key=str):
                if name not in after or name not in before or before[name] != after[name]:
                    yield _SESSION, str(name), after.get(name)
        messages = getattr(vars(request).get(_MESSAGES), "_queued_messages", None) or ()
        for number, message in enumerate([*messages][len(self._queued) :], start=1):
            yield "messages", f"#{number}", (message.level, str(message.message), message.extra_tags)


def _as_it_is(state: dict[str, Any]) -> dict[str, Any]:
    """What a request holds before the path: what a middleware has put there may be changed by the path."""
    tables = {name: dict(state[name]) for name in _TABLES if type(state.get(name)) is dict}
    put_there = {name: value for name, value in _others(state).items() if name not in _OF_DJANGO}
    return {**state, **tables, **_own(put_there)} if put_there else {**state, **tables}


def _others(state: dict[str, Any]) -> dict[str, Any]:
    """What is like any other value: no part of Django that is made anew, no user that nobody asked for."""
    return {
        name: value
        for name, value in state.items()
        if name not in _KEPT_APART and not isinstance(value, partial) and not _is_unresolved(value)
    }


def _is_unresolved(value: Any) -> bool:
    """Whether it is a user, say, that nobody has asked for."""
    is_lazy = type(value).__name__ in ("LazyObject", "SimpleLazyObject")
    return is_lazy and type(object.__getattribute__(value, "__dict__").get("_wrapped")) is object


def _own(state: dict[str, Any]) -> dict[str, Any]:
    """The values of an object, copied where a copy can be made; at once, so that they still share parts."""
    with suppress(SnapshotError):
        together: dict[str, Any] = snapshot(state)
        return together
    copied = dict(state)
    for name, value in state.items():
        with suppress(SnapshotError):
            copied[name] = snapshot(value)
    return copied


def _with(found: Any, state: dict[str, Any], **others: Any) -> Any:
    made = object.__new__(type(found))
    vars(made).update(state, **others)
    return made


@lru_cache(maxsize=1_000)
def _is_request(cls: Hashable) -> bool:
    return any(
        (base.__module__, base.__name__) == ("django.http.request", "HttpRequest")
        for base in getattr(cls, "__mro__", ())
    )


def kind_of(value: Any) -> str | None:
    """`HttpRequest` where the value is one of Django's; None for any other."""
    cls: Any = type(value)
    return "HttpRequest" if _is_request(cls) else None


_LEVELS = 2
"""A view of a class has its request, and that of a framework on top has Django's inside."""


def holders_in(value: Any, is_handed_over: Callable[[Any], bool]) -> Iterator[dict[str, Any]]:
    """The attributes of an object, and of objects in them, where a request may stand; none of a request."""
    level = [value]
    for _ in range(_LEVELS):
        found = [one for one in map(_attributes, level) if one]
        yield from found
        parts = (part for one in found for part in one.values() if type(part) not in ATOMS)
        level = [part for part in parts if not is_handed_over(part)]


def _attributes(value: Any) -> dict[str, Any] | None:
    if isinstance(value, type | ModuleType | FunctionType) or kind_of(value) is not None:
        return None
    try:
        found: Any = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return None
    return found if type(found) is dict else None
