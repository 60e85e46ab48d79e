"""What an exception says, for people; its own `__str__` is never asked."""

from __future__ import annotations

from changeover.values.form import open_value
from changeover.values.own_state import class_name
from changeover.values.scalars import base_of
from changeover.values.scalars import text as scalar_text

TEXT_MAX = 10_000


def text_of(error: BaseException) -> str:
    """Its message; where that takes code of the program, its arguments."""
    _, names = open_value(error)
    message = names.get("message")
    if type(message) is not str:
        args = names.get("args", ())
        message = ", ".join(
            scalar_text(one) if base_of(type(one)) is not None else f"<{class_name(type(one))}>"
            for one in args
        )
    return message[:TEXT_MAX]
