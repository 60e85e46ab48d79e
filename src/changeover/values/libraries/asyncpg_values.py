"""Records of asyncpg, and its identifiers.

A record is names and values; two columns of one name are told apart by their place. The class `UUID` says
that it is derived from that of the standard library, and is laid out otherwise: what reads the one by its
parts would read anything of the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from changeover.values.libraries.database_errors import reading_for as error_reading
from changeover.values.own_state import class_name, mro, namespace
from changeover.values.shapes import Reading, Shape, State

_RECORDS = frozenset({"asyncpg.protocol.record.Record", "asyncpg.Record"})

_UUID = "asyncpg.pgproto.pgproto.UUID"


def reading_for(cls: type) -> Reading | None:
    """The reading of a record, an identifier or an error of the library; None for its connections."""
    if class_name(cls) == _UUID:
        return _IDENTIFIER
    return _READING if is_record_class(cls) else error_reading(cls)


def is_record_class(cls: type) -> bool:
    """Whether it is the class of records, or one that a program has derived from that."""
    return any(class_name(base) in _RECORDS for base in mro(cls))


def made_record(names: Sequence[str], values: Sequence[Any]) -> Any:
    """A record of the library's own class with these columns."""
    from asyncpg.protocol import protocol

    return protocol._create_record(_Columns(names), tuple(values))


class _Columns(dict[str, int]):
    """The place of each column by its name; walked through it gives a name as often as it is there."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__((name, at) for at, name in enumerate(names))
        self._names = tuple(names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)


def _record(value: Any) -> Any:
    return next(base for base in mro(type(value)) if class_name(base) in _RECORDS)


def _parts(value: Any) -> State:
    cls = _record(value)
    parts: State = {}
    for at, (name, part) in enumerate(zip(cls.keys(value), cls.__iter__(value), strict=True)):
        parts[f"{name} [{at}]" if name in parts else name] = part
    return parts


def _copied(value: Any) -> State:
    cls = _record(value)
    return {"names": (*cls.keys(value),), "values": (*cls.__iter__(value),)}


def _made(cls: type, parts: State, _: State) -> Any:
    if class_name(cls) not in _RECORDS:
        raise TypeError(f"{class_name(cls)} is derived from asyncpg.Record, and only asyncpg can make one")
    return made_record(parts["names"], parts["values"])


_READING = Reading(Shape.NAMES, _parts, copied=_copied, make=_made, is_frozen=True)


def _identifier(value: Any) -> UUID:
    return UUID(bytes=namespace(type(value))["bytes"].__get__(value))


_IDENTIFIER = Reading(
    Shape.SCALAR, _identifier, scalar=UUID, make=lambda cls, parts, _: cls(parts.bytes), is_atom=True
)
