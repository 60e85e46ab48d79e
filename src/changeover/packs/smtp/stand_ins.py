"""What a test puts in the place of a library's client (`smtplib.SMTP = Outbox`).

Nobody sees what is sent there. So no replay sends to it, and a run that used it cannot be compared.
"""

from __future__ import annotations

from typing import Any
from unittest.mock import NonCallableMock

from changeover.packs.host import cannot_be_followed

_NAMES = {"smtplib": ("SMTP", "SMTP_SSL", "LMTP"), "aiosmtplib": ("SMTP", "send")}
_WAY_OUT = "let the test start a small server on a port of the machine instead"
_Place = tuple[Any, str]
_own: dict[_Place, Any] = {}
"""What stands there where nobody has replaced it."""


def know(module: Any) -> None:
    """What a library has now is its own."""
    for name in _NAMES[module.__name__]:
        _own.setdefault((module, name), vars(module)[name])


def stand_ins() -> dict[_Place, Any]:
    """What stands in the place of a client at this moment."""
    found: dict[_Place, Any] = {}
    for place, client in _own.items():
        here = place[0].__dict__.get(place[1])
        if here is not client and not _is_known(here, client):
            found[place] = here.__dict__["_behind"] if type(here) is StandIn else here
    return found


def _is_known(found: Any, client: Any) -> bool:
    """Whether mails are seen (a derived class hands them on), or those of a replay count nowhere (a mock)."""
    if isinstance(found, NonCallableMock):
        return True
    return isinstance(found, type) and isinstance(client, type) and issubclass(found, client)


class StandIn:
    """Stands before it while a path is under way."""

    def __init__(self, behind: Any, name: str) -> None:
        self.__dict__.update(_behind=behind, _name=name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Make a client: from here on the run cannot be compared, and a replay ends."""
        cannot_be_followed(f"{self._name} was replaced, so that nobody sees what is sent: {_WAY_OUT}")
        return self._behind(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._behind, name, value)

    def __instancecheck__(self, one: Any) -> bool:
        return isinstance(one, self._behind)


class BeforeStandIns:
    """Follows a path: puts something before what is there, and takes it away again."""

    def __init__(self, found: dict[_Place, Any]) -> None:
        self._found = found
        self._put: dict[_Place, StandIn] = {}

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """Stand before them."""
        for (module, name), behind in self._found.items():
            self._put[module, name] = StandIn(behind, f"{module.__name__}.{name}")
            setattr(module, name, self._put[module, name])
        return args, kwargs

    def end(self) -> None:
        """Leave what was there, unless the path has put something else there."""
        for (module, name), put in self._put.items():
            if vars(module).get(name) is put:  # else of a path that began later, or of the test
                setattr(module, name, self._found[module, name])

    async def begin_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The same."""
        return self.begin(args, kwargs)

    async def end_async(self) -> None:
        """The same."""
        self.end()
