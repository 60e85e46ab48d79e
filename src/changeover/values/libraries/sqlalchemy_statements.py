"""Statements and conditions of SQLAlchemy that have not run: their text and parameters.

A query of the old kind knows its session. Its copy does not, and ends a replay that runs it.
"""

from __future__ import annotations

from typing import Any

from changeover.values.not_loaded import refuse
from changeover.values.own_state import class_name, mro, own_state
from changeover.values.reading import register
from changeover.values.shapes import Handle, Reading, Shape, State

_BY_NAME = frozenset(
    {
        "sqlalchemy.sql.schema.Table",
        "sqlalchemy.sql.schema.MetaData",
        "sqlalchemy.orm.mapper.Mapper",
        "sqlalchemy.orm.decl_api.registry",
        "sqlalchemy.sql.type_api.TypeEngine",
        "sqlalchemy.engine.interfaces.Dialect",
    }
)
_CLAUSE = "sqlalchemy.sql.elements.ClauseElement"
_ATTRIBUTE = "sqlalchemy.orm.attributes.QueryableAttribute"
_QUERY = "sqlalchemy.orm.query.Query"


def statement_reading(cls: type) -> Reading | None:
    """The reading of a class of statements, conditions, columns, tables and types; None for other classes."""
    names = {class_name(base) for base in mro(cls)}
    if names & _BY_NAME:
        return Reading(Shape.SCALAR, _name, scalar=Handle, is_atom=True)
    if _QUERY in names:
        return Reading(Shape.NAMES, _query_parts, copied=_query_copied, make=_query_made)
    if _ATTRIBUTE in names:
        return Reading(Shape.SCALAR, _attribute_name, scalar=Handle, is_atom=True)
    if _CLAUSE in names:
        return Reading(Shape.NAMES, statement_parts, is_atom=True)
    return None


def _name(value: Any) -> str:
    name = own_state(value).get("name")
    return f"{class_name(type(value))} {name if isinstance(name, str) else ''}".rstrip()


def _attribute_name(attribute: Any) -> str:
    return f"{class_name(attribute.class_)}.{attribute.key}"


def statement_parts(clause: Any) -> State | None:
    """Text and parameters; None where working them out would ask the program."""
    try:
        compiled = clause.compile()
    except Exception:  # noqa: BLE001  what only one kind of database can write
        return None
    binds = compiled.binds.values()
    if any(getattr(bind, "callable", None) is not None for bind in binds):
        return None
    names = getattr(compiled, "bind_names", {})
    return {
        "statement": str(compiled.string),
        "parameters": {str(name): bind.value for bind, name in names.items()},
    }


def _query_parts(query: Any) -> State | None:
    from sqlalchemy.orm import Query

    try:
        statement = Query.statement.fget(query)
    except Exception:  # noqa: BLE001  it cannot be written down then
        return None
    return statement_parts(statement)


def _query_copied(query: Any) -> State:
    """Its parts are shared: SQLAlchemy makes a new one for every change of a statement."""
    return {"held": _Held({name: part for name, part in own_state(query).items() if name != "session"})}


class _Held:
    """Parts that a copy shares."""

    __slots__ = ("state",)

    def __init__(self, state: State) -> None:
        self.state = state


register(_Held, Reading(Shape.SCALAR, lambda _: "held", scalar=Handle, is_atom=True))


class _NoSession:
    """In place of the session of a query that a replay is handed."""

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("__"):
            return object.__getattribute__(self, name)
        return refuse("Query.session", "a query was run that had not been")


def _query_made(cls: Any, parts: State, _: State) -> Any:
    made = object.__new__(cls)
    made.__dict__.update(parts["held"].state)
    made.__dict__["session"] = _NoSession()
    return made
