"""The ports of a migration: which method is what, and which instrumented function belongs to which port."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import field
from enum import StrEnum
from types import FunctionType, MethodType, ModuleType, TracebackType
from typing import Any

from changeover.errors import DeclarationError
from changeover.quick_dataclass import dataclass
from changeover.record.class_family import is_implemented, is_of, is_protocol, subclasses
from changeover.record.context import Args, Kwargs
from changeover.record.covered_owner import CoveredOwner, members
from changeover.record.instrument import (
    Binder,
    Hook,
    function_of,
    hook_function,
    hook_of,
    hook_setter,
    public_functions,
    watch_subclasses,
)
from changeover.record.key_function import fitted
from changeover.record.loaded_module import LoadedModule, module_loaded_here
from changeover.record.named_threads import NamedThreads
from changeover.record.own_methods import watch_own_methods
from changeover.record.part_call import PartCall
from changeover.record.port_mocks import specification, watch_mocks
from changeover.record.port_parts import PortParts
from changeover.record.special_methods import acting_setters, acting_specials
from changeover.values.identity import identity_of
from changeover.values.own_state import found_in, mro


class CallClass(StrEnum):
    """What a call of the method means to a replay."""

    READ = "read"
    EFFECT = "effect"
    LOCAL = "local"
    FIXED = "fixed"
    CLOCK = "clock"
    UNDECLARED = "undeclared"


@dataclass(eq=False, repr=False)
class PortMethod:
    """A method of a port under its class; `key` tells which calls count as the same.

    `make` mints a local value in a replay, from a random generator seeded by the run. `derive` answers a
    read that the recorded path never asked from those that it did. Effects that `commute` may come in any
    order. `parts` says which parts of the port a call touches, None for all of it. `is_of_class` says that
    the port is a class, of which there may be several objects; `is_mark` that a pack keeps it for itself.
    """

    port: str
    hook: Hook
    call_class: CallClass
    key: Callable[..., Any] | None = None
    make: Callable[..., Any] | None = None
    unaffected: bool = False
    sleeps: bool = False
    derive: Callable[..., Any] | None = None
    commutes: bool = False
    parts: Callable[..., frozenset[Hashable] | None] | None = None
    is_of_class: bool = False
    is_mark: bool = False

    def __post_init__(self) -> None:
        self.name = self.hook.name
        self.has_owner = self.hook.has_owner
        # Asked on every recorded call, where looking up a member of an enum would be felt.
        self.is_effect = self.call_class is CallClass.EFFECT
        self.is_compared = self.is_effect or self.call_class is CallClass.READ
        self.is_fixed = self.call_class is CallClass.FIXED
        self.is_kept = self.call_class is not CallClass.UNDECLARED
        self.attempts = self.is_effect or not self.is_kept
        self.leaves_context = self.name in _LEAVES_CONTEXT
        annotations = getattr(self.hook.original, "__annotations__", None) or {}
        self.gives_none = annotations.get("return", self) in (None, "None")
        self._binder = Binder(self.hook.original, skip_first=self.has_owner)
        if self.key is not None:
            self.key = fitted(self.key, self.hook.original, skip_first=self.has_owner)

    @property
    def full_name(self) -> str:
        """Port and method as people write them."""
        return f"{self.port}.{self.name}"

    @property
    def required(self) -> tuple[str, ...]:
        """The parameters without a default."""
        return self._binder.required

    def arguments(self, args: Args, kwargs: Kwargs) -> dict[str, Any]:
        """The arguments by name."""
        return self._binder(args, kwargs)

    def kept(self, args: Args) -> Args:
        """The arguments that a call is known by: where an error was raised is no part of it."""
        if not self.leaves_context:
            return args
        return tuple(None if type(value) is TracebackType else value for value in args)

    def key_of(self, args: Args, kwargs: Kwargs) -> Any:
        """The key function's answer; without one, the arguments in the order of the signature."""
        if self.key is not None:
            return self.key(*args, **kwargs)
        return self.key_of_arguments(self.arguments(args, kwargs))

    def key_of_arguments(self, arguments: dict[str, Any]) -> Any:
        """The key of a call with these arguments, where no key function is given."""
        values = tuple(arguments.values())
        return values[0] if len(values) == 1 else values


Methods = Iterable[str] | Mapping[str, Any]
_LEAVES_CONTEXT = ("__exit__", "__aexit__")
_SLEEPING = ("sleep", "wait", "pause")


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is said about one method."""

    call_class: CallClass
    option: Any
    unaffected: bool


_NOTHING_SAID = Declaration(CallClass.UNDECLARED, None, unaffected=False)


@dataclass(slots=True)
class Port:
    """One way through which paths touch the world; for a channel (`record.channel`) nothing is replaced."""

    name: str
    target: Any
    declared: dict[str, Declaration]
    world: Callable[[Any], Any] | None
    derive: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    any_order: bool = False
    methods: dict[str, PortMethod] = field(default_factory=dict)
    is_channel: bool = False

    @property
    def is_object(self) -> bool:
        """Whether the target is one object, rather than a class or a module."""
        return not isinstance(self.target, type | ModuleType)


@dataclass(slots=True)
class _Binding:
    """Which port method an instrumented function is: for all objects, or by object."""

    always: PortMethod | None = None
    by_object: dict[int, PortMethod] = field(default_factory=dict)


class PortBook:
    """All ports of one migration, looked up by the function that was called."""

    def __init__(self) -> None:
        self.ports: dict[str, Port] = {}
        self.threads = NamedThreads()
        self.buses: dict[str, Any] = {}  # `record.declared_buses.DeclaredBus` by name
        self.packs: dict[str, Any] = {}  # what `Migration.use` made, by name
        self.packs_loaded: dict[str, LoadedModule] = {}
        self._handles: tuple[type, ...] = ()
        self._handle_names: set[str] = set()
        self._bindings: dict[Hook, _Binding] = {}
        self._objects: set[int] = set()
        self._protocols: list[Port] = []
        self._classes: dict[type, bool] = {}
        self._owners: list[CoveredOwner] = []
        self._loaded: dict[str, LoadedModule] = {}
        self._before: list[Port] = []  # whose module was loaded again: somebody may hold their objects
        self._beside: list[PortBook] = []
        self.parts = PortParts(self.holds)

    def knows(self, bus: Any) -> bool:
        """Whether it is a bus of this migration."""
        return self.buses.get(bus.name) is bus

    def admit(self, other: PortBook) -> None:
        """A seam of another migration was entered inside a run: its ports are the run's as well."""
        if other is not self and other not in self._beside:
            self._beside.append(other)

    def pack(self, name: str) -> Any | None:
        """The pack of that name that serves the run, None where it has none."""
        own = self.packs.get(name)
        if own is None and self._beside:
            return next((book.packs[name] for book in self._beside if name in book.packs), None)
        return own

    def following(self) -> list[tuple[str, Any]]:
        """The packs that follow paths, by name."""
        books = (self, *self._beside)
        packs = {name: pack for book in reversed(books) for name, pack in book.packs.items()}
        return [(name, pack) for name, pack in packs.items() if hasattr(pack, "follow")]

    def hand_over(self, *classes: type | str) -> None:
        """Objects of these classes, and of derived ones, are handed to paths as they are, never copied.

        A class may be given by its name (module and class), so that it need not be imported yet.
        """
        self._handles += tuple(cls for cls in classes if isinstance(cls, type))
        self._handle_names |= {cls for cls in classes if isinstance(cls, str)}
        self._classes.clear()

    def port_of(self, method: PortMethod) -> Port:
        """The port that a method belongs to."""
        own = self.ports.get(method.port)
        if own is not None and own.methods.get(method.name) is method:
            return own
        others = (book.ports.get(method.port) for book in self._beside)
        return next((port for port in others if port is not None), own) or self.ports[method.port]

    @property
    def asks_for_real(self) -> bool:
        """Whether a replay may ask one of the ports, as it always gives the same answer."""
        return any(method.is_fixed for port in self.ports.values() for method in port.methods.values())

    def holds(self, value: Any) -> bool:
        """Whether the value is an object of a port: no copy of it is made, and its calls are port calls."""
        known = self._classes.get(type(value))  # most classes are known here
        objects = self._objects
        if known or (objects and identity_of(value) in objects) or (known is None and self._holds(value)):
            return True
        return bool(self._beside) and any(book._holds(value) for book in self._beside)

    def _holds(self, value: Any) -> bool:
        cls = type(value)
        known = self._classes.get(cls)
        if known is None:
            mocked = specification(value)  # each mock has a class of its own
            is_of_port = self.is_port_class(cls) or (mocked is not None and self.is_port_class(mocked))
            known = self._classes[cls] = is_of_port
        return known or identity_of(value) in self._objects

    def is_port_class(self, cls: type) -> bool:
        """Whether all objects of the class are objects of a port, or are the toolkit's own."""
        if cls.__module__ == "changeover.migration" or issubclass(cls, self._handles):
            return True
        if any(f"{base.__module__}.{base.__qualname__}" in self._handle_names for base in cls.__mro__):
            return True
        ports = (*self.ports.values(), *self._before)
        targets = [port.target for port in ports if isinstance(port.target, type)]
        return any(is_of(cls, target) for target in targets)

    def add(self, port: Port) -> None:
        """Instrument the port; raises DeclarationError for a second port of that name."""
        watch_mocks()
        self._enter(port)
        if port.is_object:
            self._objects.add(identity_of(port.target))
        self._cover(port)
        self._owners.extend(_owners(port))
        self.parts.begin(port.name, port.target, port.declared)
        if isinstance(port.target, type):
            if is_protocol(port.target):
                self._protocols.append(port)
            watch_own_methods(port.target)
            watch_subclasses(port.target, lambda derived: self._cover_derived(port, derived))

    def join(self, port: Port, methods: Iterable[PortMethod]) -> None:
        """Add a channel, whose calls come under hooks of its own; raises DeclarationError as `add` does."""
        self._enter(port)
        for method in methods:
            port.methods.setdefault(method.name, method)
            self._bindings[method.hook] = _Binding(always=method)

    def _enter(self, port: Port) -> None:
        loaded, before = module_loaded_here(), self.ports.get(port.name)
        if before is not None:
            if not loaded.is_again(self._loaded.get(port.name)):
                raise DeclarationError(f'port "{port.name}"', "is declared twice")
            self._before.append(before)
        self._loaded[port.name] = loaded
        self.ports[port.name] = port
        self._classes.clear()

    def cover(self) -> None:
        """Instrument classes that were derived, and functions that were replaced, since the last time.

        Raises DeclarationError for a protocol from which no class is derived: no run can be compared by it.
        """
        watch_mocks()
        for owner in self._owners:
            if not owner.is_unchanged:
                self._cover_again()
                break
        if self._protocols:
            self._look_at_protocols()

    def _look_at_protocols(self) -> None:
        """A class may be derived from a protocol after it was declared, and has to be before a run."""
        self._protocols = [port for port in self._protocols if not is_implemented(port.target)]
        for port in self._protocols:
            problem = f"no class is derived from the protocol {port.target.__name__}"
            looks = "one that only looks like it has no calls of a port"
            way_out = "derive those that implement it, register them with it, or declare them"
            raise DeclarationError(f'port "{port.name}"', f"{problem}, and {looks}: {way_out}")

    def find(self, hook: Hook, args: Args) -> PortMethod | None:
        """The port method that this call is; None where the function belongs to no port known here."""
        binding = self._bindings.get(hook)
        if binding is None:
            return self._find_beside(hook, args) if self._beside else None
        if binding.by_object and args:
            return binding.by_object.get(identity_of(args[0]), binding.always)
        return binding.always

    def part_called(self, hook: Hook, args: Args) -> PartCall | None:
        """What a call is that is none of a port, where it is one of an object that a port holds."""
        return self.parts.called(hook, args) if self.parts or hook.is_own else None

    def _find_beside(self, hook: Hook, args: Args) -> PortMethod | None:
        for book in self._beside:
            binding = book._bindings.get(hook)
            if binding is not None:
                return binding.by_object.get(identity_of(args[0]), binding.always) if args else binding.always
        return None

    def hooked(self) -> Iterator[tuple[str, Hook, Any]]:
        """Each instrumented function with the name and the target of its port."""
        for hook, binding in self._bindings.items():
            for method in dict.fromkeys((binding.always, *binding.by_object.values())):
                if method is not None:
                    yield method.port, hook, self.ports[method.port].target

    def undeclared(self) -> Iterator[PortMethod]:
        """Methods about which nothing is said."""
        for port in self.ports.values():
            for method in port.methods.values():
                if method.call_class is CallClass.UNDECLARED:
                    yield method

    def _cover_again(self) -> None:
        self._classes.clear()
        for port in self.ports.values():
            hooks = (hook for owner in _owners(port) for hook in owner.hooks())
            if _has_registered(port.target) or any(not self._is_bound(port, hook) for hook in hooks):
                self._cover(port)
        self._owners = [owner for port in self.ports.values() for owner in _owners(port)]

    def _is_bound(self, port: Port, hook: Hook | None) -> bool:
        binding = None if hook is None else self._bindings.get(hook)
        return binding is not None and (
            binding.always is not None or identity_of(port.target) in binding.by_object
        )

    def _cover(self, port: Port) -> None:
        if port.is_object:
            self._cover_object(port)
            return
        for name in _in_order(port, _covered_names(port, port.target)):
            self._bind(port, hook_function(port.target, name), None)
        if isinstance(port.target, type):
            self._cover_setters(port, port.target, None)
            for derived in subclasses(port.target):
                if derived is not port.target:
                    self._cover_derived(port, derived)

    def _cover_setters(self, port: Port, cls: type, target: Any) -> None:
        """A property that acts where it is set does so as a method does, and no declaration can name that."""
        for name, kind in acting_setters(cls, frozenset({*port.declared, *public_functions(cls)})):
            if cls is port.target or target is not None or name in vars(cls):
                with suppress(DeclarationError):
                    self._bind(port, hook_setter(cls, name, kind), target)

    def _cover_derived(self, port: Port, derived: type) -> None:
        is_derived = port.target in mro(derived)
        if not is_derived or "__setattr__" in vars(derived):
            watch_own_methods(derived)
        for name in _in_order(port, _covered_names(port, port.target) | _covered_names(port, derived)):
            if name in vars(derived) and is_derived:
                self._bind(port, hook_function(derived, name), None)
            elif not is_derived and not self._is_bound(port, hook_of(function_of(found_in(derived, name)))):
                with suppress(DeclarationError, AttributeError):  # it is registered, and may be one of C
                    self._bind(port, hook_function(derived, name), None)
        if is_derived:
            self._cover_setters(port, derived, None)

    def _cover_object(self, port: Port) -> None:
        cls = type(port.target)
        own = {name for name, value in members(port.target).items() if callable(value)}
        for name in _in_order(port, _covered_names(port, cls) | set(_public_members(port.target))):
            if name in own:
                self._bind(port, hook_function(port.target, name), None)
            else:
                self._bind(port, hook_function(cls, name), port.target)
        self._cover_setters(port, cls, port.target)

    def _bind(self, port: Port, hook: Hook, target: Any) -> None:
        said = port.declared.get(hook.name, _NOTHING_SAID)
        makes = said.call_class is CallClass.LOCAL
        method = PortMethod(
            port.name,
            hook,
            said.call_class,
            key=None if makes else said.option,
            make=said.option if makes else None,
            unaffected=said.unaffected,
            sleeps=said.call_class is CallClass.CLOCK and _is_sleep(hook.name),
            derive=port.derive.get(hook.name),
            commutes=port.any_order and said.call_class is CallClass.EFFECT,
            is_of_class=isinstance(port.target, type),
        )
        port.methods.setdefault(hook.name, method)
        binding = self._bindings.setdefault(hook, _Binding())
        if target is None or not hook.has_owner:
            binding.always = method
        else:
            binding.by_object[identity_of(target)] = method


def _owners(port: Port) -> Iterator[CoveredOwner]:
    """Where the functions of a port stand."""
    if port.is_channel:
        return
    if isinstance(port.target, type):
        for cls in subclasses(port.target):
            yield CoveredOwner(cls, port.methods)
        return
    yield CoveredOwner(port.target, port.methods)
    if port.is_object:
        yield CoveredOwner(type(port.target), port.methods)


def _has_registered(target: Any) -> bool:
    """Whether classes are of its family that are not derived from it, and may inherit what they do."""
    return isinstance(target, type) and any(target not in mro(cls) for cls in subclasses(target))


def _covered_names(port: Port, owner: Any) -> set[str]:
    """What is replaced of a port: what is declared, what is public, and special methods that may act."""
    names = {*port.declared, *public_functions(owner)}
    return names.union(acting_specials(owner, frozenset(names))) if isinstance(owner, type) else names


def _in_order(port: Port, names: Iterable[str]) -> list[str]:
    """What is declared first: a function that has a second name (`emit = send`) is what was declared."""
    return sorted(names, key=lambda name: (name not in port.declared, name))


def _public_members(target: Any) -> Iterator[str]:
    """The functions that an object has been given for itself."""
    for name, value in members(target).items():
        if not name.startswith("_") and isinstance(value, FunctionType | MethodType):
            yield name


def _is_sleep(name: str) -> bool:
    return any(word in name for word in _SLEEPING)
