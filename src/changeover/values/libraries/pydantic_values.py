"""Models of pydantic: their fields, extras, private attributes, and which fields nobody set."""

from __future__ import annotations

from typing import Any

from changeover.values.own_state import found_in, mro, own_state, set_state
from changeover.values.shapes import Reading, Shape, State

UNSET = "(fields that nobody set)"
_SET, _EXTRA, _PRIVATE = "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__"


def reading_for(cls: type) -> Reading | None:
    """The reading of a model; None for other classes."""
    if not any(base.__name__ == "BaseModel" and base.__module__ == "pydantic.main" for base in mro(cls)):
        return None
    if found_in(cls, "_sa_class_manager") is not None:
        return None  # an entity of SQLAlchemy (SQLModel), which is read as one
    names = found_in(cls, "__pydantic_fields__") or {}

    def parts(model: Any) -> State:
        state = own_state(model)
        found = {name: state[name] for name in names if name in state}
        known = state.get(_SET) or ()
        unset = [name for name in found if name not in known]
        found |= state.get(_EXTRA) or {}
        found |= state.get(_PRIVATE) or {}
        if unset:
            found[UNSET] = tuple(sorted(unset))
        return found

    if (found_in(cls, "model_config") or {}).get("frozen"):
        return Reading(Shape.NAMES, parts, copied=_whole, make=_made, is_frozen=True, may_be_set=True)
    return Reading(Shape.NAMES, parts, copied=_whole, make=_blank, fill=_fill)


def _whole(model: Any) -> State:
    state = own_state(model)
    return {**state, _SET: frozenset(state.get(_SET) or ())}


def _blank(cls: type, parts: State, _: State) -> Any:
    return object.__new__(cls)


def _fill(made: Any, parts: State) -> None:
    set_state(made, {**parts, _SET: set(parts[_SET])})


def _made(cls: type, parts: State, _: State) -> Any:
    made: Any = object.__new__(cls)
    _fill(made, parts)
    return made
