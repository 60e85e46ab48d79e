"""Requests that a path is given: a replay gets another one, and what a path leaves in its own is compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.asgi.paths import holds_others
from changeover.packs.django.kept_request import KeptRequest, kind_of
from changeover.packs.host import Host, Operation, follower
from changeover.packs.patches import replace
from changeover.record.port import CallClass

NAME = "django.requests"
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
            return _Path(self, session, session.left_by(self.name) or _Kept(), None)
        return _Path(self, session, _Kept(), session.follower_around(self.name))

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


class _Kept:
    """What an answering path leaves for its replay in this process, and nowhere else.

    `requests` are those that it was given, by identity; `drawn` is what tokens of forms were made of.
    """

    def __init__(self) -> None:
        self.requests: dict[int, KeptRequest] = {}
        self.drawn: list[str] = []


class _Path:
    """Around one path: requests are kept, or made anew; at the end their changes are told."""

    def __init__(self, pack: DjangoRequests, session: Any, left: _Kept, around: _Path | None) -> None:
        self._pack = pack
        self._session = session
        self._left = left
        self._kept = left.requests
        self._to_draw = iter([*left.drawn])
        self._around = around
        self._had: list[tuple[KeptRequest, Any]] = []

    def drawn(self, real: Callable[[], str]) -> str:
        """A text of chance for a token of a form: a replay is given those of the answering path in turn."""
        text = next(self._to_draw, "") if self._session.replaying else ""
        if not text:
            text = real()
            self._note(text)
        return text

    def _note(self, text: str) -> None:
        self._left.drawn.append(text)
        if self._around is not None:
            self._around._note(text)

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
            tape.keep_for(self._pack.name, self._left)
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
