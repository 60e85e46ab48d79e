"""Requests that a path is given: a replay gets another one, and what a path leaves in its own is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from changeover.packs.asgi.paths import holds_others
from changeover.packs.django.kept_request import KeptRequest, holders_in, kind_of
from changeover.packs.host import Host, Operation, follower
from changeover.packs.patches import replace
from changeover.quick_dataclass import dataclass
from changeover.record.port import CallClass

NAME = "django.requests"
_CSRF = "csrf"
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
        host.when_imported("django.middleware.csrf", _hook_csrf)

    def follow(self, session: Any, **_: bool) -> Any:
        """What is done around one path."""
        if session.replaying:
            return _Path(self, session, session.left_by(self.name) or {})
        session.sees_otherwise(self._channel.name)  # each path tells itself what is left in its requests
        return _Path(self, session, {})

    def tell(self, part: str, name: str, value: Any) -> None:
        """Something that the path left in the session or among the messages of a request."""
        self._channel.tell("changed", (part, name, value))


def _hook_csrf(module: Any) -> None:
    """Replace what `django.middleware.csrf` draws secrets and masks with."""
    replace(module, "_get_new_csrf_string", _drawing)


def _drawing(original: Callable[[], str]) -> Callable[[], str]:
    def draw() -> str:
        found = follower(NAME)
        text: str = original() if found is None else found.drawn(original)
        return text

    return draw


@dataclass(frozen=True)
class _Had:
    """A request as it was, the one that the path was given, and the one that it got."""

    kept: KeptRequest
    given: Any
    made: Any


class _Path:
    """Around one path: requests are kept, or made anew; at the end their changes are told."""

    def __init__(self, pack: DjangoRequests, session: Any, kept: dict[int, KeptRequest]) -> None:
        self._pack = pack
        self._session = session
        self._kept = kept
        self._to_draw: Iterator[str] = iter(session.remembered(NAME, _CSRF) if session.replaying else ())
        self._had: dict[int, _Had] = {}
        self._holders: list[dict[str, Any]] = []

    def drawn(self, real: Callable[[], str]) -> str:
        """A text of chance for a token of a form: a replay is given those of the answering path in turn."""
        if self._session.replaying:
            return next(self._to_draw, "") or real()
        text = real()
        self._session.remember(NAME, _CSRF, text)
        return text

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        """The path is about to begin, with these; what it gets."""
        args = tuple(map(self._given, args))
        kwargs = {name: self._given(value) for name, value in kwargs.items()}
        for value in (*args, *kwargs.values()):
            self._give_inside(value)
        if self._session.replaying:
            made = {id(one.made) for one in self._had.values()}
            if holds_others((args, kwargs), made, self._session.book.holds, kind_of, PARTS_MAX):
                self._refuse(_INSIDE)
        return args, kwargs

    def _given(self, value: Any) -> Any:
        if kind_of(value) is None or any(value is one.made for one in self._had.values()):
            return value
        if id(value) not in self._had:
            kept = self._kept.get(id(value)) if self._session.replaying else KeptRequest(value)
            if kept is None:
                return self._refuse(_INSIDE)
            self._had[id(value)] = _Had(kept, value, self._kept_or_made(kept, value))
        return self._had[id(value)].made

    def _kept_or_made(self, kept: KeptRequest, request: Any) -> Any:
        if self._session.replaying:
            return kept.again()
        self._kept[id(request)] = kept
        if kept.problem is not None:
            self._refuse(kept.problem)
        return request

    def _give_inside(self, value: Any) -> None:
        """Exchange a request that an object has: a view of a class, and the request of a framework on top."""
        for holder in holders_in(value, self._session.book.holds):
            self._holders.append(holder)
            for name, part in [*holder.items()]:
                given = self._given(part)
                if given is not part:
                    holder[name] = given

    def _give_back(self) -> None:
        """Let these objects have the request of the program again, wherever a path has put its own."""
        original = {id(one.made): one.given for one in self._had.values()}
        for holder in self._holders:
            for name, part in [*holder.items()]:
                if id(part) in original:
                    holder[name] = original[id(part)]

    def end(self) -> None:
        """Keep the requests for a replay in this process, and tell what the path left in them."""
        self._give_back()
        if not self._session.replaying and self._kept:
            self._session.tape.keep_for(self._pack.name, self._kept)
        for one in self._had.values():
            for change in one.kept.changes(one.made):
                self._pack.tell(*change)

    async def begin_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        """The same."""
        return self.begin(args, kwargs)

    async def end_async(self) -> None:
        """The same."""
        self.end()

    def _refuse(self, what: str) -> None:
        self._session.cannot_follow("django", what)
