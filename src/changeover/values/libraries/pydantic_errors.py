"""What pydantic raises where input does not fit a model: it keeps everything in C, and makes itself."""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

from changeover.values.own_state import class_name, own_state
from changeover.values.shapes import Reading, Shape, State


def reading_for(cls: type) -> Reading | None:
    """The reading of pydantic's ValidationError, and of what validators may raise; None for other classes."""
    if cls.__name__ == "ValidationError" and hasattr(cls, "from_exception_data"):
        return Reading(Shape.ERROR, _parts, copied=_copied, make=_made)
    if class_name(cls) in _OF_ONE_PLACE:
        return Reading(Shape.ERROR, _parts_of_one, copied=_copied_of_one, make=_made_of_one)
    return None


_OF_ONE_PLACE = tuple(f"pydantic_core._pydantic_core.Pydantic{kind}Error" for kind in ("Custom", "Known"))


def _parts(error: Any) -> State:
    lines = error.errors(include_url=False)
    said = [f"{'.'.join(map(str, line['loc']))}: {line['msg']}" for line in lines]
    names = {"type": class_name(type(error)), "message": "; ".join(said), "title": error.title}
    return {**names, "errors": tuple(lines), **own_state(error)}


def _copied(error: Any) -> State:
    title, lines, *rest = error.__reduce__()[1]
    types = [line["type"] for line in error.errors(include_url=False)]
    return {"title": title, "lines": [*map(_plain_line, lines, types)], "rest": rest}


def _plain_line(line: State, kind: str) -> State:
    """One place without an object that only C can make: since pydantic 2.14 its type is an error itself."""
    return {**line, "type": kind, "msg": getattr(line["type"], "message_template", line["msg"])}


def _made(cls: Any, parts: State, _: State) -> Any:
    return cls.from_exception_data(parts["title"], [*map(_line, parts["lines"])], *parts["rest"])


def _line(line: State) -> State:
    """What an error of one place is made of; a type that the program made up has a text of its own."""
    from pydantic_core import PydanticCustomError

    if line["type"] in _known_types():
        return line
    return {**line, "type": PydanticCustomError(line["type"], line["msg"], line.get("ctx"))}


@cache
def _known_types() -> frozenset[str]:
    from pydantic_core.core_schema import ErrorType

    return frozenset(get_args(ErrorType))


def _parts_of_one(error: Any) -> State:
    names = {"type": class_name(type(error)), "message": error.message(), "kind": error.type}
    return {**names, "context": error.context, **own_state(error)}


def _copied_of_one(error: Any) -> State:
    return {"kind": error.type, "text": error.message_template, "context": error.context}


def _made_of_one(cls: Any, parts: State, _: State) -> Any:
    if cls.__name__ == "PydanticKnownError":
        return cls(parts["kind"], parts["context"])
    return cls(parts["kind"], parts["text"], parts["context"])
