"""How objects are copied: by their attributes, by what makes them from their parts, or not at all."""

from __future__ import annotations

import threading
from operator import is_
from types import SimpleNamespace
from typing import Any

from changeover.values.copy_operation import CopyOperation
from changeover.values.error_values import blank_error, fill_error
from changeover.values.handles import known_as
from changeover.values.own_state import class_name, has_dict, module_of_function, own_state, set_state
from changeover.values.shapes import Reading, Shape
from changeover.values.snapshot_error import SnapshotError

ACTS = "would act for real in a replay: give what it gives, or declare the method that it calls as a port"
"""What is said of a function that may not be passed on."""
_OWN_MAKERS = frozenset(
    f"changeover.values.{name}_values"
    for name in ("scalar", "container", "error", "small", "libraries.numpy", "libraries.pydantic")
)
"""Their copies are alike by what they do, and are not read again."""


def share(copier: CopyOperation, value: Any, reading: Reading, depth: int) -> Any:
    """What cannot change."""
    return value


def share_known(copier: CopyOperation, value: Any, reading: Reading, depth: int) -> Any:
    """What is asked by `is`, or is the same in all values that have it; its attributes may change."""
    copier.keep(value, value)
    copier.shared += (value,)
    return value


def share_function(copier: CopyOperation, value: Any, reading: Reading, depth: int) -> Any:
    """A function, which may not be one that acts."""
    if copier.refuses is not None and copier.refuses(value):
        raise SnapshotError(ACTS, value)
    if value.__closure__ or value.__defaults__ or value.__kwdefaults__:
        copier.met_function(value)
        if known_as(value) is None:  # one that stands in a module is the program's, whoever hands it over
            copier.shared += (value,)
    return value


def copy_method(copier: CopyOperation, value: Any, reading: Reading, depth: int) -> Any:
    """A method of a copy of its object, which may not be one that acts."""
    if copier.refuses is not None and copier.refuses(value):
        raise SnapshotError(ACTS, value)
    return make_copy(copier, value, reading, depth)


def copy_error(copier: CopyOperation, value: Any, reading: Reading, depth: int) -> Any:
    """An exception, made without its `__init__`."""
    made = blank_error(type(value))
    copier.keep(value, made)
    parts = reading.copied(value) if reading.copied is not None else {}
    copier.hold(parts)
    fill_error(made, copier.named(parts, depth, value))
    return made


def copy_object(copier: CopyOperation, value: Any, reading: Reading, depth: int) -> Any:
    """An object by its attributes; one that stands for a name is itself."""
    state = own_state(value)
    if copier.is_sentinel(value, state):
        return value
    made = object.__new__(type(value))
    copier.keep(value, made)
    set_state(made, copier.named(state, depth, value))
    return made


def copy_namespace(copier: CopyOperation, value: Any, reading: Reading, depth: int) -> Any:
    """A namespace by its attributes."""
    made = SimpleNamespace.__new__(type(value))
    copier.keep(value, made)
    set_state(made, copier.named(own_state(value), depth, value))
    return made


def copy_frozen(copier: CopyOperation, value: Any, reading: Reading, depth: int) -> Any:
    """A dataclass that says that it does not change."""
    if reading.values is not None and not has_dict(type(value)):
        try:
            held = reading.values(value)
        except AttributeError:  # one was never set
            held = None
        if held is not None and all(map(is_, copier.all(held, depth, value), held)):
            if copier.frozen is not None:
                copier.frozen.append((value, reading.values, held))
            return value
    state = own_state(value)
    parts = copier.named(state, depth, value)
    if all(map(is_, parts.values(), state.values())):
        if copier.frozen is not None:
            copier.frozen.append(_fields_met(value, reading))
        return value
    known = copier.memo.get(copier.number_of(value))
    if known is not None:
        return known
    made = object.__new__(type(value))
    set_state(made, parts)
    return made


def _fields_met(value: Any, reading: Reading) -> tuple[Any, Any, Any]:
    """Its fields alone: what else is kept in its dict is what `cached_property` and the like remember."""
    read = reading.parts if reading.values is None else reading.values
    try:
        return value, read, read(value)
    except AttributeError:  # one was never set
        return value, reading.parts, reading.parts(value)


def copy_lock(copier: CopyOperation, value: Any, reading: Reading, depth: int) -> Any:
    """A lock that nobody holds."""
    return threading.Lock() if type(value) is type(threading.Lock()) else threading.RLock()


def make_copy(copier: CopyOperation, value: Any, reading: Reading, depth: int) -> Any:
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
        if copier.frozen is not None and reading.may_be_set:
            copier.frozen.append((value, reading.parts, reading.parts(value)))
        return value
    known = copier.memo.get(copier.number_of(value))
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


def fill_copy(copier: CopyOperation, value: Any, reading: Reading, depth: int) -> Any:
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
