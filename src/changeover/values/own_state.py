"""The attributes that an instance itself holds, read without asking the program anything.

`__dict__` and slots are read through the descriptors that CPython made for them: a property, `__getattr__` or
`__getattribute__` of the class is never called, private names and slots of base classes are found, and an
attribute that is hidden by a descriptor of a derived class is read all the same.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache
from types import GetSetDescriptorType, MappingProxyType, MemberDescriptorType
from typing import Any, TypeVar

CLASSES_REMEMBERED_MAX = 4_096
_POINTER = struct.calcsize("P")
_HEAP_TYPE = 1 << 9
_NAMESPACE = type.__dict__["__dict__"].__get__
_MRO = type.__dict__["__mro__"].__get__
_BASE = type.__dict__["__base__"].__get__
_FLAGS = type.__dict__["__flags__"].__get__
_MODULE = type.__dict__["__module__"].__get__
_QUALNAME = type.__dict__["__qualname__"].__get__
_DICT_AT = type.__dict__["__dictoffset__"].__get__
_WEAKREF_AT = type.__dict__["__weakrefoffset__"].__get__
_SIZE = type.__dict__["__basicsize__"].__get__
_ITEM_SIZE = type.__dict__["__itemsize__"].__get__
_OFFSETS = frozenset({"__vectorcalloffset__", "__weaklistoffset__", "__dictoffset__"})
"""Members by which a class in C says where it keeps something: an address in an instance, and no slot."""

_T = TypeVar("_T")


def by_class(find: Callable[[type], _T]) -> Callable[[type], _T]:
    """Remember what is worked out of a class; bounded, since classes are made at run time."""
    return lru_cache(CLASSES_REMEMBERED_MAX)(find)


StateReader = Callable[[Any], dict[Any, Any]]
Writer = Callable[[Any, dict[Any, Any]], None]


def namespace(cls: type) -> MappingProxyType[str, Any]:
    """What a class itself defines, whatever its metaclass says."""
    found: MappingProxyType[str, Any] = _NAMESPACE(cls)
    return found


def mro(cls: type) -> tuple[type, ...]:
    """The class and its bases."""
    found: tuple[type, ...] = _MRO(cls)
    return found


def is_a(value: Any, *classes: type) -> bool:
    """`isinstance` by the class of a value alone: what a proxy says of its class is not asked."""
    bases = mro(type(value))
    return any(one in bases for one in classes)


def found_in(cls: type, name: str) -> Any:
    """What a class or its bases define under a name, as it stands there; None where nothing."""
    return next((namespace(base)[name] for base in mro(cls) if name in namespace(base)), None)


@by_class
def layout_base(cls: type) -> type:
    """The nearest base that keeps something of its own in C: `dict` for any class derived from dict.

    A class statement adds slots, a `__dict__` and weak references to the instances of its base, nothing else.
    """
    while cls is not object:
        base = _BASE(cls)
        if _ITEM_SIZE(cls) != _ITEM_SIZE(base) or not _FLAGS(cls) & _HEAP_TYPE:
            return cls
        added = len([one for _, one in slots_of(cls) if one.__objclass__ is cls])
        added += (_DICT_AT(cls) != 0) - (_DICT_AT(base) != 0)
        added += (_WEAKREF_AT(cls) != 0) - (_WEAKREF_AT(base) != 0)
        if _SIZE(cls) > _SIZE(base) + _POINTER * added:
            return cls
        cls = base
    return cls


def class_name(cls: type) -> str:
    """The name of a class, with its module unless it is built in."""
    module, name = _MODULE(cls), _QUALNAME(cls)
    return str(name) if module == "builtins" else f"{module}.{name}"


def qualified_name(cls: type) -> str:
    """The name of a class in its module, whatever its metaclass says."""
    return str(_QUALNAME(cls))


def is_heap_type(cls: type) -> bool:
    """Whether a class was made while Python ran, and is not built into it."""
    return bool(_FLAGS(cls) & _HEAP_TYPE)


def module_of(cls: type) -> str:
    """The module that a class says it is from; empty where it says nothing that is a text."""
    found = namespace(cls).get("__module__") if _FLAGS(cls) & _HEAP_TYPE else _MODULE(cls)
    return found if type(found) is str else ""


@by_class
def slots_of(cls: type) -> tuple[tuple[str, MemberDescriptorType], ...]:
    """Names, as the interpreter has them, and descriptors of the slots of a class and its bases."""
    found: dict[str, MemberDescriptorType] = {}
    for base in mro(cls):
        if not _FLAGS(base) & _HEAP_TYPE or "__slots__" not in namespace(base):
            continue  # members of a type in C (`defaultdict` since Python 3.13) lie in its own layout
        for name, descriptor in namespace(base).items():
            is_slot = type(descriptor) is MemberDescriptorType and name not in _OFFSETS
            if is_slot and descriptor.__objclass__ is base:
                # A slot of the same name in a base is another place, which nobody can reach by its name.
                found.setdefault(name, descriptor)
    return tuple(found.items())


@by_class
def dict_of(cls: type) -> Callable[[Any], dict[Any, Any]] | None:
    """What reads an instance's `__dict__`; None where instances have none, or where it is hidden."""
    if _DICT_AT(cls) == 0:
        return None
    for base in mro(cls):
        descriptor: Any = namespace(base).get("__dict__")
        if type(descriptor) in (GetSetDescriptorType, MemberDescriptorType) and base is not type:
            read: Callable[[Any], dict[Any, Any]] = descriptor.__get__
            return read
    return None


def has_dict(cls: type) -> bool:
    """Whether instances have a `__dict__`."""
    return bool(_DICT_AT(cls) != 0)


def has_weak_references(cls: type) -> bool:
    """Whether something may hold instances weakly."""
    return bool(_WEAKREF_AT(cls) != 0)


def has_state(cls: type) -> bool:
    """Whether instances may have attributes."""
    return has_dict(cls) or bool(slots_of(cls))


@by_class
def state_reader(cls: type) -> StateReader:
    """What gives the attributes of an instance as a dict of its own; what is unset is left out."""
    in_dict, slots = dict_of(cls), slots_of(cls)
    if not slots:
        return _no_state if in_dict is None else lambda value: dict(in_dict(value))

    def read(value: Any) -> dict[Any, Any]:
        state = {} if in_dict is None else dict(in_dict(value))
        for name, descriptor in slots:
            try:
                state[name] = descriptor.__get__(value)
            except AttributeError:
                continue
        return state

    return read


def _no_state(_value: Any) -> dict[Any, Any]:
    return {}


def own_state(value: Any) -> dict[Any, Any]:
    """The attributes of an instance."""
    return state_reader(type(value))(value)


@by_class
def state_viewer(cls: type) -> StateReader:
    """What gives the attributes of an instance, which may be its own dict: for one look, and nothing else."""
    in_dict = dict_of(cls)
    return state_reader(cls) if in_dict is None or slots_of(cls) else in_dict


def set_state(value: Any, state: dict[Any, Any]) -> None:
    """Give an instance its attributes, without asking its `__setattr__`."""
    state_writer(type(value))(value, state)


@by_class
def state_writer(cls: type) -> Writer:
    """What gives an instance of a class its attributes."""
    in_dict, slots = dict_of(cls), dict(slots_of(cls))
    if in_dict is not None and not slots:
        return lambda value, state: in_dict(value).update(state)

    def write(value: Any, state: dict[Any, Any]) -> None:
        for name, part in state.items():
            if name in slots:
                slots[name].__set__(value, part)
            elif in_dict is not None:
                in_dict(value)[name] = part

    return write


def is_hidden(cls: type) -> bool:
    """Whether instances keep something outside of their `__dict__` and slots, or hide their `__dict__`."""
    return layout_base(cls) is not object or (has_dict(cls) and dict_of(cls) is None)


def module_of_function(function: Any) -> str | None:
    """The module that a function is from."""
    module = getattr(function, "__module__", None)
    return module if type(module) is str else None
