"""Who took a port's function before the port was declared, where its own code cannot be replaced.

Calls through such a reference are in no run, and no replay withholds them.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from types import BuiltinMethodType, CellType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any

from changeover.record.instrument import Hook
from changeover.record.port import PortBook

WAY_OUT = "declare the port before, or call it through its object"
DEPTH_MAX = 5
"""From a function through a bound method, a table or a closure to whoever has a name."""
_PASSED = (dict, list, tuple, set, frozenset, MethodType, CellType)


def problems_of_held_functions(book: PortBook) -> Iterator[str]:
    """A sentence about each place of the program that holds one; looks through all objects there are."""
    for port, hook, owner in book.hooked():
        held = [hook.unreplaced] if hook.unreplaced is not None else []
        held += _bound_in_c(hook, owner)
        own = {id(held), *map(id, _classes_of(owner))}
        for place in dict.fromkeys(place for one in held for place in holders_of(one, own)):
            what = f"port {port!r}: {place} took `{hook.name}` before it was declared"
            yield f"{what}: its calls are in no run; {WAY_OUT}"


def _bound_in_c(hook: Hook, owner: Any) -> list[Any]:
    """Methods of C that were bound when they were taken."""
    if isinstance(owner, ModuleType) or isinstance(hook.original, FunctionType):
        return []
    cls = _classes_of(owner)[0]
    bound = (one for one in gc.get_objects() if type(one) is BuiltinMethodType)
    return [one for one in bound if one.__name__ == hook.name and isinstance(one.__self__, cls)]


def _classes_of(owner: Any) -> tuple[type, ...]:
    """Where the function is at home: the class of the port and those above it."""
    return (owner if isinstance(owner, type) else type(owner)).__mro__


def holders_of(held: Any, seen: set[int]) -> Iterator[str]:
    """The places with a name from which it is reached; those in `seen` are none, and what is met is added."""
    yield from _holders(held, DEPTH_MAX, seen)


def _holders(held: Any, depth: int, seen: set[int]) -> Iterator[str]:
    seen.add(id(held))
    for referrer in gc.get_referrers(held):
        if id(referrer) in seen or isinstance(referrer, FrameType):
            continue
        if type(referrer) is dict:
            key = next((key for key, value in dict.items(referrer) if value is held), None)
            module = _module_of(referrer)
            if module is not None:
                yield f"{module}.{key}"
                continue
        if type(referrer) in _PASSED:
            if depth:
                yield from _holders(referrer, depth - 1, seen)
        elif not _is_machinery(referrer):
            yield _named(referrer)


def _module_of(namespace: dict[Any, Any]) -> str | None:
    modules = [one for one in sys.modules.values() if isinstance(one, ModuleType)]
    return next((one.__name__ for one in modules if vars(one) is namespace), None)


def _is_machinery(holder: Any) -> bool:
    """What hooks refer to, and iterators and generators that are under way, are no places of the program."""
    named = holder if isinstance(holder, type | FunctionType) else type(holder)
    module = str(getattr(named, "__module__", ""))
    return module == "builtins" or module.startswith("changeover.") or hasattr(named, "__changeover_hook__")


def _named(holder: Any) -> str:
    if isinstance(holder, type | FunctionType):
        return f"{holder.__module__}.{holder.__qualname__}"
    return f"an object of {type(holder).__module__}.{type(holder).__qualname__}"
