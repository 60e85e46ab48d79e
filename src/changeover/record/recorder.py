"""The session of the path that answers: calls go to the world, and what they did is kept on the tape."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from time import perf_counter
from typing import Any

from changeover.record.context import SESSION, Args, Kwargs
from changeover.record.instrument import Hook, Site, calling_site
from changeover.record.port import Port, PortBook, PortMethod
from changeover.record.port_copies import PortCopies
from changeover.record.tape import Entry, Tape
from changeover.values.content_key import text_digest
from changeover.values.copying import SnapshotError, copied_error, snapshot
from changeover.values.interruption import is_interruption, stop_if_interrupted
from changeover.values.limits import Limits
from changeover.values.observation import Outcome, Raised, Returned

_Kept = tuple[Any, Any, Site | None]
"""The arguments of a call, copied before it was made, and where it was made."""
_FRAMES_TO_CALLER = 4  # calling_site, _prepare, call, and the instrumented function


class Recorder:
    """Changes nothing that the path sees: the same objects, the same exceptions.

    `outer` is the recorder of the run around this one, on whose tape the calls stand as well.
    """

    replaying = False

    def __init__(
        self, book: PortBook, limits: Limits, outer: Recorder | None, copies: PortCopies | None
    ) -> None:
        self.tape = Tape()
        self.attempted = False
        self.port_s = 0.0
        self.deferred: list[Any] = []  # runs inside this one, replayed after the outermost has answered
        self.closed = False
        self.undeclared: dict[str, None] = {}  # methods in no class that were called
        self.owners: dict[str, Any] = {}  # of ports given as a class: the object that was called last
        self.depth: int = 1 if outer is None else outer.depth + 1
        self._book = book
        self._entries = self.tape.entries
        self._calls_max = limits.port_calls_max
        self._copies = copies
        self._chain: tuple[Recorder, ...] = (self,) if outer is None else (self, *outer._chain)

    def thread_refused(self, why: str) -> None:
        """What keeps the answering path from something is a part of what happened."""

    def call(self, hook: Hook, original: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        """Let the call through, with what it calls itself unrecorded: that is the port's own affair."""
        method = self._book.find(hook, args)
        if method is None or self.closed:
            return original(*args, **kwargs)
        began = perf_counter()
        kept = self._prepare(method, args, kwargs)
        if hook.is_async:
            return self._call_async(method, kept, original, args, kwargs)
        token = SESSION.set(None)
        try:
            value = original(*args, **kwargs)
        except BaseException as error:
            self._keep(method, kept, Raised(error), began)
            raise
        finally:
            SESSION.reset(token)
        self._keep(method, kept, Returned(value), began)
        return value

    def _call_async(
        self, method: PortMethod, kept: _Kept | None, original: Callable[..., Any], args: Args, kwargs: Kwargs
    ) -> Coroutine[Any, Any, Any]:
        async def awaited() -> Any:
            token = SESSION.set(None)
            began = perf_counter()
            try:
                value = await original(*args, **kwargs)
            except BaseException as error:
                self._keep(method, kept, Raised(error), began)
                raise
            finally:
                SESSION.reset(token)
            self._keep(method, kept, Returned(value), began)
            return value

        return awaited()

    def _prepare(self, method: PortMethod, args: Args, kwargs: Kwargs) -> _Kept | None:
        """Keep the arguments as they are before the call; None where they cannot be kept."""
        site = None
        if method.attempts:
            for recorder in self._chain:
                recorder.attempted = True
            if method.is_effect:
                site = calling_site(method.hook.module, _FRAMES_TO_CALLER)
            else:
                self.undeclared[method.full_name] = None
        own = args
        if method.has_owner:
            self.owners[method.port] = args[0]
            own = args[1:]
        try:
            for recorder in self._chain:
                if recorder._copies is not None:
                    recorder._copies.before_call(method, args)
            return (snapshot(own), snapshot(kwargs) if kwargs else kwargs, site)
        except Exception as error:  # noqa: BLE001  recording must not change what the path sees
            stop_if_interrupted(error)
            self._note_problem(f"arguments of {method.full_name} cannot be kept: {error}")
            return None

    def _keep(self, method: PortMethod, kept: _Kept | None, outcome: Outcome, began: float) -> None:
        entry = None
        if kept is not None and method.is_kept:
            try:
                entry = self._entry(method, kept, outcome)
            except Exception as error:  # noqa: BLE001  recording must not change what the path sees
                stop_if_interrupted(error)
                self._note_problem(f"answer of {method.full_name} cannot be kept: {error}")
        seconds = perf_counter() - began  # of the call and of its recording: neither is the path's own time
        for recorder in self._chain:
            recorder.port_s += seconds
            if entry is not None and not recorder.closed:
                recorder._entries.append(entry)
                if len(recorder._entries) > self._calls_max:
                    recorder.tape.problem = f"limit reached: more than {self._calls_max} port calls"
                    recorder.closed = True

    def _entry(self, method: PortMethod, kept: _Kept, outcome: Outcome) -> Entry:
        args, kwargs, site = kept
        if isinstance(outcome, Raised):
            if is_interruption(outcome.error):
                raise SnapshotError(f"it was interrupted by {type(outcome.error).__name__}")
            return Entry(method, args, kwargs, Raised(copied_error(outcome.error)), site)
        if method.is_fixed:
            shared = _is_immutable(outcome.value)
            answer_digest = None if shared else text_digest(outcome.value)
            return Entry(method, args, kwargs, None, site, answer_digest, outcome.value if shared else None)
        value = snapshot(outcome.value)
        return Entry(method, args, kwargs, outcome if value is outcome.value else Returned(value), site)

    def _note_problem(self, text: str) -> None:
        for recorder in self._chain:
            recorder.tape.problem = recorder.tape.problem or text

    def supplement(self, method: PortMethod, port: Port) -> None:
        """Take one argument-free read from the real port, after the path has ended.

        Of a port given as a class that is the object called last; where there was none, nothing is taken.
        """
        owner = port.target if port.is_object else self.owners.get(port.name)
        if owner is not None or not method.has_owner:
            self.call(method.hook, method.hook.original, (owner,) if method.has_owner else (), {})


def _is_immutable(value: Any) -> bool:
    try:
        return snapshot(value) is value
    except SnapshotError:
        return False
