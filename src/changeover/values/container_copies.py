"""How containers are copied: each has its own order, and what stands in it may lead back to it."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from operator import is_
from typing import Any

from changeover.values.atom_types import ATOMS
from changeover.values.copy_operation import CopyOperation
from changeover.values.own_state import layout_base, set_state
from changeover.values.set_order import fill_in_order, is_in_order
from changeover.values.shapes import Reading
from changeover.values.weak_collections import empty_of, fill

_MOST = deque.__dict__["maxlen"].__get__
_FACTORY = defaultdict.__dict__["default_factory"].__get__


def copy_exact_dict(copier: CopyOperation, value: dict[Any, Any], reading: Reading, depth: int) -> Any:
    """A dict of which nobody can register another reading."""
    copier.items += len(value)
    if copier.items > copier.next_look:
        copier.count(value)
    atoms = ATOMS
    if atoms.issuperset(map(type, value.values())) and atoms.issuperset(map(type, value)):
        return value.copy()
    made: dict[Any, Any] = {}
    copier.memo[copier.number_of(value)] = made  # a part of it may lead back to it
    copied = copier.copied
    for key, part in value.items():
        if type(key) not in atoms:
            key = copied(key, depth)
        made[key] = part if type(part) in atoms else copied(part, depth)
    return made


def copy_exact_list(copier: CopyOperation, value: list[Any], reading: Reading, depth: int) -> Any:
    """The same of a list."""
    if ATOMS.issuperset(map(type, value)):
        copier.items += len(value)
        if copier.items > copier.next_look:
            copier.count(value)
        return value.copy()
    made: list[Any] = []
    copier.memo[copier.number_of(value)] = made  # a part of it may lead back to it
    made += copier.all(value, depth, value)
    return made


def copy_exact_tuple(copier: CopyOperation, value: tuple[Any, ...], reading: Reading, depth: int) -> Any:
    """The same of a tuple, which is itself where its parts are."""
    if ATOMS.issuperset(map(type, value)):
        copier.items += len(value)
        return value
    parts = copier.all(value, depth, value)
    if all(map(is_, parts, value)):
        return value
    return copier.memo.get(copier.number_of(value)) or tuple(parts)  # a part of it may have led back to it


def copy_list(copier: CopyOperation, value: Any, reading: Reading, depth: int) -> Any:
    """A list of a class of its own."""
    cls = type(value)
    made = list.__new__(cls)
    copier.keep(value, made)
    list.extend(made, copier.all(value if cls is list else reading.parts(value), depth, value))
    _give_state(copier, value, made, reading, depth)
    return made


def copy_dict(copier: CopyOperation, value: Any, reading: Reading, depth: int) -> Any:
    """A dict of a class of its own, or one of the standard library."""
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


def copy_set(copier: CopyOperation, value: Any, reading: Reading, depth: int) -> Any:
    """A set, in the order that the set has."""
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


def copy_deque(copier: CopyOperation, value: Any, reading: Reading, depth: int) -> Any:
    """A deque, as long as it may be."""
    made: Any = deque.__new__(type(value))
    deque.__init__(made, (), _MOST(value))
    copier.keep(value, made)
    deque.extend(made, copier.all(reading.parts(value), depth, value))
    _give_state(copier, value, made, reading, depth)
    return made


def copy_weak(copier: CopyOperation, value: Any, reading: Reading, depth: int) -> Any:
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
            lambda part: copier.number_of(part) in copier.memo,
        )

    copier.later = [*copier.later, filled]
    return made


def _give_state(copier: CopyOperation, value: Any, made: Any, reading: Reading, depth: int) -> None:
    if reading.state is not None:
        state = reading.state(value)
        if state:
            set_state(made, copier.named(state, depth, value))
