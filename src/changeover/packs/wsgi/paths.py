"""Around one path: what it gets of its server is kept, or made anew, and what it leaves there is told."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, Protocol

from changeover.packs.wsgi.contexts import KeptContexts, environ_again, place_in

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


class Tells(Protocol):
    """The pack, as far as a path has something to tell it."""

    name: str

    def tell_change(self, part: str, name: str, value: Any) -> None:
        """Something that the path left in the session or in `g`."""

    def tell_answer(self, status: str, headers: Iterable[tuple[str, str]]) -> None:
        """What a whole app has given to its server, but for the body, which it returns."""


class Recorded:
    """What was kept of one answering path."""

    def __init__(self) -> None:
        self.contexts = KeptContexts()
        self.environ: dict[str, Any] | None = None
        self.place = 0


class _Path(ABC):
    """What both paths have in common."""

    def __init__(self, pack: Tells, session: Any) -> None:
        self._pack = pack
        self._session = session
        self._answers: list[tuple[str, list[tuple[str, str]]]] = []

    async def begin_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        return self.begin(args, kwargs)

    @abstractmethod
    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        """The path is about to begin, with these; what it gets."""

    async def end_async(self) -> None:
        self.end()

    @abstractmethod
    def end(self) -> None:
        """The path has ended: tell what it left."""

    def _tell(self, contexts: KeptContexts) -> None:
        for change in contexts.changes():
            self._pack.tell_change(*change)
        for status, headers in self._answers:
            self._pack.tell_answer(status, [(name.lower(), value) for name, value in headers])


class AnsweringPath(_Path):
    """Keeps what the path is given, while it runs for real."""

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        """Keep contexts and environment as they are now."""
        self._recorded = recorded = Recorded()
        if not is_called_by_server(args):
            return args, kwargs
        environ, start_response, *rest = args
        recorded.environ, recorded.place = dict(environ), place_in(environ)

        def started(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            self._answers.append((status, list(headers)))
            return start_response(status, headers, *error)

        return (environ, started, *rest), kwargs

    def end(self) -> None:
        """Keep it for a replay in this process, and tell what the path left."""
        tape = self._session.tape
        tape.keep_for(self._pack.name, self._recorded)
        self._tell(self._recorded.contexts)


class ReplayedPath(_Path):
    """Gives the path contexts, a request and an environment of its own."""

    def __init__(self, pack: Tells, session: Any, recorded: Recorded) -> None:
        super().__init__(pack, session)
        self._recorded = recorded

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        """Exchange what is the server's."""
        self._made = self._recorded.contexts.enter_again(self._refuse)
        if self._recorded.environ is None or not is_called_by_server(args):
            return args, kwargs
        environ = environ_again(self._recorded.environ, self._recorded.place, self._refuse)
        return (environ, self._started, *args[2:]), kwargs

    def _started(self, status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
        self._answers.append((status, list(headers)))

        def write(_: bytes) -> None:
            self._refuse("an app that writes its body in place of returning it")

        return write

    def end(self) -> None:
        """Tell what the path left, and give the contexts back."""
        try:
            self._tell(self._made)
        finally:
            self._recorded.contexts.leave()

    def _refuse(self, what: str) -> None:
        self._session.cannot_follow(self._pack.name, what)


def is_called_by_server(args: tuple[Any, ...]) -> bool:
    """Whether these are the environment and `start_response` of WSGI."""
    return len(args) >= 2 and isinstance(args[0], dict) and "REQUEST_METHOD" in args[0] and callable(args[1])
