"""What pydantic raises where input does not fit a model: it keeps everything in C, and makes itself."""

from __future__ import annotations

from typing import Any

from changeover.values.own_state import class_name, own_state
from changeover.values.shapes import Reading, Shape, State


def reading_for(cls: type) -> Reading | None:
    """The reading of pydantic's ValidationError; None for other classes."""
    if cls.__name__ != "ValidationError" or not hasattr(cls, "from_exception_data"):
        return None
    return Reading(Shape.ERROR, _parts, copied=lambda error: {"made_of": error.__reduce__()[1]}, make=_made)


def _parts(error: Any) -> State:
    lines = error.errors(include_url=False)
    said = [f"{'.'.join(map(str, line['loc']))}: {line['msg']}" for line in lines]
    names = {"type": class_name(type(error)), "message": "; ".join(said), "title": error.title}
    return {**names, "errors": tuple(lines), **own_state(error)}


def _made(cls: Any, parts: State, _: State) -> Any:
    return cls.from_exception_data(*parts["made_of"])
