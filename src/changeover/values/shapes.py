"""What a reading of a type is: which shape its values have, what their parts are, how one is made again.

A reading is a function of the class alone, worked out once. Its functions must not run code of the program
or change anything: no `==`, truth, length, iteration, `repr`, property or `__getattr__` of the value or of
what it holds. They use what the base types offer (`list.__iter__(value)`, `dict.items(value)`,
`str.__str__(value)`) and `changeover.values.own_state` for attributes. What they give is raw: parts are
objects of the program, which are read in their turn by whoever asked.

An example, the whole reading of a class `Money` that keeps its amount in C:

    Reading(
        Shape.NAMES,
        parts=lambda money: {"amount": money_amount(money), "currency": money_currency(money)},
        make=lambda cls, parts, state: new_money(parts["amount"], parts["currency"]),
    )
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from changeover.quick_dataclass import dataclass

CONTENT = "(content)"
"""The name of a container's or scalar's own content where its class adds attributes to it."""


class Shape(Enum):
    """The shapes of the plain form. Values of different shapes are never equal."""

    SCALAR = "scalar"
    NAMES = "mapping"
    ITEMS = "list"
    BAG = "set"
    ERROR = "exception"
    UNREADABLE = "unreadable"


class Handle(Enum):
    """What stands for something outside of the values, and is never copied with what it stands for.

    A LIVE one reaches the world (a connection, a file, a thread, a generator): no copy of it can be handed to
    a replay. An INERT one is passed on as it is (a logger, a module, a function, an event loop). A LOCK is
    made anew, unlocked.
    """

    LIVE = "live"
    INERT = "inert"
    LOCK = "lock"


State = dict[Any, Any]
Parts = Callable[[Any], Any]
Make = Callable[[type, Any, State], Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read one type.

    `parts(value)` gives the content: for NAMES and ERROR a dict of names (texts) and parts, for ITEMS and BAG
    a list or tuple, for SCALAR the content as an instance of `scalar` itself, for an inert handle the name it
    is known by. `mapping` says of NAMES that the names are keys of a mapping, which may be of any type.

    `state(value)` gives the attributes that stand beside the content of a scalar or container, None where its
    class has none. Where it is not empty the value is compared as NAMES: its state, and `CONTENT`.

    `copied(value)` is what a copy is made of where that is more than `parts`: a dict that holds undeclared
    attributes as well, say. `make(cls, parts, state)` builds a value again from parts and state that were
    copied or decoded; None means `cls.__new__` of its base type and the attributes. `is_atom` says that a
    value can be shared by both paths, since nothing in it can change; `is_frozen` that it can where all
    of its parts can; `may_be_set` of a frozen one that attributes of it can be set all the same.

    `fill(made, parts)` is given where a part may lead back to the value: `make` is then called with the parts
    of the original, makes an empty one of the same kind, and `fill` gives that its copied parts.

    `alike(one, other)` says fast of two values of one class that they hold the same; False says nothing.

    `fields` and `values` are given where every instance has the same names and they can be had at once:
    `values(instance)` answers them in order, and raises AttributeError where one is unset.
    """

    shape: Shape
    parts: Parts
    scalar: type | None = None
    mapping: bool = False
    state: Callable[[Any], State] | None = None
    copied: Parts | None = None
    make: Make | None = None
    fill: Callable[[Any, Any], None] | None = None
    is_atom: bool = False
    is_frozen: bool = False
    may_be_set: bool = False
    handle: Handle | None = None
    alike: Callable[[Any, Any], bool] | None = None
    fields: tuple[str, ...] | None = None
    values: Callable[[Any], tuple[Any, ...]] | None = None

    @property
    def adds_state(self) -> bool:
        """Whether instances of a scalar or container may carry attributes beside their content."""
        return self.state is not None


def nothing(_value: Any) -> Any:
    """The parts of what has none that can be read."""
    return None


UNREADABLE = Reading(Shape.UNREADABLE, nothing)
"""The reading of what keeps its content where nobody can see it, and is no handle."""
