"""How values of a class are copied, worked out once for the class; those that are only shared are atoms."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Collection
from types import FunctionType, MethodDescriptorType, MethodType, SimpleNamespace, WrapperDescriptorType
from typing import Any

from changeover.values import container_values
from changeover.values.atom_types import ATOMS
from changeover.values.container_copies import (
    copy_deque,
    copy_dict,
    copy_exact_dict,
    copy_exact_list,
    copy_exact_tuple,
    copy_list,
    copy_set,
    copy_weak,
)
from changeover.values.copy_operation import CopyOperation
from changeover.values.error_values import make_error
from changeover.values.object_copies import (
    copy_error,
    copy_frozen,
    copy_lock,
    copy_method,
    copy_namespace,
    copy_object,
    fill_copy,
    make_copy,
    share,
    share_function,
    share_known,
)
from changeover.values.own_state import (
    found_in,
    has_dict,
    has_state,
    has_weak_references,
    layout_base,
    module_of_function,
    mro,
)
from changeover.values.reading import Handle, Reading, Shape, reading_of, remembered
from changeover.values.sentinels import has_own_attributes
from changeover.values.snapshot_error import IS_HANDLE
from changeover.values.weak_collections import kind_of

How = Callable[[CopyOperation, Any, Reading, int], Any]


SHARED_KINDS_MAX = 100


class Plan:
    """How values of one class are copied; `problem` says why they are not, unless they go by reference.

    `record` reads the parts of a frozen one that has no other attributes; of `shared` kinds, by the types of
    their parts in order, nothing can change.
    """

    __slots__ = ("how", "problem", "reading", "record", "shared")

    def __init__(self, how: How, reading: Reading, problem: str | None = None) -> None:
        self.how = how
        self.reading = reading
        self.problem = problem
        self.record: Callable[[Any], tuple[Any, ...]] | None = None
        self.shared: set[tuple[type, ...]] = set()

    @classmethod
    def of_frozen(cls, kind: type, reading: Reading) -> Plan:
        """That of a dataclass that says that it does not change."""
        made = cls(copy_frozen, reading)
        if not has_dict(kind) and not has_weak_references(kind):
            made.record = reading.values
        return made

    def met(self, types: tuple[type, ...]) -> None:
        """A record with parts of these types was met."""
        if len(self.shared) < SHARED_KINDS_MAX and all(map(is_atom_class, types)):
            self.shared.add(types)


_BY_LAYOUT: dict[type, How] = {
    list: copy_list,
    dict: copy_dict,
    OrderedDict: copy_dict,
    defaultdict: copy_dict,
    set: copy_set,
    deque: copy_deque,
    SimpleNamespace: copy_namespace,
}


EXACT = {
    cls: Plan(how, reading_of(cls))
    for cls, how in ((tuple, copy_exact_tuple), (dict, copy_exact_dict), (list, copy_exact_list))
}
"""How the containers that everybody uses are copied; nobody can register another reading of theirs."""


def _is_of_library(reading: Reading) -> bool:
    """Whether the module of a library says how values are made, though Python has the layout of them."""
    return (module_of_function(reading.make) or "").startswith("changeover.values.libraries.")


def _find_plan(cls: type) -> Plan:
    reading = reading_of(cls)
    if cls is FunctionType or cls is MethodType:
        return Plan(share_function if cls is FunctionType else copy_method, reading)
    if reading.is_atom:
        return Plan(share_known if has_own_attributes(cls, is_atom) else share, reading)
    if cls in EXACT:
        return EXACT[cls]
    if type(found_in(cls, "__del__")) not in (type(None), WrapperDescriptorType, MethodDescriptorType):
        return Plan(make_copy, reading, "has a __del__: what its copy closes would be the program's own")
    if reading.handle is Handle.LOCK:
        return Plan(copy_lock, reading)
    if reading.handle is not None:
        return Plan(make_copy, reading, IS_HANDLE)
    if reading.shape is Shape.UNREADABLE:
        return Plan(make_copy, reading, "cannot be rebuilt")
    if reading.fill is not None:
        return Plan(fill_copy, reading)
    if kind_of(cls) is not None and layout_base(cls) is object:
        return Plan(copy_weak, reading)
    layout = layout_base(cls)
    if reading.make is make_error and BaseExceptionGroup not in mro(cls):
        return Plan(copy_error, reading)
    if layout is object and module_of_function(reading.make) == container_values.__name__:
        return Plan(copy_object, reading)
    if reading.make is not None and (layout not in _BY_LAYOUT or _is_of_library(reading)):
        return Plan(make_copy, reading)
    if layout in _BY_LAYOUT:
        return Plan(_BY_LAYOUT[layout], reading)
    if layout is not object:
        return Plan(make_copy, reading, "cannot be rebuilt")
    if not has_state(cls):
        return Plan(share, reading)
    if getattr(found_in(cls, "__dataclass_params__"), "frozen", False):
        return Plan.of_frozen(cls, reading)
    return Plan(copy_object, reading)


plan_of: Callable[[type], Plan] = remembered(_find_plan)
"""How values of a class are copied."""


def is_atom(value: Any) -> bool:
    """Whether nothing in the value can change, which is known by its type alone."""
    cls = type(value)
    return cls in ATOMS or plan_of(cls).how is share


def is_atom_class(cls: type) -> bool:
    """The same of all values of a class."""
    return cls in ATOMS or plan_of(cls).how is share


def are_atoms(values: Collection[Any]) -> bool:
    """The same of several values."""
    return ATOMS.issuperset(map(type, values)) or all(map(is_atom, values))
