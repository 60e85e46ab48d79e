"""Reads that the recorded path never asked, answered from broader ones that it did (`derive=` of a port)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from changeover.record.context import Args, Kwargs
from changeover.record.port import CallClass, Port, PortMethod
from changeover.record.tape import Entry
from changeover.replay.id_mapping import IdMapping
from changeover.values.copying import copied_error, snapshot
from changeover.values.error_text import class_and_message
from changeover.values.observation import Outcome, PortCall, Raised, Returned


class NotDerived(Exception):
    """No answer can be derived; the text says why."""


class RecordedReads:
    """What a `derive=` function is given: the reads of its port, answered by the tape and by nothing else.

    `recorded["submit"]` are the calls of an effect that the replayed path itself has made so far, with their
    answers: who looks up what it has done before (after a retry, say) asks for nothing that is not known.
    """

    def __init__(
        self,
        port: Port,
        answer: Callable[[PortMethod, Args, Kwargs], Outcome | None],
        made: Callable[[PortMethod], tuple[PortCall, ...]],
    ) -> None:
        self.__port = port
        self.__answer = answer
        self.__made = made

    def __getitem__(self, name: str) -> tuple[PortCall, ...]:
        method = self.__method(name)
        if method.call_class is not CallClass.EFFECT:
            raise NotDerived(f"{method.full_name} is no effect; a read is called: recorded.{name}(...)")
        return self.__made(method)

    def __method(self, name: str) -> PortMethod:
        method = self.__port.methods.get(name)
        if method is None:
            raise NotDerived(f"port {self.__port.name!r} has no {name!r}")
        return method

    def __getattr__(self, name: str) -> Any:
        method = self.__method(name)

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
        raise NotDerived(f"derive= raised {class_and_message(error)}") from error
    return value if isinstance(value, Raised | Returned) else Returned(value)


def effects_made(method: PortMethod, calls: Sequence[Entry], ids: IdMapping | None) -> tuple[PortCall, ...]:
    """What the replayed path has done by this method, in order, with the answers as the path got them."""
    return tuple(
        replace(entry.call(position), outcome=_as_given(entry.outcome, ids))
        for position, entry in enumerate(calls, start=1)
        if entry.method.full_name == method.full_name and entry.outcome is not None
    )


def _as_given(outcome: Outcome, ids: IdMapping | None) -> Outcome:
    if isinstance(outcome, Raised):
        error = copied_error(outcome.error)
        return Raised(error if ids is None else ids.for_path(error))
    value = snapshot(outcome.value)
    return Returned(value if ids is None else ids.for_path(value))
