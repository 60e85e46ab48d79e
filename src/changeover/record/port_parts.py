"""Objects that a port holds, such as `client.orders`: their methods are no port calls, and are looked at.

One that only looks, or calls declared methods of its port, goes on as ever. One that changes something past
every port would do so twice: such a run is no comparison, and the replay is refused it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from enum import Enum
from functools import cached_property, wraps
from itertools import islice
from types import FunctionType, ModuleType
from typing import Any
from weakref import ref

from changeover.errors import DeclarationError
from changeover.quick_dataclass import dataclass
from changeover.record.callable_kind import is_stream, opens_context
from changeover.record.class_family import is_of, subclasses
from changeover.record.context import Args, current_session
from changeover.record.instrument import Hook, function_of, hook_function
from changeover.record.own_methods import cover_own_methods
from changeover.record.part_call import GIVES_BY_NAME, EarlierCalls, PartCall
from changeover.record.reached_objects import reached_objects
from changeover.values.atom_types import ATOMS
from changeover.values.copy_plan import is_atom_class
from changeover.values.own_state import by_class, module_of, mro, namespace, own_state, state_reader

PARTS_MAX = 500
DEPTH_MAX = 3
PLAIN_MAX = 1_000
"""So many classes are remembered whose objects are no parts."""
OBJECTS_MAX = 100
"""So many objects of a port's class that one seam reaches are looked into for parts."""
_Holds = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class _Part:
    """Where an object was found, and the object of the port; `is_kept` says that it stays there."""

    name: str
    itself: Callable[[], Any]
    root: Callable[[], Any]
    is_kept: bool


class PortParts:
    """All parts that are known of the ports of a migration."""

    def __init__(self, holds: _Holds) -> None:
        self.holds = holds
        self._parts: dict[int, _Part] = {}
        self._givers: dict[Hook, list[tuple[str, Any, bool]]] = {}
        self._earlier: dict[Hook, EarlierCalls] = {}
        self._covered: set[type] = set()
        self._plain: set[type] = {*ATOMS}
        self._searched_for: list[tuple[str, type]] = []
        self._searched: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._parts or self._givers)

    def begin(self, port: str, target: Any, declared: Mapping[str, Any]) -> None:
        """Look for the parts of a port that was declared; a module has none."""
        if isinstance(target, ModuleType):
            return
        is_class = isinstance(target, type)
        for cls in subclasses(target) if is_class else [type(target)]:
            self._cover_givers(port, target, cls, declared)
            if is_class:
                self._look_into_new_ones(port, cls, is_target=cls is target)
        if is_class:
            self._searched_for.append((port, target))
        else:
            self._look_into(port, port, target, target)

    def is_behind(self, seam: str) -> bool:
        """Whether nobody has looked yet for the objects of ports' classes that this seam reaches."""
        return bool(self._searched_for) and seam not in self._searched

    def search(self, seam: str, begin: Iterable[Any]) -> None:
        """Look into the objects of ports' classes that were made before, and that a seam's paths reach.

        Once for each seam, at its first run; what is made later is looked into when it is made.
        """
        self._searched.add(seam)
        classes = {id(cls): port for port, target in self._searched_for for cls in subclasses(target)}
        for owner in islice(reached_objects(begin, lambda cls: id(cls) in classes), OBJECTS_MAX):
            cover_own_methods(owner)
            port = classes[id(type(owner))]
            self._look_into(port, port, owner, owner)

    def called(self, hook: Hook, args: Args) -> PartCall | None:
        """What a call of an instrumented function is that belongs to no port; None where no part has it."""
        if not args:
            return None
        first = args[0]
        if hook.is_own:
            return self._of_object(hook, first)
        part = self._parts.get(id(first))
        if part is not None and part.itself() is first:
            return self._of_part(hook, part, first)
        for port, target, is_kept in self._givers.get(hook, ()):
            if is_of(type(first), target) if isinstance(target, type) else first is target:
                return self._of_giver(hook, port, first, is_kept=is_kept)
        return None

    def _of_part(self, hook: Hook, part: _Part, itself: Any) -> PartCall:
        root = part.root()
        reaches = not part.is_kept or any(value is root for value in own_state(itself).values())
        objects = ((itself,) if part.is_kept else ()) + ((root,) if reaches and root is not None else ())
        port, name = part.name.partition(".")[0], f"{part.name}.{hook.name}"
        earlier = self._earlier_of(hook)
        return PartCall(hook, port, name, itself, root, objects, earlier, part.is_kept, self.holds)

    def _of_giver(self, hook: Hook, port: str, owner: Any, *, is_kept: bool) -> PartCall:
        def given(name: str, value: Any) -> None:
            self.take(port, name, value, owner, is_kept=is_kept)

        name, earlier = f"{port}.{hook.name}", self._earlier_of(hook)
        return PartCall(hook, port, name, owner, owner, (owner,), earlier, is_kept, self.holds, given)

    def _of_object(self, hook: Hook, owner: Any) -> PartCall | None:
        cls = owner if isinstance(owner, type) else type(owner)
        port = next((port for port, target in self._searched_for if is_of(cls, target)), None)
        if port is None:
            return None
        name = f"{port}.{hook.name}"
        return PartCall(hook, port, name, owner, owner, (), EarlierCalls(), True, self.holds)

    def _earlier_of(self, hook: Hook) -> EarlierCalls:
        return self._earlier.setdefault(hook, EarlierCalls())

    def take(
        self, port: str, name: str, value: Any, root: Any, depth: int = 0, *, is_kept: bool = False
    ) -> None:
        """Know an object as a part of a port, if it may be one."""
        cls, package, key = type(value), _package(type(root)), id(value)
        if cls in self._plain:
            return
        if not _has_methods(cls):
            if len(self._plain) < PLAIN_MAX:
                self._plain.add(cls)
            return
        if _package(cls) != package or self.holds(value):
            return
        known = self._parts.get(key)
        if (known is not None and known.itself() is value) or len(self._parts) >= PARTS_MAX:
            return
        if cls not in self._covered:
            self._covered.add(cls)
            self._cover_methods(cls, package)

        def gone(_: Any) -> None:
            self._parts.pop(key, None)

        is_kept = is_kept or depth > 0 or any(one is value for one in own_state(root).values())
        self._parts[key] = _Part(name, _weak(value, gone), _weak(root), is_kept)
        if depth < DEPTH_MAX:
            self._look_into(port, name, value, root, depth + 1)

    def _look_into(self, port: str, name: str, owner: Any, root: Any, depth: int = 0) -> None:
        for attribute, value in own_state(owner).items():
            if type(attribute) is str and not attribute.startswith("_") and type(value) not in ATOMS:
                self.take(port, f"{name}.{attribute}", value, root, depth, is_kept=True)

    def _cover_methods(self, cls: type, package: str) -> None:
        for base, name, static in _attributes(cls, package):
            function = function_of(static)
            if isinstance(static, property | cached_property) or not isinstance(function, FunctionType):
                continue
            if not (is_stream(function) or opens_context(function)):
                self._cover(base, name)

    def _cover_givers(self, port: str, target: Any, cls: type, declared: Mapping[str, Any]) -> None:
        for base, name, static in _attributes(cls, _package(cls), GIVES_BY_NAME):
            is_giver = isinstance(static, property | cached_property) or name == GIVES_BY_NAME
            if is_giver and name not in declared and isinstance(function_of(static), FunctionType):
                hook = self._cover(base, name)
                if hook is not None:
                    giver = (port, target, isinstance(static, cached_property))
                    self._givers.setdefault(hook, []).append(giver)

    def _cover(self, cls: type, name: str) -> Hook | None:
        with suppress(DeclarationError):
            return hook_function(cls, name)
        return None

    def _look_into_new_ones(self, port: str, cls: type, *, is_target: bool) -> None:
        """Have every object that is made from now on looked into, when it has been made."""
        classes = mro(cls) if is_target else (cls,)
        original = next((namespace(one)["__init__"] for one in classes if "__init__" in namespace(one)), None)
        if not isinstance(original, FunctionType):
            return
        watching: list[tuple[Callable[[], Any], str]] | None = vars(original).get(_LOOKED)
        if watching is not None:
            watching[:] = [(parts, name) for parts, name in watching if parts() is not None]
            watching.append((ref(self), port))
            return
        made: list[tuple[Callable[[], Any], str]] = [(ref(self), port)]
        read = state_reader(cls)

        @wraps(original)
        def begun(self: Any, *args: Any, **kwargs: Any) -> None:
            original(self, *args, **kwargs)
            session = current_session()
            if session is not None:
                session.has_made(self)
            if getattr(type(self), "__init__", None) is begun:
                _look_into_new_one(self, read, made)

        setattr(begun, _LOOKED, made)
        with suppress(AttributeError, TypeError):
            cls.__init__ = begun  # type: ignore[misc]


def _look_into_new_one(
    owner: Any, read: Callable[[Any], dict[Any, Any]], watching: list[tuple[Callable[[], Any], str]]
) -> None:
    kinds = set(map(type, read(owner).values()))
    if not ATOMS.issuperset(kinds):
        cover_own_methods(owner)
    for parts, port in watching:
        found = parts()
        if found is not None and not found._plain.issuperset(kinds):
            with suppress(Exception):
                found._look_into(port, port, owner, owner)


_LOOKED = "__changeover_looked_into__"


def _weak(value: Any, gone: Callable[[Any], None] | None = None) -> Callable[[], Any]:
    try:
        return ref(value, gone)
    except TypeError:
        return lambda: value


def _package(cls: type) -> str:
    return module_of(cls).partition(".")[0]


@by_class
def _has_methods(cls: type) -> bool:
    """Whether objects of the class may be parts: they have methods of its own package."""
    if is_atom_class(cls) or issubclass(cls, BaseException | Enum | type):
        return False
    return any(
        isinstance(function_of(static), FunctionType) for _, _, static in _attributes(cls, _package(cls))
    )


def _attributes(cls: type, package: str, *more: str) -> Iterator[tuple[type, str, Any]]:
    """What is public in a class and in its bases of that package, each with the class that it stands in."""
    seen: set[str] = set()
    for base in mro(cls):
        for name, static in list(namespace(base).items()):
            if name in seen or (name.startswith("_") and name not in more):
                continue
            seen.add(name)
            if _package(base) == package:
                yield base, name, static
