"""Values as JSON and back: what a reading gives is written, and a value is made of it as a copy is.

Two kinds of classes may stand in data: those that were registered or reached through annotations, and those
that the program has imported, found by their names. Nothing is imported because data say so, no function is
looked up, and no `__init__` is called for data that name all fields. What is met in more than one place is
written once (`shared`) and referred to (`again`), so that cycles end and what was one object is one object.

    Order(price=Decimal("1.5"), lots=lots), lots   ->
    {"$": "tuple", "v": [{"$": "record", "t": "shop.Order", "v": {"price": {"$": "decimal", "v": "1.5"},
     "lots": {"$": "shared", "n": 1, "v": []}}}, {"$": "again", "n": 1}]}
"""

from __future__ import annotations

import builtins
import typing
from collections.abc import Callable, Iterable
from dataclasses import is_dataclass
from enum import Enum
from types import UnionType
from typing import Any

from changeover.errors import ChangeoverError
from changeover.record.class_lookup import full_name, imported_class
from changeover.record.decoding import Decoding
from changeover.record.encoding import NOT_PLAIN, Encoding, is_plain, plain_data
from changeover.record.remade_handles import RemadeHandles
from changeover.record.scalar_data import TAG
from changeover.values.content_key import same_content
from changeover.values.copy_time import CopyTime, TookTooLong
from changeover.values.error_text import class_and_message
from changeover.values.limits import NotComparable
from changeover.values.own_state import found_in, mro

__all__ = ["TAG", "Codec", "CodecError"]

_ERRORS = {
    name: cls for name, cls in vars(builtins).items() if isinstance(cls, type) and BaseException in mro(cls)
}


class CodecError(ChangeoverError):
    """A value has no form in JSON, or data have no value; names the place."""


class Codec:
    """Knows the classes that may stand in data under names that lead nowhere: local ones, mostly."""

    def __init__(self) -> None:
        self._classes: dict[str, type] = dict(_ERRORS)
        self._names: dict[type, str] = {cls: name for name, cls in _ERRORS.items()}
        self.handles = RemadeHandles()
        self._survived: set[type] = set()
        """Classes of which a value was written, read, and found to be the same."""

    def register(self, *classes: type) -> None:
        """Let instances of enums, dataclasses, models, named tuples, exceptions and others into data."""
        for cls in classes:
            if cls in self._names or not _is_record(cls):
                continue
            name = full_name(cls)
            if self._classes.setdefault(name, cls) is not cls:
                raise CodecError(f"two classes are called {name}; data could not tell them apart")
            self._names[cls] = name
            self._learn_from(_hints(cls).values())

    def learn(self, function: Callable[..., Any]) -> None:
        """Register the classes in the annotations of a function, and in theirs."""
        self._learn_from(_hints(function).values())

    def _learn_from(self, annotations: Iterable[Any]) -> None:
        for annotation in annotations:
            if isinstance(annotation, type):
                self.register(annotation)
            if typing.get_origin(annotation) is not None or isinstance(annotation, UnionType):
                self._learn_from(typing.get_args(annotation))

    def encode(self, value: Any, place: str = "value") -> Any:
        """The value as JSON data; raises CodecError naming the first place that has no form."""
        return self._encoded(Encoding(self._name_of, self.handles), value, place)

    def encode_once(self, value: Any, place: str = "value", time_left: CopyTime | None = None) -> Any:
        """The same for a caller that waits: what is written is read back only for classes met anew.

        Raises CodecError, and TookTooLong where it takes longer than there is time.
        """
        quick = plain_data(value)
        if quick is not NOT_PLAIN:
            return quick
        encoding = Encoding(self._name_of, self.handles, time_left)
        data = self._encoded(encoding, value, place)
        if not self._survived.issuperset(encoding.classes):
            problem = self.problem_of(value, place)
            if problem is not None:
                raise CodecError(problem)
            self._survived |= encoding.classes
        return data

    def encode_plainly(self, value: Any, place: str, time_left: CopyTime | None) -> Any:
        """As `encode_once`, but for numbers that JSON has no word for: those are left to it, which raises."""
        return value if is_plain(value) else self.encode_once(value, place, time_left)

    def _encoded(self, encoding: Encoding, value: Any, place: str) -> Any:
        try:
            return encoding.data(value, place)
        except TookTooLong:
            raise
        except (NotComparable, RecursionError) as error:
            raise CodecError(f"{place}: {_why(error)}") from error
        except ValueError as error:
            raise CodecError(str(error)) from error
        except Exception as error:  # what a program registered, and what C makes of parts, may raise anything
            raise CodecError(f"{place}: cannot be rebuilt: {class_and_message(error)}") from error

    def decode(self, data: Any, place: str = "value") -> Any:
        """The inverse of `encode`; raises CodecError where the data are not of its making."""
        try:
            return Decoding(self._class_of, self.handles).value(data)
        except RecursionError as error:
            raise CodecError(f"{place}: {_why(error)}") from error
        except Exception as error:  # data may be anything
            said = f"data cannot be read: {class_and_message(error)}"
            raise CodecError(f"{place}: {said[:_SAID_MAX]}") from error

    def problem_of(self, value: Any, place: str = "value") -> str | None:
        """Why a value would not survive being written and read; None where it does."""
        try:
            encoding = Encoding(self._name_of, self.handles)
            data = self._encoded(encoding, value, place)
            back = self.decode(data, place)
            # A handle is another one elsewhere, and is the same where the same is written of it.
            if self.encode(back, place) == data if encoding.has_handles else same_content(back, value):
                return None
        except (CodecError, NotComparable) as error:
            return str(error)
        return f"{place}: what is read back differs from what was written"

    def _name_of(self, cls: type) -> str | None:
        name = self._names.get(cls)
        if name is not None:
            return name
        if imported_class(full_name(cls)) is cls:
            return full_name(cls)
        generic = _generic_model(cls)
        if generic is None:
            return None
        names = [self._name_of(one) if isinstance(one, type) else None for one in generic]
        return None if None in names else f"{names[0]}[{', '.join(map(str, names[1:]))}]"

    def _class_of(self, name: str) -> type:
        cls = self._classes.get(name) or imported_class(name)
        if cls is None and name.endswith("]"):
            cls = self._generic_of(name)
        if cls is None:
            raise LookupError(f"the class {name!r} is not registered, and no imported module has it")
        return cls

    def _generic_of(self, name: str) -> type:
        """A model with its parameters, which pydantic makes when it is asked for."""
        origin_name, _, rest = name[:-1].partition("[")
        origin: Any = self._class_of(origin_name)
        if found_in(origin, _GENERIC) is None:
            raise LookupError(f"{origin_name!r} takes no parameters")
        made: type = origin[tuple(self._class_of(one) for one in _split(rest))]
        return made


_GENERIC = "__pydantic_generic_metadata__"


def _generic_model(cls: type) -> tuple[Any, ...] | None:
    """The model without parameters, and the parameters; None for what is no such model."""
    found = found_in(cls, _GENERIC)
    if type(found) is not dict or found.get("origin") is None:
        return None
    return (found["origin"], *found["args"])


def _split(names: str) -> list[str]:
    """Names that are divided by commas, of which each may have such names between brackets."""
    found, level = [""], 0
    for character in names:
        level += {"[": 1, "]": -1}.get(character, 0)
        if character == "," and not level:
            found.append("")
        else:
            found[-1] += character
    return [name.strip() for name in found]


_SAID_MAX = 1_000


def _why(error: Exception) -> str:
    return "is nested too deeply" if isinstance(error, RecursionError) else str(error)


def _is_record(cls: type) -> bool:
    bases = mro(cls)
    if Enum in bases or BaseException in bases:
        return True
    named = tuple in bases and found_in(cls, "_fields") is not None
    return is_dataclass(cls) or found_in(cls, "__pydantic_fields__") is not None or named


def _hints(thing: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(thing)
    except Exception:  # noqa: BLE001  an annotation that cannot be resolved teaches nothing
        return {}
