"""Whether two classes are two kinds of one thing: objects with the same attributes that mean something else.

What a path is rewritten with may have classes of its own: in another module, or made in another way. There a
class says nothing. But whoever declares `Filled` and `Rejected` side by side, in one way, tells them apart by
nothing but the class.
"""

from __future__ import annotations

from collections.abc import Hashable

from changeover.values.own_state import class_name, has_dict, module_of, mro, namespace
from changeover.values.reading import Shape, reading_of, remembered

_DECLARED_BY = ("__dataclass_fields__", "__attrs_attrs__")


def are_two_kinds(one: type, other: type) -> bool:
    """Whether both are classes of objects with attributes, made alike in one module, with other names."""
    if one is other:
        return False
    make = _make(one)
    return make is not None and make == _make(other) and class_name(one) != class_name(other)


@remembered
def _make(cls: type) -> Hashable:
    """The module of a class and the way in which it is made; None where its class says nothing."""
    reading = reading_of(cls)
    if reading.shape is not Shape.NAMES or reading.mapping or issubclass(cls, BaseException):
        return None
    declared = tuple(name for name in _DECLARED_BY if any(name in namespace(base) for base in mro(cls)))
    return module_of(cls), type(cls), issubclass(cls, tuple), declared, has_dict(cls)
