"""Functions that a port gives: one that holds something of the port would act for real in a replay."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any

from changeover.record.instrument import hook_of
from changeover.record.loose_functions import is_inert
from changeover.record.port import PortBook
from changeover.values.closures import closed_over
from changeover.values.copy_operation import ByReference
from changeover.values.handles import known_as


def acting_for(book: PortBook) -> Callable[[Any], bool]:
    """Says of a function or method in an answer whether it would act on what only the port has.

    A function that stands in a module under its name is the program's own, and so is one that holds nothing
    that can change. A method that a port declares is a port call wherever it is called.
    """

    def acts(function: Any) -> bool:
        if hook_of(function) is not None:
            return False
        if type(function) is MethodType:
            return book.holds(function.__self__)  # one that no port declares
        if known_as(function) is not None:
            return False
        return not all(map(is_inert, closed_over(function)))

    return acts


def private_to(by_reference: ByReference | None) -> Callable[[Any], bool] | None:
    """Says of what a path is handed whether it is a method of an object of a port, and no port call."""
    if by_reference is None:
        return None
    return lambda function: (
        type(function) is MethodType and by_reference(function.__self__) and hook_of(function) is None
    )
