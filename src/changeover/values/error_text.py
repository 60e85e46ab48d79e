"""What an exception says, for people; its own `__str__` is never asked."""

from __future__ import annotations

from changeover.values.form import open_value
from changeover.values.own_state import class_name, module_of
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


def message_of(error: BaseException) -> str:
    """The same for a sentence: never empty, and never raises, whatever the class of the error does."""
    if module_of(type(error)).startswith("changeover."):
        return str(error) or type(error).__name__
    try:
        return text_of(error) or class_name(type(error))
    except Exception:  # noqa: BLE001  one of its arguments cannot be read
        return class_name(type(error))


def class_and_message(error: BaseException) -> str:
    """`ValueError: that is none`, as the last line of a traceback has it; never raises."""
    return f"{type(error).__name__}: {message_of(error)}"
