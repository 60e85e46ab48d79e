"""What may be a path of a seam, and what is refused where it is given, with the way out."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cached_property, partialmethod
from typing import Any

from changeover.errors import DeclarationError
from changeover.record.callable_kind import is_stream, opens_context
from changeover.record.key_function import WrongArity, fitted
from changeover.record.option_check import shown
from changeover.replay.fresh_path import Fresh
from changeover.values.observation import Side

ALLOWED = "a function or fresh(build)"
_NO_SEAMS = ("__init__", "__new__", "__del__", "__getattribute__")
_ABOVE = {
    staticmethod: "@staticmethod",
    classmethod: "@classmethod",
    property: "@property",
    cached_property: "@cached_property",
}


def check_path(place: str, path: Any) -> None:
    """Raises DeclarationError where no call of the path could ever be answered and compared."""
    inner = path.build if isinstance(path, Fresh) else path
    for problem in _problems(inner, is_built=isinstance(path, Fresh)):
        raise DeclarationError(place, problem)


def _problems(path: Any, *, is_built: bool) -> Iterator[str]:
    above = next((name for cls, name in _ABOVE.items() if isinstance(path, cls)), None)
    if above is not None:
        yield f"stands above {above}, allowed: {ALLOWED}; write {above} above the seam"
    if isinstance(path, partialmethod):
        yield f"was {shown(path)}, allowed: {ALLOWED}; write a method that calls it"
    if not callable(path):
        yield f"was {shown(path)}, allowed: {ALLOWED}"
    name = getattr(path, "__name__", None)
    if name in _NO_SEAMS and not is_built:
        yield f"was {name}, which no path can be; make a seam of a method that it calls"
    if is_stream(path):
        yield "is a generator: a call has one answer; give a function that returns the whole of it"
    if opens_context(path):
        yield "opens a context: a call has one answer; make a seam of what is called inside the context"


def check_alike(place: str, path: Any, other: Side, reference: Any) -> None:
    """Raises DeclarationError where no call of the other path, `reference`, could be made of this one."""
    try:
        fitted(path, reference, skip_first=False)
    except WrongArity:
        takes, needed = inspect.signature(path), inspect.signature(reference)
        raise DeclarationError(place, f"takes {takes}, needed: what {other} takes, {needed}") from None
