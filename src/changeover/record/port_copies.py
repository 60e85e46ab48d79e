"""Copies of the ports that offer one, made before the answering path touches them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import repeat
from operator import is_
from typing import Any

from changeover.record.context import SESSION, Args
from changeover.record.instrument import hook_of
from changeover.record.port import Port, PortBook, PortMethod
from changeover.values.error_text import class_and_message
from changeover.values.interruption import stop_if_interrupted


class NoCopy(Exception):
    """A copy cannot answer this call as itself; the text says what is wrong with it, and the way out."""


class _Missing:
    """In place of a copy that could not be made, once for the whole run; says why."""

    def __init__(self, why: str) -> None:
        self.why = why


_ITSELF = "world= gave the object itself, which is no copy"


class PortCopies:
    """The copies of one run, each taken before the first call on its object."""

    def __init__(self, book: PortBook) -> None:
        self._book = book
        self._copies: dict[tuple[str, int], Any] = {}
        self._made: list[tuple[Any, Any]] = []
        for port in book.ports.values():
            if port.world is not None and not isinstance(port.target, type):
                self._copy(port, port.target)

    def again(self) -> PortCopies:
        """Copies of these copies, as they are now: for one more replay of the same run."""
        other = PortCopies.__new__(PortCopies)
        other._book, other._copies, other._made = self._book, {}, []
        for (port, key), copy in self._copies.items():
            target = next(real for real, made in self._made if made is copy and id(real) == key)
            world = self._book.ports[port].world
            twin = copy if isinstance(copy, _Missing) or world is None else _made_by(world, copy)
            other._copies[port, key] = twin
            other._made.append((target, twin))
        return other

    def before_call(self, method: PortMethod, args: Args) -> None:
        """Take the copy of an object before the first call on it changes it."""
        if method.has_owner and args:
            with suppress(NoCopy):  # said when the replay asks it
                self.copy_for(method, args[0])

    def copy_for(self, method: PortMethod, owner: Any) -> Any | None:
        """The copy of this object, None where the port offers none.

        Without an owner (a path that is built from its ports) it is the one object of a class that the
        answering path used; raises NoCopy where it used several.
        """
        port = self._book.port_of(method)
        if port.world is None:
            return None
        target = owner if owner is not None else port.target
        if isinstance(target, type):
            return self._only_one(port.name) if owner is None and method.has_owner else None
        if self.is_copy(target):
            return None
        key = (port.name, id(target))
        found = self._copies[key] if key in self._copies else self._copy(port, target)
        return self._checked(found)

    def is_copy(self, owner: Any) -> bool:
        """Whether the object is one of the copies."""
        return any(map(is_, self._copies.values(), repeat(owner)))  # asked for each call of each of them

    def _only_one(self, name: str) -> Any | None:
        found = [copy for (port, _), copy in self._copies.items() if port == name]
        if len(found) > 1:
            raise NoCopy(
                f"the answering path used {len(found)} objects of this class; declare the one object"
            )
        return self._checked(found[0]) if found else None

    def original_of(self, copy: Any) -> Any:
        """The object that a copy was made of."""
        return next((real for real, made in self._made if made is copy), None)

    @staticmethod
    def _checked(copy: Any) -> Any:
        if isinstance(copy, _Missing):
            raise NoCopy(copy.why)
        return copy

    def _copy(self, port: Port, target: Any) -> Any:
        world = port.world
        copy = None if world is None else _made_by(world, target)
        copy = _Missing(_ITSELF) if copy is target else copy
        self._copies[port.name, id(target)] = copy
        self._made.append((target, copy))  # keeps the id valid
        return copy


def _made_by(world: Callable[[Any], Any], target: Any) -> Any:
    token = SESSION.set(None)
    try:
        return world(target)
    except Exception as error:  # noqa: BLE001  foreign code; a later try would copy what has moved on
        stop_if_interrupted(error)
        return _Missing(f"world= raised {class_and_message(error)}")
    finally:
        SESSION.reset(token)


def call_on_copy(copy: Any, method: PortMethod, original: Any) -> Callable[..., Any]:
    """The method as the copy itself has it, whatever its class; raises NoCopy where that is the real one.

    Args:
        copy: what `world=` made.
        method: what the path called.
        original: the real object or module.
    """
    own: dict[str, Any] = getattr(copy, "__dict__", {})
    if method.name in own and own[method.name] is getattr(original, "__dict__", {}).get(method.name):
        raise NoCopy("the copy holds the very function of its original")
    if method.hook.is_property:
        return lambda: getattr(copy, method.name)
    try:
        found = getattr(copy, method.name)
    except AttributeError:
        raise NoCopy(f"the copy is a {type(copy).__name__}, which has no {method.name}") from None
    if getattr(found, "__self__", None) is original and original is not None:
        raise NoCopy("the copy holds a method that is bound to its original")
    hook = hook_of(found)
    if not method.has_owner and (found if hook is None else hook.original) is method.hook.original:
        raise NoCopy("the copy holds the very function of its original")
    called: Callable[..., Any] = found
    return called
