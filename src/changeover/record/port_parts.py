"""Objects that a port holds, such as `client.orders`: their methods are no port calls, and are looked at.

One that only looks, or calls declared methods of its port, goes on as ever. One that changes something past
every port would do so twice: such a run is no comparison, and the replay is refused it.
"""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from enum import Enum
from functools import cached_property, lru_cache, wraps
from itertools import islice
from types import CodeType, FunctionType, ModuleType
from typing import Any
from weakref import ref

from changeover.errors import DeclarationError
from changeover.quick_dataclass import dataclass
from changeover.record.callable_kind import is_stream, opens_context
from changeover.record.class_family import is_of, subclasses
from changeover.record.context import Args, Kwargs
from changeover.record.instrument import Hook, function_of, hook_function
from changeover.record.loose_functions import acts_by_itself
from changeover.record.object_reading import ObjectReading
from changeover.record.own_methods import asked_of_itself, cover_own_methods
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
LOOKS_MAX = 20
"""So often a method is looked at that has changed nothing."""
_DYNAMIC = "__getattr__"
_CHANGING = frozenset(
    {
        *("append", "appendleft", "extend", "insert", "pop", "popleft", "remove", "sort"),
        *("add", "discard", "update", "setdefault", "clear", "put", "write"),
    }
)
_Holds = Callable[[Any], bool]


@dataclass(slots=True)
class _Known:
    """What was seen of a method: how often it changed something, and how often nothing."""

    changed: int = 0
    unchanged: int = 0

    @property
    def acts(self) -> bool:
        return self.changed > self.unchanged


@dataclass(frozen=True, slots=True)
class _Part:
    """Where an object was found, and the object of the port; `is_kept` says that it stays there."""

    name: str
    itself: Callable[[], Any]
    root: Callable[[], Any]
    is_kept: bool


@dataclass(frozen=True, slots=True)
class PartCall:
    """A call of a method of such an object, or of a property that may give one."""

    parts: PortParts
    hook: Hook
    port: str
    name: str
    part: Any
    objects: tuple[Any, ...]
    known: _Known
    root: Any
    is_kept: bool
    gives: bool = False

    @property
    def way_out(self) -> str:
        """What to do about it."""
        if self.hook.is_own:
            return f'give the class a method of that name, and declare it of port "{self.port}"'
        if self.gives:
            return f'declare "{self.hook.name}" of port "{self.port}"'
        return f"declare the object as a port of its own, or call it in a method of port {self.port!r}"

    def why_refused(self, *, is_stored: bool) -> str | None:
        """Why a replay may not make it; None where nothing is known against it."""
        if self.hook.is_own:
            return "it is a function that the object has for itself, past every port"
        if self.known.acts:
            return "it changes what the program has, past every port"
        if is_stored or self.gives or self.known.unchanged:
            return None
        function = self.hook.original
        acts = self.is_kept and _changes_itself(function)
        if acts or _changes_what_is_shared(function, self.part, self.root):
            return "it changes what the program has, past every port, and the answering path did not call it"
        return None

    def asked_for(self, args: Args) -> PartCall:
        """The same under the name that was asked for, where `__getattr__` answers."""
        if self.hook.name != _DYNAMIC:
            return self
        return replace(self, name=f"{self.name[: -len(_DYNAMIC)]}{args[1]}")

    def run(
        self, original: Callable[..., Any], args: Args, kwargs: Kwargs, calls: Callable[[], int], note: Noted
    ) -> Any:
        """The answer, or an awaitable of it; `note` is told what was changed."""
        looks = self._looks()
        before = calls()
        if self.hook.is_async:
            return self._run_async(original(*args, **kwargs), looks, before, calls, note)
        if self.hook.is_own:
            note(self, "what a function of the object alone holds")
        try:
            value = original(*args, **kwargs)
        finally:
            self._look_again(looks, before, calls, note)
        if self.gives and acts_by_itself(value):
            if not self.is_kept:
                note(self.asked_for(args), "what the function that it gives holds")
            return asked_of_itself(args[0], self.hook.name, value) if self.is_kept else value
        return self._given(value, args)

    async def _run_async(
        self, awaitable: Any, looks: list[_Look], before: int, calls: Callable[[], int], note: Noted
    ) -> Any:
        try:
            value = await awaitable
        finally:
            self._look_again(looks, before, calls, note)
        return self._given(value, ())

    def _looks(self) -> list[_Look]:
        is_looked_at = self.known.unchanged < LOOKS_MAX and not self.known.acts
        if self.gives:
            is_looked_at = is_looked_at and _changes_itself(self.hook.original)
        return [_Look(one, self.parts.holds) for one in self.objects] if is_looked_at else []

    def _look_again(self, looks: list[_Look], before: int, calls: Callable[[], int], note: Noted) -> None:
        if not looks:
            if self.known.acts:
                note(self, "its object")
            return
        place = next(filter(None, (look.changed() for look in looks)), None)
        if place is None:
            self.known.unchanged += 1
        elif calls() == before:  # what a declared call has changed is the port's own affair
            self.known.changed += 1
            note(self, place)

    def _given(self, value: Any, args: Args) -> Any:
        if self.gives and type(value) not in ATOMS:
            name = self.asked_for(args).name
            self.parts.take(self.port, name, value, self.root, is_kept=self.is_kept)
        return value


Noted = Callable[[PartCall, str], None]


class _Look:
    """What an object holds, as it was; that something is there which was not is no change (`lazy`)."""

    def __init__(self, owner: Any, holds: _Holds) -> None:
        self._owner = owner
        self._before = {name: value for name, value in own_state(owner).items() if value is not None}
        self._inside = ObjectReading(tuple(self._before.values()), holds)
        self._itself = None if self._before else ObjectReading(owner, holds)

    def changed(self) -> str | None:
        now = own_state(self._owner)
        for name, value in self._before.items():
            if name not in now or not (now[name] is value or (type(value) in ATOMS and now[name] == value)):
                return f"self.{name}"
        place = self._inside.changed()
        if place is not None:
            number = place.removeprefix("self[").partition("]")[0]
            names = list(self._before)
            return f"self.{names[int(number)]}" if number.isdecimal() and int(number) < len(names) else "self"
        return None if self._itself is None else self._itself.changed()


class PortParts:
    """All parts that are known of the ports of a migration."""

    def __init__(self, holds: _Holds) -> None:
        self.holds = holds
        self._parts: dict[int, _Part] = {}
        self._givers: dict[Hook, list[tuple[str, Any, bool]]] = {}
        self._known: dict[Hook, _Known] = {}
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
            root = part.root()
            reaches = not part.is_kept or any(value is root for value in own_state(first).values())
            objects = ((first,) if part.is_kept else ()) + ((root,) if reaches and root is not None else ())
            port = part.name.partition(".")[0]
            name = f"{part.name}.{hook.name}"
            return PartCall(self, hook, port, name, first, objects, self._known_of(hook), root, part.is_kept)
        for port, target, is_kept in self._givers.get(hook, ()):
            if is_of(type(first), target) if isinstance(target, type) else first is target:
                name, known = f"{port}.{hook.name}", self._known_of(hook)
                return PartCall(self, hook, port, name, first, (first,), known, first, is_kept, gives=True)
        return None

    def _of_object(self, hook: Hook, owner: Any) -> PartCall | None:
        cls = owner if isinstance(owner, type) else type(owner)
        port = next((port for port, target in self._searched_for if is_of(cls, target)), None)
        if port is None:
            return None
        name = f"{port}.{hook.name}"
        return PartCall(self, hook, port, name, owner, (), _Known(), owner, is_kept=True)

    def _known_of(self, hook: Hook) -> _Known:
        return self._known.setdefault(hook, _Known())

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
        for base, name, static in _attributes(cls, _package(cls), _DYNAMIC):
            is_giver = isinstance(static, property | cached_property) or name == _DYNAMIC
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


def _changes_itself(function: Any) -> bool:
    """Whether it evidently changes its object, or what that holds: `self.n = 1`, `self.rows.append(...)`."""
    does, names = _changes(function)
    return does or bool(names)


def _changes_what_is_shared(function: Any, part: Any, root: Any) -> bool:
    """Whether it evidently changes what an object shares with that of the port."""
    _, names = _changes(function)
    if not names:
        return False
    theirs = [root, *(value for value in own_state(root).values() if type(value) not in ATOMS)]
    own = own_state(part)
    return any(own.get(name) is one for name in names for one in theirs)


def _changes(function: Any) -> tuple[bool, frozenset[str]]:
    code = getattr(function, "__code__", None)
    if not isinstance(code, CodeType) or not code.co_varnames:
        return False, frozenset()
    return _changes_in(code, code.co_varnames[0])


@lru_cache(maxsize=1_024)
def _changes_in(code: CodeType, owner: str) -> tuple[bool, frozenset[str]]:
    """Whether an attribute is set, and the names of those that hold something which is changed."""
    sets, names, chain = False, set[str](), list[str]()
    is_own = False
    steps = [step for step in dis.get_instructions(code) if step.opname not in ("CACHE", "EXTENDED_ARG")]
    for number, step in enumerate(steps):
        if step.opname in ("STORE_ATTR", "DELETE_ATTR"):
            sets = True
        elif step.opname.startswith("LOAD_FAST"):
            is_own, chain = step.argval == owner, []
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            if is_own and chain and step.argval in _CHANGING:
                names.add(chain[0])
            chain.append(step.argval)
        elif step.opname in ("STORE_SUBSCR", "DELETE_SUBSCR"):
            held = [one for one in steps[max(0, number - 2) : number] if one.opname == "LOAD_ATTR"]
            names.update(str(one.argval) for one in held)
        else:
            is_own = False
    return sets, frozenset(names)
