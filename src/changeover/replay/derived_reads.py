"""Reads that the recorded path never asked, answered from broader ones that it did (`derive=` of a port)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.record.context import Args, Kwargs
from changeover.record.port import Port, PortMethod
from changeover.values.observation import Outcome, Raised, Returned


class NotDerived(Exception):
    """No answer can be derived; the text says why."""


class RecordedReads:
    """What a `derive=` function is given: the reads of its port, answered by the tape and by nothing else."""

    def __init__(self, port: Port, answer: Callable[[PortMethod, Args, Kwargs], Outcome | None]) -> None:
        self.__port = port
        self.__answer = answer

    def __getattr__(self, name: str) -> Any:
        method = self.__port.methods.get(name)
        if method is None:
            raise NotDerived(f"port {self.__port.name!r} has no {name!r}")

        def recorded(*args: Any, **kwargs: Any) -> Any:
            outcome = self.__answer(method, args, kwargs)
            if outcome is None:
                raise NotDerived(f"{method.full_name} was not recorded at this point")
            return outcome.give()

        return recorded() if method.hook.is_property else recorded


def derived(method: PortMethod, reads: RecordedReads, args: Args, kwargs: Kwargs) -> Outcome:
    """The answer of the port's own function; raises NotDerived where it has none.

    An exception of that function is no answer of the port: it may be a mistake in the function.
    """
    if method.derive is None:
        raise NotDerived("no derive= is declared")
    try:
        value = method.derive(reads, *args, **kwargs)
    except NotDerived:
        raise
    except Exception as error:
        raise NotDerived(f"derive= raised {type(error).__name__}: {error}") from error
    return value if isinstance(value, Raised | Returned) else Returned(value)
