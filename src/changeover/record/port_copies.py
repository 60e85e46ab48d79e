"""Copies of the ports that offer one, made before the answering path touches them."""

from __future__ import annotations

from typing import Any

from changeover.record.context import SESSION, Args
from changeover.record.port import PortBook, PortMethod


class PortCopies:
    """The copies of one run, each taken before the first call on its object."""

    def __init__(self, book: PortBook) -> None:
        self._book = book
        self._copies: dict[tuple[str, int], Any] = {}
        self._kept: list[Any] = []
        for port in book.ports.values():
            if port.world is not None and port.is_object:
                self._copy(port.name, port.target)

    def before_call(self, method: PortMethod, args: Args) -> None:
        """Take the copy of an object before the first call on it changes it."""
        if method.has_owner and args:
            self.copy_for(method, args[0])

    def copy_for(self, method: PortMethod, owner: Any) -> Any | None:
        """The copy of this object, None where the port offers none."""
        port = self._book.ports[method.port]
        target = owner if owner is not None else port.target
        if port.world is None or isinstance(target, type) or self.is_copy(target):
            return None
        found = self._copies.get((port.name, id(target)))
        return self._copy(port.name, target) if found is None else found

    def is_copy(self, owner: Any) -> bool:
        """Whether the object is one of the copies."""
        return any(owner is copy for copy in self._copies.values())

    def _copy(self, name: str, target: Any) -> Any:
        world = self._book.ports[name].world
        token = SESSION.set(None)
        try:
            copy = None if world is None else world(target)
        finally:
            SESSION.reset(token)
        self._copies[name, id(target)] = copy
        self._kept.append(target)  # keeps the id valid
        return copy
