"""A request as it was before the answering path had it, and another one like it for a replay."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from contextlib import suppress
from functools import lru_cache, partial
from io import BytesIO
from typing import Any

from changeover.packs.asgi.paths import holds_others
from changeover.packs.host import Host, Operation
from changeover.packs.kept_upload import UPLOAD_MAX, KeptUpload
from changeover.record.port import CallClass
from changeover.values.copying import SnapshotError, snapshot

NAME = "django.requests"
_SESSION, _USER, _MESSAGES, _FILES = "session", "user", "_messages", "_files"
_MADE_ANEW = ("_upload_handlers", "_cached_user", "_acached_user")
PARTS_MAX = 200_000
"""So many objects and containers of what a replay is given are looked through."""
_INSIDE = "a request inside of another object: give it to the seam as an argument of its own"
Arguments = tuple[tuple[Any, ...], dict[str, Any]]


class DjangoRequests:
    """Views as seams: a replayed one gets a request of its own, and what it leaves there is compared.

    Args:
        host: of the pack.
    """

    name = NAME

    def __init__(self, host: Host) -> None:
        host.handle("django.http.request.HttpRequest")
        changed = Operation(
            "changed", CallClass.EFFECT, ("part", "name", "value"), lambda part, name, _: (part, name)
        )
        self._channel = host.channel("request", [changed], packages=("django",))

    def follow(self, session: Any, **_: bool) -> Any:
        """What is done around one path."""
        kept = session.left_by(self.name) if session.replaying else {}
        return _Path(self, session, kept or {})

    def tell(self, part: str, name: str, value: Any) -> None:
        """Something that the path left in the session or among the messages of a request."""
        self._channel.tell("changed", (part, name, value))


class _Path:
    """Around one path: requests are kept, or made anew; at the end their changes are told."""

    def __init__(self, pack: DjangoRequests, session: Any, kept: dict[int, KeptRequest]) -> None:
        self._pack = pack
        self._session = session
        self._kept = kept
        self._had: list[tuple[KeptRequest, Any]] = []

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        """The path is about to begin, with these; what it gets."""
        args = tuple(map(self._given, args))
        kwargs = {name: self._given(value) for name, value in kwargs.items()}
        if self._session.replaying:
            made = {id(request) for _, request in self._had}
            if holds_others((args, kwargs), made, self._session.book.holds, kind_of, PARTS_MAX):
                self._refuse(_INSIDE)
        return args, kwargs

    def _given(self, value: Any) -> Any:
        if kind_of(value) is None:
            return value
        kept = self._kept.get(id(value)) if self._session.replaying else KeptRequest(value)
        if kept is None:
            return self._refuse(_INSIDE)
        if not self._session.replaying:
            self._kept[id(value)] = kept
            if kept.problem is not None:
                self._refuse(kept.problem)
            self._had.append((kept, value))
            return value
        made = kept.again()
        self._had.append((kept, made))
        return made

    def end(self) -> None:
        """Keep the requests for a replay in this process, and tell what the path left in them."""
        if not self._session.replaying:
            tape = self._session.tape
            tape.keep_for(self._pack.name, self._kept)
        for kept, request in self._had:
            for change in kept.changes(request):
                self._pack.tell(*change)

    async def begin_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        """The same."""
        return self.begin(args, kwargs)

    async def end_async(self) -> None:
        """The same."""
        self.end()

    def _refuse(self, what: str) -> None:
        self._session.cannot_follow("django", what)


class KeptRequest:
    """One `HttpRequest`; its body is read ahead, so that each path reads all of it.

    `problem` says why no other request can be made of it; None where one can.
    """

    def __init__(self, request: Any) -> None:
        self.problem: str | None = None
        self._class = type(request)
        self._body = self._read_ahead(request)
        self._before = dict(vars(request))
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
        for name, value in self._before.items():
            if name not in _MADE_ANEW:
                state[name] = self._copy_of(name, value, made, meta)
        return made

    def _copy_of(self, name: str, value: Any, made: Any, meta: dict[str, Any]) -> Any:
        if name == "_stream":
            return BytesIO(self._body)
        if name in ("META", "environ"):
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
        return _own({name: value})[name]

    def _session_again(self) -> Any:
        found = self._before[_SESSION]
        return found if self._session_state is None else _with(found, _own(self._session_state))

    @staticmethod
    def _user_again(value: Any, made: Any) -> Any:
        """The user, looked up by the path itself where nobody had asked for it before."""
        from django.utils.functional import LazyObject, SimpleLazyObject, empty

        if not isinstance(value, LazyObject):
            return _own({_USER: value})[_USER]
        resolved = value._wrapped
        if resolved is not empty:
            return SimpleLazyObject(lambda: _own({_USER: resolved})[_USER])
        from django.contrib.auth import get_user

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


def _own(state: dict[str, Any]) -> dict[str, Any]:
    """The values of an object, copied where a copy can be made."""
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
