"""The session of the path that answers: calls go to the world, and what they did is kept on the tape."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Hashable, Sequence
from functools import partial
from threading import Lock, get_ident
from time import perf_counter
from types import CoroutineType
from typing import Any, Self

from changeover.record.acting_functions import acting_for
from changeover.record.answer_parts import is_held, watched
from changeover.record.attributes_set import AttributesSet
from changeover.record.context import (
    NO_WORK,
    SESSION,
    WORK_HERE,
    Args,
    Kwargs,
    current_session,
    put_back,
    restore,
)
from changeover.record.given_answers import GivenAnswers
from changeover.record.instrument import Hook, Site, calling_site
from changeover.record.live_answers import handed_by
from changeover.record.part_call import PartCall
from changeover.record.port import Port, PortBook, PortMethod
from changeover.record.port_copies import PortCopies
from changeover.record.port_object import PortObject
from changeover.record.supplements import supplement_arguments
from changeover.record.taken_back import put_in_place
from changeover.record.tape import Entry, Tape
from changeover.record.work_branch import Branch, Running, current_branch, tick
from changeover.values.atom_types import ATOMS
from changeover.values.content_key import text_digest
from changeover.values.copy_time import CopyTime
from changeover.values.copying import SnapshotError, copied_error, snapshot
from changeover.values.interruption import is_interruption, stop_if_interrupted
from changeover.values.limits import Limits
from changeover.values.observation import Outcome, Raised, Returned

_Kept = tuple[Any, Any, Site | None, Any, Any, PortObject | None]
"""Copies of the arguments of a call, where it was made, the arguments themselves, and the object called."""
_KeptAnswer = tuple[Outcome | None, str | None, Any]
"""How a call ended; of a `fixed` one the digest of its answer, or the answer that cannot change."""
_FRAMES_TO_CALLER = 4  # calling_site, _prepare, call, and the instrumented function


class Recorder(GivenAnswers):
    """Changes nothing that the path sees: the same objects, the same exceptions.

    `outer` is the recorder of the run around this one, on whose tape the calls stand as well. When the path
    has `answered`, the work that it left behind is still recorded, until the run is judged; a port call that
    comes even later is told to `late`.
    """

    replaying = False
    carries = True
    # The class has what is so at first: most runs need no other.
    _last_object: PortObject | None = None
    _seen_otherwise: frozenset[str] = frozenset()

    def __init__(
        self,
        book: PortBook,
        limits: Limits,
        outer: Self | None,
        copies: PortCopies | None,
        time_left: CopyTime | None = None,
    ) -> None:
        self.branch = current_branch() or Branch()
        self.tape = Tape(root=self.branch)
        self.running = Running()
        self.deferred = []  # runs inside this one, replayed after the outermost has answered
        self.undeclared: dict[str, None] = {}  # methods in no class that were called
        self.followers = {}  # of this path, by pack (`record.followed_path`)
        self._objects: dict[int, PortObject] = {}  # of ports given as a class: those that were called
        self.owners: dict[str, Any] = {}  # of ports given as a class: the object that was called last
        self.depth: int = 1 if outer is None else outer.depth + 1
        self.book = book
        self._entries = self.tape.entries
        self._calls_max = limits.port_calls_max
        self._steps_max = limits.event_steps_max
        self._time_left = time_left
        self._all_copies: tuple[PortCopies, ...] = () if copies is None else (copies,)
        if outer is None:
            self._around, self._running = (), (self.running,)
        else:
            self._around, self._running = outer._chain, (self.running, *outer._running)
            self._all_copies += outer._all_copies
        self._deferring = Lock()

    def call(self, hook: Hook, original: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        """Let the call through, with what it calls itself unrecorded: that is the port's own affair."""
        if self.is_judged:
            now: Any = current_session()
            if now is not None and now is not self:  # the context was kept from this run
                return now.call(hook, original, args, kwargs)
        method = self.book.find(hook, args)
        if method is None:
            part = self.book.part_called(hook, args)
            if part is None or self.closed:
                return original(*args, **kwargs)
            return part.run(original, args, kwargs, self._entries.__len__, self._note_part)
        if self.closed and self._is_too_late(method):
            return original(*args, **kwargs)
        began = perf_counter()
        kept = self._prepare(method, args, kwargs)
        if hook.is_async:
            return self._call_async(method, kept, original, args, kwargs)
        start, here = tick(), get_ident()
        before = WORK_HERE.get(here)
        token = SESSION.set(None)
        try:
            WORK_HERE[here] = NO_WORK
            value = original(*args, **kwargs)
        except BaseException as error:
            self._keep(method, kept, Raised(error), began, start)
            raise
        finally:
            put_back(here, before)
            SESSION.reset(token)
        if type(value) is CoroutineType or hook.gives_coroutine:
            hook.gives_coroutine = type(value) is CoroutineType
            if hook.gives_coroutine:
                return self._awaited(method, kept, lambda: value)
        self._keep(method, kept, Returned(value), began, start)
        return value

    @property
    def made_entries(self) -> Sequence[Entry]:
        """What the path did so far, in order."""
        return self._entries

    def take_back(self, entry: Entry, instead: Entry) -> None:
        """A call turned out to be another one, for the runs around this one as well; not for one inside."""
        for recorder in self._chain:
            put_in_place(recorder._entries, entry, instead)

    def sets(self, owner: Any, name: str, value: Any) -> bool:
        """Keep what the path sets; it is set in any case."""
        if self.book.holds(owner):
            for recorder in self._chain:
                if not recorder.closed and not recorder.running.answered:
                    recorder._attributes().keep(owner, name, value)
        return True

    def has_made(self, owner: Any) -> None:
        """The path has made an object of a port: what it sets there is its own affair."""
        for recorder in self._chain:
            if not recorder.closed:
                recorder._attributes().made.add(owner)

    def _attributes(self) -> AttributesSet:
        if self.tape.attributes is None:
            self.tape.attributes = AttributesSet()
        return self.tape.attributes

    def tell(self, hook: Hook, args: Args) -> None:
        """Keep an effect that was found after it had happened."""
        method = self.book.find(hook, args)
        if method is not None and not (self.closed and self._is_too_late(method)):
            self._keep(method, self._prepare(method, args, {}), Returned(None), perf_counter(), tick())

    def remember(self, pack: str, key: Hashable, value: Any) -> None:
        """Let a pack give this again to a replay of this run, and of those around it, in this process."""
        for recorder in self._chain:
            if not recorder.closed:
                recorder.tape.remember(pack, key, value)

    def sees_otherwise(self, port: str) -> None:
        """A follower sees itself what the path does at a port: calls in runs inside are not on this tape."""
        self._seen_otherwise |= {port}

    def _is_too_late(self, method: PortMethod) -> bool:
        """Tell the runs that were judged already; True where all of them were."""
        for recorder in self._chain:
            if recorder.late is not None:
                recorder.late(str(current_branch() or self.branch), method.full_name)
        return all(recorder.closed for recorder in self._chain)

    def _call_async(
        self, method: PortMethod, kept: _Kept | None, original: Callable[..., Any], args: Args, kwargs: Kwargs
    ) -> Coroutine[Any, Any, Any]:
        return self._awaited(method, kept, partial(original, *args, **kwargs))

    async def _awaited(
        self, method: PortMethod, kept: _Kept | None, begin: Callable[[], Awaitable[Any]]
    ) -> Any:
        token = SESSION.set(None)
        began, start = perf_counter(), tick()
        try:
            value = await begin()
        except BaseException as error:
            self._keep(method, kept, Raised(error), began, start)
            raise
        finally:
            restore(SESSION, token)
        self._keep(method, kept, Returned(value), began, start)
        return value

    def _prepare(self, method: PortMethod, args: Args, kwargs: Kwargs) -> _Kept | None:
        """Keep the arguments as they are before the call; None where they cannot be kept."""
        site = None
        if self.running.answered:
            branch = current_branch()
            if branch is not None:
                branch.acted = True
        if method.attempts:
            if not self.attempted:
                for recorder in self._chain:
                    recorder.attempted = True
            if method.is_effect:
                site = calling_site(method.hook.module, _FRAMES_TO_CALLER, method.hook.machinery)
            else:
                self.undeclared[method.full_name] = None
        args = method.kept(args)
        own = live = args
        named = kwargs
        owner = None
        if method.has_owner:
            self.owners[method.port] = args[0]
            if method.is_of_class:
                owner = self._last_object
                if owner is None or owner.owner is not args[0]:
                    owner = self._object(args[0])
            for recorder in self._around:
                recorder.owners[method.port] = args[0]
            own = live = args[1:]
        try:
            for copies in self._all_copies:
                copies.before_call(method, args)
            has_parts = False
            if kwargs:
                has_parts = True
                kwargs = snapshot(kwargs, by_reference=self.book.holds, time_left=self._time_left)
            if not ATOMS.issuperset(map(type, own)):
                has_parts = True
                own = snapshot(own, by_reference=self.book.holds, time_left=self._time_left)
            if has_parts and method.is_compared:
                self._hand_functions(method, live, named)
            return own, kwargs, site, live, named, owner
        except Exception as error:  # noqa: BLE001  recording must not change what the path sees
            stop_if_interrupted(error)
            self._note_problem(f"arguments of {method.full_name} cannot be kept: {error}")
            return None

    def _object(self, called: Any) -> PortObject:
        """The object of a port's class, as it was when it was first called."""
        found = self._objects.get(id(called))
        if found is None:
            found = self._objects[id(called)] = PortObject.of(called)
        self._last_object = found
        return found

    def _keep(
        self, method: PortMethod, kept: _Kept | None, outcome: Outcome, began: float, start: int
    ) -> None:
        entry, handed, parts, live = None, None, [], ()
        named: Kwargs = {}
        if kept is not None and method.is_kept:
            args, kwargs, site, live, named, owner = kept
            try:
                answer: Outcome | None = outcome
                digest = immutable = None
                if type(outcome) is not Returned or type(outcome.value) not in ATOMS or method.is_fixed:
                    answer, digest, immutable = self._kept_answer(method, outcome)
                    if method.is_compared and type(outcome) is Returned and type(answer) is Returned:
                        held = answer is not outcome and is_held(outcome)
                        parts = [*watched(outcome.value, answer.value, held=held)]
                branch, end = current_branch(), tick()
                entry = Entry(
                    method, args, kwargs, answer, site, digest, immutable, start, end, branch, owner
                )
                if method.is_compared and (args is not live or kwargs is not named):
                    handed = handed_by(entry, live, named, self._time_left)
            except Exception as error:  # noqa: BLE001  recording must not change what the path sees
                stop_if_interrupted(error)
                self._note_problem(f"answer of {method.full_name} cannot be kept: {error}")
        ended = perf_counter()  # of the call and of its recording: neither is the path's own time
        self.spend(began, ended)
        if entry is not None and not self.closed:
            self._entries.append(entry)
            if handed is not None or parts:
                self._watch(entry, handed, parts, live, named)
            if len(self._entries) > self._calls_max:
                self._is_full()
        for recorder in self._around:  # they have the call as well
            recorder.spend(began, ended)
            if entry is not None and not recorder.closed and method.port not in recorder._seen_otherwise:
                recorder._entries.append(entry)
                if handed is not None or parts:
                    recorder._watch(entry, handed, parts, live, named)
                if len(recorder._entries) > recorder._calls_max:
                    recorder._is_full()

    def _is_full(self) -> None:
        self.tape.problem = f"limit reached: more than {self._calls_max} port calls"
        self.closed = True

    def _kept_answer(self, method: PortMethod, outcome: Outcome) -> _KeptAnswer:
        if isinstance(outcome, Raised):
            if is_interruption(outcome.error):
                raise SnapshotError(f"it was interrupted by {type(outcome.error).__name__}")
            return Raised(copied_error(outcome.error, self.book.holds)), None, None
        if method.is_fixed:
            copy = _copy_of_fixed(outcome.value)
            if copy is outcome.value and copy is not None:
                return None, None, outcome.value
            if copy is not None and is_held(outcome):
                self._watch_fixed(copy, outcome.value)
            return None, text_digest(outcome.value), None
        value = snapshot(
            outcome.value,
            by_reference=self.book.holds,
            time_left=self._time_left,
            refuses=acting_for(self.book),
        )
        return outcome if value is outcome.value else Returned(value), None, None

    def _note_part(self, part: PartCall, place: str) -> None:
        self._note_problem(f"{part.name} changes {place} past every port: {part.way_out}")

    def supplement(self, method: PortMethod, port: Port) -> None:
        """Take a read from the real port once more, after the path has ended, with arguments from the tape.

        Of a port given as a class that is the object called last; where there was none, nothing is taken.
        """
        owner = port.target if port.is_object else self.owners.get(port.name)
        if owner is None and method.has_owner:
            return
        for kwargs in supplement_arguments(method, tuple(self._entries)):
            try:
                self.call(method.hook, method.hook.original, (owner,) if method.has_owner else (), kwargs)
            except Exception as error:  # noqa: BLE001  the tape has it, and the replay will meet it
                stop_if_interrupted(error)


def _copy_of_fixed(value: Any) -> Any:
    """A copy of what a `fixed` call gave, itself where nothing in it can change, None where it has none."""
    try:
        return snapshot(value)
    except SnapshotError:
        return None
