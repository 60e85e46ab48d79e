"""A value as it is now: deeply immutable parts are shared, everything else is copied once.

A copy is made from the parts that a reading gives, by the `__new__` of the base type and the attributes; what
a class says about copying itself (`__deepcopy__`, `__reduce__`, `__setstate__`) is not asked. Where something
else had a hand in it (a `make` that was registered, a type in C) the copy is read and has to be alike.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from operator import is_
from time import thread_time
from types import (
    FunctionType,
    MappingProxyType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    SimpleNamespace,
    WrapperDescriptorType,
)
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from changeover.values import container_values
from changeover.values.closures import closed_over
from changeover.values.copy_time import CopyTime, TookTooLong
from changeover.values.equality import identical
from changeover.values.error_text import class_and_message
from changeover.values.error_values import blank_error, fill_error, make_error
from changeover.values.handles import known_as
from changeover.values.limits import COPIED_BEFORE_A_LOOK, COPIED_BETWEEN_LOOKS, DEPTH_MAX, ITEMS_MAX
from changeover.values.own_state import (
    class_name,
    found_in,
    has_dict,
    has_state,
    layout_base,
    module_of,
    mro,
    own_state,
    set_state,
)
from changeover.values.reading import Handle, Reading, Shape, reading_of, remembered
from changeover.values.sentinels import has_own_attributes, may_be_sentinel
from changeover.values.set_order import fill_in_order, is_in_order
from changeover.values.snapshot_error import IS_HANDLE, SnapshotError, parts_below, place_of
from changeover.values.weak_collections import empty_of, fill, kind_of

__all__ = ["ATOMS", "ByReference", "SnapshotError", "copied_error", "snapshot"]

_MOST = deque.__dict__["maxlen"].__get__
_FACTORY = defaultdict.__dict__["default_factory"].__get__
ByReference = Callable[[Any], bool]
_NAMED_DEPTH = 2
"""At which depth of what is copied the arguments of a call stand, which have names that people know."""


def snapshot(
    value: Any,
    *,
    by_reference: ByReference | None = None,
    time_left: CopyTime | None = None,
    known: dict[int, Any] | None = None,
    shared: list[Any] | None = None,
    refuses: Callable[[Any], bool] | None = None,
) -> Any:
    """The value itself where nothing in it can change, else a copy; raises SnapshotError.

    What is handed over as one tuple is copied as one value: what stands in it twice is one in the copy.

    Args:
        value: Anything.
        by_reference: Says of an object that it is to be passed on as it is: that of a declared port.
        time_left: How long it may take, which is less afterwards; None is no limit.
        known: What stands in the copy for parts that are there already, by their identity.
        shared: Takes what stands in the copy as it is although attributes of it can change: a member of an
            enumeration, a path or a zone; and functions that were made while the program ran.
        refuses: Says of a function or method that it may not be passed on.
    """
    cls = type(value)
    if cls in ATOMS:
        return value
    if cls is tuple and ATOMS.issuperset(map(type, value)):  # arguments of most calls; saves the machinery
        return value
    copier = _Copier(by_reference, time_left)
    copier.refuses = refuses
    if known:
        copier.memo.update(known)
    try:
        copy = copier.copied(value, 0)
        while copier.later:
            first, *copier.later = copier.later
            first()
        if copier.functions:
            copier.look_at_functions()
        if shared is not None:
            shared += copier.shared
        if copier.is_to_be_read and not known and copier.has_time(value) and not identical(copy, value):
            raise SnapshotError("has no copy that reads alike", copier.unlike(value))
        return copy
    except SnapshotError as error:
        error.place = place_of(value, error.part)
        error.part = None
        raise
    except RecursionError:
        raise SnapshotError("is nested too deeply", value) from None
    except Exception as error:  # what a program registered, and what C makes of parts, may raise anything
        part = value if copier.failed_at is None else copier.failed_at
        problem = SnapshotError(f"cannot be copied: {class_and_message(error)}", part)
        problem.place, problem.part = place_of(value, part), None
        raise problem from error
    finally:
        if copier.began and time_left is not None:
            time_left.left -= thread_time() - copier.began


def is_atom(value: Any) -> bool:
    """Whether nothing in the value can change, which is known by its type alone."""
    cls = type(value)
    return cls in ATOMS or plan_of(cls).how is _share


def is_atom_class(cls: type) -> bool:
    """The same of all values of a class."""
    return cls in ATOMS or plan_of(cls).how is _share


def are_atoms(values: Collection[Any]) -> bool:
    """The same of several values."""
    return ATOMS.issuperset(map(type, values)) or all(map(is_atom, values))


ATOMS: frozenset[type] = frozenset(
    {
        *(type(None), bool, int, float, complex, str, bytes, range, type(...), type(NotImplemented)),
        *(Decimal, datetime, date, time, timedelta, timezone, ZoneInfo, UUID),
        *(type, ModuleType),
    }
)
"""In values of these types nothing can change, and no attribute stands."""


def copied_error(error: BaseException, by_reference: ByReference | None = None) -> BaseException:
    """A new exception of the same class, arguments and attributes, without traceback and context.

    No method of its class is called: its `__init__` may take other arguments than it hands on.
    """
    copy: BaseException = snapshot(error, by_reference=by_reference)
    return copy


class _Copier:
    """One copy operation: what was met twice is copied once, as `deepcopy` does."""

    # The class has what is so at first: most copies need no more.
    items = 0
    is_to_be_read = False
    began = 0.0
    failed_at: Any = None
    later: Sequence[Callable[[], None]] = ()
    made_by: Mapping[str, None] = MappingProxyType({})
    functions: tuple[Any, ...] = ()
    shared: tuple[Any, ...] = ()
    refuses: Callable[[Any], bool] | None = None
    _kept: list[Any] | None = None
    _globals: dict[str, set[int]] | None = None

    def __init__(self, by_reference: ByReference | None, time_left: CopyTime | None) -> None:
        self.memo: dict[int, Any] = {}
        self._reference = by_reference
        self._time = time_left
        self._look_at = ITEMS_MAX if time_left is None else COPIED_BEFORE_A_LOOK

    def unlike(self, value: Any) -> Any:
        """The innermost part whose copy was made by something else than its attributes, and is not alike."""
        found = value
        for _, part in parts_below(value):
            copy = self.memo.get(id(part), part)
            if class_name(type(part)) in self.made_by and not identical(copy, part):
                found = part
        return found

    def copied(self, value: Any, depth: int) -> Any:
        cls = type(value)
        # A builtin container is no object of a port: no method of its class can be replaced.
        plan = _EXACT.get(cls)
        if plan is None:
            if cls in ATOMS:
                return value
            plan = plan_of(cls)
            if plan.how is _share:
                return value
            number = id(value)
            known = self.memo.get(number, self)
            if known is not self:
                return known
            if self._reference is not None and self._reference(value):
                return value
            if plan.problem is not None:
                raise SnapshotError(plan.problem, value)
        else:
            number = id(value)
            known = self.memo.get(number, self)
            if known is not self:
                return known
        self.items += 1
        if depth > DEPTH_MAX:
            raise SnapshotError(f"goes beyond {DEPTH_MAX} levels", value)
        if self.items > self._look_at:
            self.count(value)
        try:
            made = self.memo[number] = plan.how(self, value, plan.reading, depth + 1)
        except TookTooLong as error:
            if depth >= _NAMED_DEPTH or (depth and cls not in (tuple, dict)):
                error.part, error.type_name = value, cls.__qualname__
            raise
        except SnapshotError:
            raise
        except Exception:
            if self.failed_at is None:
                self.failed_at = value
            raise
        return made

    def is_sentinel(self, value: Any, state: dict[Any, Any]) -> bool:
        """Whether an object stands in the module of its class for a name alone: `is` is asked of it."""
        if not may_be_sentinel(value, state):
            return False
        name = module_of(type(value))
        if self._globals is None:
            self._globals = {}
        if name not in self._globals:
            module = sys.modules.get(name)
            self._globals[name] = set() if module is None else {*map(id, vars(module).values())}
        return id(value) in self._globals[name]

    def has_copied(self, value: Any) -> bool:
        """Whether a part stands in the copy already."""
        return id(value) in self.memo

    def keep(self, value: Any, made: Any) -> None:
        """Remember the copy of a value, which may not be complete yet."""
        self.memo[id(value)] = made

    def hold(self, parts: Any) -> None:
        """Let parts that a reading made for this copy live, so that no identity is used twice."""
        if self._kept is None:
            self._kept = []
        self._kept.append(parts)

    def met_function(self, function: Any) -> None:
        """A function goes as it is; what it holds in its closure is looked at in the end."""
        self.functions += (function,)

    def look_at_functions(self) -> None:
        """Refuse a function that would act on what it was handed with, and not on the copy of it."""
        for function in self.functions:
            if any(self.memo.get(id(part), part) is not part for part in closed_over(function)):
                problem = "holds in its closure what it is handed with, which would be the program's own"
                raise SnapshotError(problem, function)

    def count(self, value: Any) -> None:
        """Look at the limits."""
        if self.items > ITEMS_MAX:
            raise SnapshotError(f"goes beyond {ITEMS_MAX} items", value)
        if self.has_time(value):
            self._look_at = min(ITEMS_MAX, self.items + COPIED_BETWEEN_LOOKS)

    def has_time(self, value: Any) -> bool:
        """True where it may take longer, else raises TookTooLong; the first time that is asked it begins."""
        if self._time is not None:
            now = thread_time()
            self.began = self.began or now
            if now - self.began >= self._time.left:
                raise TookTooLong("takes longer to be copied than record_seconds_max allows", value)
        return True

    def all(self, parts: Iterable[Any], depth: int, owner: Any) -> list[Any]:
        """Copies of parts."""
        found = parts if isinstance(parts, list | tuple) else [*parts]
        self.items += len(found)
        if self.items > self._look_at:
            self.count(owner)
        copied = self.copied
        return [part if type(part) in ATOMS else copied(part, depth) for part in found]

    def named(self, parts: dict[Any, Any], depth: int, owner: Any) -> dict[Any, Any]:
        """A dict with copies of the values."""
        self.items += len(parts)
        if self.items > self._look_at:
            self.count(owner)
        copied = self.copied
        return {name: part if type(part) in ATOMS else copied(part, depth) for name, part in parts.items()}


def _share(copier: _Copier, value: Any, reading: Reading, depth: int) -> Any:
    return value


def _share_known(copier: _Copier, value: Any, reading: Reading, depth: int) -> Any:
    """What is asked by `is`, or is the same in all values that have it; its attributes may change."""
    copier.shared += (value,)
    return value


ACTS = "would act for real in a replay: give what it gives, or declare the method that it calls as a port"
"""What is said of a function that may not be passed on."""


def _function(copier: _Copier, value: Any, reading: Reading, depth: int) -> Any:
    if copier.refuses is not None and copier.refuses(value):
        raise SnapshotError(ACTS, value)
    if value.__closure__ or value.__defaults__ or value.__kwdefaults__:
        copier.met_function(value)
        if known_as(value) is None:  # one that stands in a module is the program's, whoever hands it over
            copier.shared += (value,)
    return value


def _list(copier: _Copier, value: Any, reading: Reading, depth: int) -> Any:
    cls = type(value)
    made = list.__new__(cls)
    copier.keep(value, made)
    list.extend(made, copier.all(value if cls is list else reading.parts(value), depth, value))
    _give_state(copier, value, made, reading, depth)
    return made


def _exact_dict(copier: _Copier, value: dict[Any, Any], reading: Reading, depth: int) -> Any:
    copier.items += len(value)
    if copier.items > copier._look_at:
        copier.count(value)
    atoms = ATOMS
    if atoms.issuperset(map(type, value.values())) and atoms.issuperset(map(type, value)):
        return value.copy()
    made: dict[Any, Any] = {}
    copier.memo[id(value)] = made  # a part of it may lead back to it
    copied = copier.copied
    for key, part in value.items():
        if type(key) not in atoms:
            key = copied(key, depth)
        made[key] = part if type(part) in atoms else copied(part, depth)
    return made


def _exact_list(copier: _Copier, value: list[Any], reading: Reading, depth: int) -> Any:
    if ATOMS.issuperset(map(type, value)):
        copier.items += len(value)
        if copier.items > copier._look_at:
            copier.count(value)
        return value.copy()
    made: list[Any] = []
    copier.memo[id(value)] = made  # a part of it may lead back to it
    made += copier.all(value, depth, value)
    return made


def _exact_tuple(copier: _Copier, value: tuple[Any, ...], reading: Reading, depth: int) -> Any:
    if ATOMS.issuperset(map(type, value)):
        copier.items += len(value)
        return value
    parts = copier.all(value, depth, value)
    if all(map(is_, parts, value)):
        return value
    return copier.memo.get(id(value)) or tuple(parts)  # a part of it may have led back to it


def _dict(copier: _Copier, value: Any, reading: Reading, depth: int) -> Any:
    cls: Any = type(value)
    base: Any = layout_base(cls)
    made = base.__new__(cls)
    copier.keep(value, made)
    if base is defaultdict:
        defaultdict.__init__(made, copier.copied(_FACTORY(value), depth))
    parts = reading.parts(value)
    keys = copier.all([*parts], depth, value)
    parts_made = copier.all([*parts.values()], depth, value)
    put = OrderedDict.__setitem__ if base is OrderedDict else dict.__setitem__
    for key, part in zip(keys, parts_made, strict=True):
        put(made, key, part)
    _give_state(copier, value, made, reading, depth)
    return made


def _set(copier: _Copier, value: Any, reading: Reading, depth: int) -> Any:
    made = set.__new__(type(value))
    copier.keep(value, made)
    parts = reading.parts(value)
    members = copier.all(parts, depth, value)
    if all(map(is_, members, parts)):
        set.update(made, value)  # taken as a set it often keeps the order at once
    if not is_in_order(made, members):
        fill_in_order(made, members)
    _give_state(copier, value, made, reading, depth)
    return made


def _deque(copier: _Copier, value: Any, reading: Reading, depth: int) -> Any:
    made: Any = deque.__new__(type(value))
    deque.__init__(made, (), _MOST(value))
    copier.keep(value, made)
    deque.extend(made, copier.all(reading.parts(value), depth, value))
    _give_state(copier, value, made, reading, depth)
    return made


def _error(copier: _Copier, value: Any, reading: Reading, depth: int) -> Any:
    made = blank_error(type(value))
    copier.keep(value, made)
    parts = reading.copied(value) if reading.copied is not None else {}
    copier.hold(parts)
    fill_error(made, copier.named(parts, depth, value))
    return made


def _object(copier: _Copier, value: Any, reading: Reading, depth: int) -> Any:
    state = own_state(value)
    if copier.is_sentinel(value, state):
        return value
    made = object.__new__(type(value))
    copier.keep(value, made)
    set_state(made, copier.named(state, depth, value))
    return made


def _namespace(copier: _Copier, value: Any, reading: Reading, depth: int) -> Any:
    made = SimpleNamespace.__new__(type(value))
    copier.keep(value, made)
    set_state(made, copier.named(own_state(value), depth, value))
    return made


def _frozen(copier: _Copier, value: Any, reading: Reading, depth: int) -> Any:
    """A dataclass that says that it does not change."""
    if reading.values is not None and not has_dict(type(value)):
        try:
            held = reading.values(value)
        except AttributeError:  # one was never set
            held = None
        if held is not None and all(map(is_, copier.all(held, depth, value), held)):
            return value
    state = own_state(value)
    parts = copier.named(state, depth, value)
    if all(map(is_, parts.values(), state.values())):
        return value
    known = copier.memo.get(id(value))
    if known is not None:
        return known
    made = object.__new__(type(value))
    set_state(made, parts)
    return made


def _lock(copier: _Copier, value: Any, reading: Reading, depth: int) -> Any:
    return threading.Lock() if type(value) is type(threading.Lock()) else threading.RLock()


def _method(copier: _Copier, value: Any, reading: Reading, depth: int) -> Any:
    if copier.refuses is not None and copier.refuses(value):
        raise SnapshotError(ACTS, value)
    return _made(copier, value, reading, depth)


def _made(copier: _Copier, value: Any, reading: Reading, depth: int) -> Any:
    """What is made at once from its parts."""
    is_own = module_of_function(reading.make) in _OWN_MAKERS
    if not is_own:  # what takes so long inside of a library is counted, not bounded
        copier.has_time(value)
    parts = (reading.copied or reading.parts)(value)
    if parts is None:
        raise SnapshotError("cannot be rebuilt", value)
    copier.hold(parts)
    state = {} if reading.state is None else reading.state(value)
    if reading.shape is Shape.SCALAR:
        copies, is_same = parts, False
    elif type(parts) is dict:
        copies = copier.named(parts, depth, value)
        is_same = all(map(is_, copies.values(), parts.values()))
    else:
        copies = copier.all(parts, depth, value)
        is_same = all(map(is_, copies, parts))
    if reading.is_frozen and is_same and not state:
        return value
    known = copier.memo.get(id(value))
    if known is not None:  # a part of it has led back to it
        return known
    make = reading.make
    if make is None:
        raise SnapshotError("cannot be rebuilt", value)
    made = make(type(value), copies, state)
    if not is_own:
        copier.is_to_be_read = True
        copier.made_by = {**copier.made_by, class_name(type(value)): None}
    copier.keep(value, made)
    if state:
        set_state(made, copier.named(state, depth, value))
    return made


def _weak(copier: _Copier, value: Any, reading: Reading, depth: int) -> Any:
    """What holds weakly is filled in the end, when it is known what else in the copy holds its parts."""
    made, parts = empty_of(type(value)), reading.parts(value)
    copier.keep(value, made)
    copier.hold(parts)
    _give_state(copier, value, made, reading, depth)

    def filled() -> None:
        fill(
            made,
            parts,
            lambda part: copier.all((part,), depth, value)[0],
            lambda part: id(part) in copier.memo,
        )

    copier.later = [*copier.later, filled]
    return made


def _filled(copier: _Copier, value: Any, reading: Reading, depth: int) -> Any:
    """What may lead back to itself and is not kept in attributes: made empty, then given its parts."""
    parts = (reading.copied or reading.parts)(value)
    if parts is None or reading.make is None or reading.fill is None:
        raise SnapshotError("cannot be rebuilt", value)
    copier.hold(parts)
    made = reading.make(type(value), parts, {})
    copier.keep(value, made)
    reading.fill(made, copier.named(parts, depth, value))
    copier.is_to_be_read = True
    copier.made_by = {**copier.made_by, class_name(type(value)): None}
    return made


_OWN_MAKERS = frozenset(
    f"changeover.values.{name}_values"
    for name in ("scalar", "container", "error", "small", "libraries.numpy", "libraries.pydantic")
)
"""Their copies are alike by what they do, and are not read again."""


def module_of_function(function: Any) -> str | None:
    """The module that a function is from."""
    module = getattr(function, "__module__", None)
    return module if type(module) is str else None


def _give_state(copier: _Copier, value: Any, made: Any, reading: Reading, depth: int) -> None:
    if reading.state is not None:
        state = reading.state(value)
        if state:
            set_state(made, copier.named(state, depth, value))


How = Callable[[_Copier, Any, Reading, int], Any]


class Plan:
    """How values of one class are copied; `problem` says why they are not, unless they go by reference."""

    __slots__ = ("how", "problem", "reading")

    def __init__(self, how: How, reading: Reading, problem: str | None = None) -> None:
        self.how = how
        self.reading = reading
        self.problem = problem


_BY_LAYOUT: dict[type, How] = {
    list: _list,
    dict: _dict,
    OrderedDict: _dict,
    defaultdict: _dict,
    set: _set,
    deque: _deque,
    SimpleNamespace: _namespace,
}


_EXACT = {
    cls: Plan(how, reading_of(cls))
    for cls, how in ((tuple, _exact_tuple), (dict, _exact_dict), (list, _exact_list))
}
"""How the containers that everybody uses are copied; nobody can register another reading of theirs."""


def _is_of_library(reading: Reading) -> bool:
    """Whether the module of a library says how values are made, though Python has the layout of them."""
    return (module_of_function(reading.make) or "").startswith("changeover.values.libraries.")


def _find_plan(cls: type) -> Plan:
    reading = reading_of(cls)
    if cls is FunctionType or cls is MethodType:
        return Plan(_function if cls is FunctionType else _method, reading)
    if reading.is_atom:
        return Plan(_share_known if has_own_attributes(cls, is_atom) else _share, reading)
    if cls in _EXACT:
        return _EXACT[cls]
    if type(found_in(cls, "__del__")) not in (type(None), WrapperDescriptorType, MethodDescriptorType):
        return Plan(_made, reading, "has a __del__: what its copy closes would be the program's own")
    if reading.handle is Handle.LOCK:
        return Plan(_lock, reading)
    if reading.handle is not None:
        return Plan(_made, reading, IS_HANDLE)
    if reading.shape is Shape.UNREADABLE:
        return Plan(_made, reading, "cannot be rebuilt")
    if reading.fill is not None:
        return Plan(_filled, reading)
    if kind_of(cls) is not None and layout_base(cls) is object:
        return Plan(_weak, reading)
    layout = layout_base(cls)
    if reading.make is make_error and BaseExceptionGroup not in mro(cls):
        return Plan(_error, reading)
    if layout is object and module_of_function(reading.make) == container_values.__name__:
        return Plan(_object, reading)
    if reading.make is not None and (layout not in _BY_LAYOUT or _is_of_library(reading)):
        return Plan(_made, reading)
    if layout in _BY_LAYOUT:
        return Plan(_BY_LAYOUT[layout], reading)
    if layout is not object:
        return Plan(_made, reading, "cannot be rebuilt")
    if not has_state(cls):
        return Plan(_share, reading)
    params = found_in(cls, "__dataclass_params__")
    return Plan(_frozen if getattr(params, "frozen", False) else _object, reading)


plan_of: Callable[[type], Plan] = remembered(_find_plan)
"""How values of a class are copied."""
