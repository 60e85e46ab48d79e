"""Around one path: what it gets of its server is kept, or made anew, and what it leaves there is told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Hashable
from functools import lru_cache
from types import FunctionType
from typing import Any, Protocol

from changeover.packs.asgi.messages import Heard, Sent
from changeover.packs.asgi.requests import A_WEB_SOCKET, KeptRequest, changes, scope_before
from changeover.packs.kept_upload import KeptUpload
from changeover.values.own_state import own_state

Arguments = tuple[tuple[Any, ...], dict[str, Any]]
PARTS_MAX = 20_000
"""So many objects and containers of what a replay is given are looked through."""
_NOT_REPLAYED = {
    "websocket": A_WEB_SOCKET,
    "lifespan": "the lifespan of an app: it begins and ends once, with its server",
}
"""What a whole app is called for besides requests: a replay would take to itself what is said to the app."""
_INSIDE = "a request inside of another object: give it to the seam as an argument of its own"


class Tells(Protocol):
    """The pack, as far as a path has something to tell it."""

    name: str

    def tell_task(self, task: Any) -> None:
        """A task that is to run after the answer."""

    def tell_change(self, part: str, name: str, value: Any) -> None:
        """Something that the path left in the session or the state of a request."""

    def tell_answer(self, status: int | None, headers: Any, body: bytes) -> None:
        """What a whole app has sent."""


class Recorded:
    """What was kept of one answering path, by the identity of what it was given."""

    def __init__(self) -> None:
        self.requests: dict[int, KeptRequest] = {}
        self.tasks: dict[int, int] = {}
        self.uploads: dict[int, KeptUpload] = {}
        self.scope: dict[str, Any] | None = None
        self.heard = Heard()


class _Path(ABC):
    """What both paths have in common: after them it is told what they left."""

    def __init__(self, pack: Tells, session: Any) -> None:
        self._pack = pack
        self._session = session
        self._tasks: list[tuple[Any, int]] = []
        self._sent = Sent()
        self._scopes: list[tuple[dict[str, Any], dict[str, Any]]] = []

    async def begin_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        return self.begin(args, kwargs)

    @abstractmethod
    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        """The path is about to begin, with these; what it gets."""

    async def end_async(self) -> None:
        self.end()

    def end(self) -> None:
        """Tell what the path left: tasks, changes in sessions and states, and what a whole app sent."""
        for tasks, before in self._tasks:
            for task in tasks.tasks[before:]:
                self._pack.tell_task(task)
        for scope, now in self._scopes:
            for change in changes(scope, now):
                self._pack.tell_change(*change)
        answer = self._sent.answer
        if answer is not None:
            self._pack.tell_answer(*answer)


class AnsweringPath(_Path):
    """Listens to what the path reads, while it runs for real."""

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        """Keep requests, tasks and scope as they are now."""
        self._recorded = recorded = Recorded()
        for given in (*args, *kwargs.values()):
            kind = kind_of(given)
            if kind == "BackgroundTasks":
                recorded.tasks[id(given)] = len(given.tasks)
                self._tasks.append((given, len(given.tasks)))
            elif kind == "HTTPConnection":
                kept = recorded.requests[id(given)] = KeptRequest(given)
                self._scopes.append((kept.scope, given.scope))
                self._note(kept.problem)
            for upload in uploads_in(given):
                recorded.uploads[id(upload)] = KeptUpload(upload)
                self._note(recorded.uploads[id(upload)].problem)
        self._note(_NOT_REPLAYED.get(kind_of_scope(args) or ""))
        if not is_called_by_server(args):
            return args, kwargs
        scope, receive, send, *rest = args
        recorded.scope = scope_before(scope)
        self._scopes.append((recorded.scope, scope))
        return (scope, recorded.heard.hearing(receive), self._sent.hearing(send), *rest), kwargs

    def _note(self, problem: str | None) -> None:
        if problem is not None:
            self._session.cannot_follow(self._pack.name, problem)

    def end(self) -> None:
        """Keep what was heard for a replay in this process, and tell what the path left."""
        for kept in self._recorded.requests.values():
            kept.end()
        tape = self._session.tape
        tape.keep_for(self._pack.name, self._recorded)
        super().end()


class ReplayedPath(_Path):
    """Gives the path a request, tasks and a scope of its own."""

    def __init__(self, pack: Tells, session: Any, recorded: Recorded) -> None:
        super().__init__(pack, session)
        self._recorded = recorded
        self._made: dict[int, Any] = {}

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        """Exchange what is the server's; a path that has it in another place ends here."""
        args = tuple(self._exchanged(one) for one in args)
        kwargs = {name: self._exchanged(one) for name, one in kwargs.items()}
        refused = _NOT_REPLAYED.get(kind_of_scope(args) or "")
        if refused is not None:
            self._refuse(refused)
        if holds_others((args, kwargs), self._made, self._session.book.holds):
            self._refuse(_INSIDE)
        if self._recorded.scope is None or not is_called_by_server(args):
            return args, kwargs
        scope = scope_before(self._recorded.scope)
        self._scopes.append((self._recorded.scope, scope))
        return (scope, self._recorded.heard.again(self._refuse), self._sent.keep, *args[3:]), kwargs

    def _exchanged(self, given: Any) -> Any:
        kept = self._recorded.requests.get(id(given))
        if kept is not None:
            made = kept.again(self._refuse)
            self._scopes.append((kept.scope, made.scope))
        elif id(given) in self._recorded.tasks:
            count = self._recorded.tasks[id(given)]
            made = type(given)(given.tasks[:count])
            self._tasks.append((made, count))
        elif id(given) in self._recorded.uploads:
            made = self._recorded.uploads[id(given)].again()
        elif type(given) is list and any(map(uploads_in, given)):
            return [self._exchanged(one) for one in given]
        else:
            return given
        self._made[id(made)] = made
        return made

    def _refuse(self, what: str) -> None:
        self._session.cannot_follow(self._pack.name, what)


@lru_cache(maxsize=1_000)
def _kind(cls: Hashable) -> str | None:
    for base in getattr(cls, "__mro__", ()):
        if base.__module__ in _MODULES and base.__name__ in _KINDS:
            return str(base.__name__)
    return None


_MODULES = ("starlette.requests", "starlette.background", "starlette.datastructures")
_KINDS = ("HTTPConnection", "BackgroundTasks", "UploadFile")


def kind_of(value: Any) -> str | None:
    """Which class of Starlette the value is of, of those that a server gives; None for any other."""
    cls: Any = type(value)
    return _kind(cls)


def uploads_in(given: Any) -> list[Any]:
    """The uploaded files that an argument is or lists."""
    found = given if type(given) is list else [given]
    return [one for one in found if kind_of(one) == "UploadFile"]


def is_called_by_server(args: tuple[Any, ...]) -> bool:
    """Whether these are scope, receive and send of ASGI, of a request over HTTP."""
    return kind_of_scope(args) == "http"


def kind_of_scope(args: tuple[Any, ...]) -> str | None:
    """What a server calls a whole app for: `http`, `websocket`, `lifespan`; None where it is no such call."""
    if len(args) < 3 or not isinstance(args[0], dict) or not (callable(args[1]) and callable(args[2])):
        return None
    found: str | None = args[0].get("type")
    return found


def holds_others(
    given: Any,
    made: Container[int],
    is_handed_over: Callable[[Any], bool],
    kind_of: Callable[[Any], str | None] = kind_of,
    parts_max: int = PARTS_MAX,
) -> bool:
    """Whether something of the server is in these values that was not made for this path.

    What ports and other packs hand over, such as a session of a database, is their own affair.
    """
    waiting, seen = [given], set[int]()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if len(seen) > parts_max:
            return True
        if kind_of(part) is None:
            if is_handed_over(part):
                continue
            waiting += [one for one in _inside(part) if type(one) not in _ATOMS]
        elif id(part) not in made:
            return True
    return False


_ATOMS = frozenset({str, bytes, int, float, bool, type(None), FunctionType, type})


def _inside(part: Any) -> list[Any]:
    """The parts of a value; no method of its class is asked."""
    if isinstance(part, dict):
        return list(dict.values(part))
    kinds: tuple[Any, ...] = (list, tuple, set, frozenset)
    for kind in kinds:
        if isinstance(part, kind):
            return list(kind.__iter__(part))
    if isinstance(part, type):
        return []
    # What SQLAlchemy keeps of an entity leads to its tables and to the listeners of the program.
    return [value for name, value in own_state(part).items() if not str(name).startswith("_sa_")]
