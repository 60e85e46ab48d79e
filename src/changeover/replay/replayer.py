"""The session of the shadowed path: calls are answered from the tape, and nothing reaches the world."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from inspect import isawaitable
from threading import get_ident
from time import monotonic, perf_counter
from typing import Any

from changeover.errors import ReplayRefusal, ReplayStopped, UndeclaredCall, WorkRefused
from changeover.record.attributes_set import AttributesAgain, AttributesSet
from changeover.record.call_inputs import CallInputs
from changeover.record.context import SESSION, Args, Kwargs, current_session, restore
from changeover.record.instrument import Hook
from changeover.record.loose_functions import acts_by_itself
from changeover.record.object_reading import ObjectReading
from changeover.record.part_call import PartCall
from changeover.record.port import CallClass, PortBook, PortMethod
from changeover.record.port_copies import PortCopies
from changeover.record.replay_problems import ProblemKind
from changeover.record.shared_readings import Read
from changeover.record.taken_back import put_in_place
from changeover.record.tape import Entry, Tape
from changeover.record.time_apart import WithTimeApart
from changeover.record.timed_steps import Took
from changeover.replay.answering_objects import Delegates, NoDelegate
from changeover.replay.completion_order import CompletionOrder
from changeover.replay.given_objects import GivenObjects
from changeover.replay.random_numbers import OwnRandom
from changeover.replay.real_answers import RealAnswers
from changeover.replay.scheduler import Scheduler
from changeover.replay.taped_calls import NO_NAMES
from changeover.replay.unrecorded_calls import UnrecordedCalls
from changeover.values.error_text import class_and_message, message_of
from changeover.values.event import EventLog
from changeover.values.limits import Limits
from changeover.values.observation import Outcome, Raised, Returned, Side, outcome_of
from changeover.values.value_text import outcome_text

_SETS_OTHERWISE = "it is set past every port, and not as the answering path did"
_WAY_OUT_OF_SETTING = "write a method of the port that sets it, and declare it"


class Replay(RealAnswers, UnrecordedCalls, WithTimeApart):
    """One pass of a path over a tape; afterwards `calls` and `problems` say what it did."""

    replaying = True
    carries = True

    def __init__(
        self,
        book: PortBook,
        tape: Tape,
        side: Side,
        *,
        seed: str,
        limits: Limits,
        copies: PortCopies | None,
    ) -> None:
        super().__init__(tape)
        self.side = side
        self.events = EventLog(limits.event_steps_max)
        self.scheduler: Scheduler | None = None  # of the order in which buses deliver
        self._objects = GivenObjects(tape, book.holds)
        self.object_before: list[ObjectReading] = []  # of a method whose object is not copied
        # Of parts of what the path gets that are not copied:
        self.shared_before: list[Read] = []
        self.is_beside = False  # the program goes on meanwhile
        self.followers: dict[str, Any] = {}  # of this path, by pack (`record.followed_path`)
        self.copies = copies
        self.seed = seed
        self.delegates = Delegates(copies, seed)
        self.book = book
        self._ports = {}
        self._called = {}
        self._fixed = {}
        self.limits = limits
        self._deadline = monotonic() + limits.replay_seconds_max
        self._clocks = {}
        self._asked: dict[int, Entry] = {}  # by thread: the call on the tape whose answer it is about to get
        self.waits_s = limits.replay_seconds_max
        # Hears of the steps of its tasks, where the program's loop runs them:
        self.step_took: Took | None = None

    @property
    def replay(self) -> Replay:
        """Itself: a session of a delegate names its replay."""
        return self

    def called_with(self, before: CallInputs, inputs: CallInputs) -> None:
        """The path gets these, which are copies."""
        self._objects.before, self._objects.inputs = before, inputs

    def changed_answers(self) -> dict[str, Any]:
        """What the path has changed in what ports gave it, at its place; raises what reading it raises."""
        return self._objects.changed()

    def happened(self, bus: Any, point: Any, event: Any, handler: str | None, again: bool) -> None:
        """Keep what happened on a bus; what cannot be kept, or is too much, makes the run no comparison."""
        if self._closed or not self.book.knows(bus):
            return
        began = perf_counter()
        try:
            step = bus.step(point, event, handler, again, None)
        except Exception as error:  # noqa: BLE001  events are the program's own code
            self.note(ProblemKind.NOT_KEPT, f"an event of bus {bus.name}", message_of(error))
            return
        with self._lock:
            was_full = self.events.is_full
            self.events.add(step._replace(position=len(self.calls) + 1))
            self.spend(began, perf_counter())
        if self.events.is_full and not was_full:
            limit = f"more than {self.limits.event_steps_max} steps of events"
            self.note(ProblemKind.LIMIT, f"bus {bus.name}", limit)

    @cached_property
    def generator(self) -> OwnRandom:
        """What `random` and `numpy.random` draw from in this replay."""
        if self._tape.random_in_turn:
            why = "others drew between its numbers when it was recorded"
            self.note(ProblemKind.INEXACT, "random", why)
        return OwnRandom.of_run(self.seed, self._tape.random_states)

    def call(self, hook: Hook, original: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        """Answer a call of an instrumented function; one that is no port of this migration runs as it is."""
        if self._closed:
            now: Any = current_session()
            if now is not self:  # the context was kept from this replay
                return original(*args, **kwargs) if now is None else now.call(hook, original, args, kwargs)
        method = self.book.find(hook, args)
        if method is None:
            part = self.book.part_called(hook, args)
            return original(*args, **kwargs) if part is None else self._ask_part(part, original, args, kwargs)
        owner, rest = (args[0], args[1:]) if hook.has_owner else (None, args)
        return self.ask(method, owner, rest, kwargs)

    def sets(self, owner: Any, name: str, value: Any) -> bool:
        """Not of an object that was there before; refused where the answering path set another value."""
        if self._closed and current_session() is not self:
            return True
        again = self._attributes
        if again is None or owner in again.made or not self.book.holds(owner):
            return True
        if self._closed or again.is_next(owner, name, value):
            return False
        place = f"{type(owner).__name__}.{name}"
        self.note(ProblemKind.UNDECLARED_CALL, place, f"{_SETS_OTHERWISE}: {_WAY_OUT_OF_SETTING}")
        raise self._ended(UndeclaredCall(f"{place}: {_SETS_OTHERWISE}"))

    def has_made(self, owner: Any) -> None:
        """The path has made an object of a port: what it sets there is its own affair."""
        if self._attributes is not None:
            self._attributes.made.add(owner)

    def check_attributes(self) -> None:
        """When the path has ended: what the answering path alone has set makes the run no comparison."""
        missing = None if self._attributes is None else self._attributes.missing()
        if missing is not None:
            why = f"only the answering path sets it, past every port: {_WAY_OUT_OF_SETTING}"
            self.note(ProblemKind.UNDECLARED_CALL, missing, why)

    @cached_property
    def _attributes(self) -> AttributesAgain | None:
        """None where nobody knows what the answering path set, and where the objects are copies."""
        if self._tape.is_stored or self.copies is not None:
            return None
        return AttributesAgain(self._tape.attributes or AttributesSet())

    def _ask_part(self, part: PartCall, original: Callable[..., Any], args: Args, kwargs: Kwargs) -> Any:
        """Let an object that a port holds answer by itself, unless it would act."""
        why = part.why_refused(is_stored=self._tape.is_stored)
        if why is not None:
            self.note(ProblemKind.UNDECLARED_CALL, part.name, f"{why}: {part.way_out}")
            raise self._ended(UndeclaredCall(f"{part.name}: {why}"))
        given = part.run(original, args, kwargs, int, self._note_part)
        if part.given is not None and not part.is_kept and acts_by_itself(given):
            what = f"{part.asked_for(args).name} gives a function that would act: {part.way_out}"
            raise self._ended(UndeclaredCall(what))
        return given

    def _note_part(self, part: PartCall, place: str) -> None:
        changed = f"it changes {place} past every port: {part.way_out}"
        self.note(ProblemKind.UNDECLARED_CALL, part.name, changed)

    def ask(self, method: PortMethod, owner: Any, args: Args, kwargs: Kwargs) -> Any:
        """Answer a call of a port; the answer of a coroutine function is an awaitable."""
        if self.debugger is not None:
            self.debugger.at_call(len(self.calls) + 1, method.hook.module)
        args = method.kept(args)
        if method.hook.is_async or method.hook.gives_coroutine:
            return self._ask_async(method, owner, args, kwargs)
        began = perf_counter()
        try:
            outcome = self._answered(method, owner, args, kwargs)
            if self._asked:
                self._await_turn()
            if outcome is None:
                outcome = outcome_of(lambda: self._really(method, owner, args, kwargs))
                self._keep_real(method, args, kwargs, outcome)
                outcome = self._own(method, outcome)
        finally:
            self.spend(began, perf_counter())
        return outcome.give()

    def tell(self, hook: Hook, args: Args) -> None:
        """Keep an effect that was found after it had happened, on a copy: the path is not stopped."""
        method = self.book.find(hook, args)
        if method is None:
            return
        with self._lock:
            self._stay_within_limits(method)
            place = self._place(method, args, NO_NAMES)
            entry = self._port_tape(method).match(place, self._branch()) if method.is_effect else None
            if entry is not None:
                self._learn(entry.arguments, method.arguments(args, NO_NAMES))
            self._keep(method, args, NO_NAMES, Returned(None))

    async def _ask_async(self, method: PortMethod, owner: Any, args: Args, kwargs: Kwargs) -> Any:
        began = perf_counter()
        outcome = self._answered(method, owner, args, kwargs)
        entry = self._asked.pop(get_ident(), None) if self._asked else None
        if entry is not None:
            await self._order.wait_async(entry)
        if outcome is not None:
            self.spend(began, perf_counter())
            return outcome.give()
        token = SESSION.set(self._delegate_session(method, owner))
        try:
            pending = self._target_call(method, owner, args, kwargs)()
            outcome = Returned(await pending if isawaitable(pending) else pending)
        except ReplayRefusal as error:
            self._ended(error)
            raise
        except Exception as error:  # noqa: BLE001  handed on to the path right below
            outcome = Raised(error)
        finally:
            restore(SESSION, token)
        self._keep_real(method, args, kwargs, outcome)
        self.spend(began, perf_counter())
        return self._own(method, outcome).give()

    @cached_property
    def _order(self) -> CompletionOrder:
        return CompletionOrder(self._tape)

    def _await_turn(self) -> None:
        entry = self._asked.pop(get_ident(), None)
        if entry is not None:
            self._order.wait(entry)

    def left_by(self, pack: str) -> Any | None:
        """What a pack kept of the answering path, for this replay; None where it kept nothing."""
        return self._tape.kept_by.get(pack)

    def remembered(self, pack: str, key: Hashable) -> list[Any]:
        """What a pack remembered of the answering path under a key; empty in another process."""
        found = self._tape.remembered
        return [] if found is None else found.get((pack, key), [])

    def is_seen_around(self, pack: str) -> bool:
        """Whether the pack sees for the run around this one what the answering path changed."""
        return pack in self._tape.seen_around

    @property
    def wants_scripts(self) -> bool:
        """Whether the run is recorded for replays where the world of a pack is not."""
        return self._tape.scripts is not None and not self._tape.is_stored

    def keep_script(self, pack: str, script: Any) -> None:
        """What a pack keeps of this path for these."""
        if self._tape.scripts is not None:
            self._tape.scripts.keep(self.side, pack, script)

    def script_of(self, pack: str) -> Any | None:
        """What a pack kept of this path, or of the one that answered; None in a run that was not stored."""
        scripts = self._tape.scripts if self._tape.is_stored else None
        return None if scripts is None else scripts.of(self.side, pack)

    @property
    def why_no_script(self) -> str:
        """Why a stored run has none, where it might have had one; empty where that is not known."""
        return "" if self._tape.scripts is None else self._tape.scripts.problem

    def recorded_calls(self, port: str, method: str) -> list[dict[str, Any]]:
        """The arguments of what the answering path asked of a port by this method."""
        entries = self._tape.of_port(port, lambda entry: entry.method.name == method)
        return [entry.arguments for entry in entries]

    def recorded_entries(self, port: str) -> list[Entry]:
        """All that the answering path did by a port, in order."""
        return self._tape.of_port(port, lambda _: True)

    @property
    def made_entries(self) -> Sequence[Entry]:
        """What this path did so far, in order."""
        return self.calls

    def take_back(self, entry: Entry, instead: Entry) -> None:
        """A call turned out to be another one."""
        put_in_place(self.calls, entry, instead)

    def recorded_answers(self, port: str, operation: str) -> list[tuple[Args, Any]]:
        """Arguments and answers of an operation of a channel, in the order of the tape."""
        entries = self._tape.of_port(port, lambda entry: entry.method.name == operation)
        return [
            (tuple(entry.arguments.values()), entry.outcome.value)
            for entry in entries
            if isinstance(entry.outcome, Returned)
        ]

    def _answered(self, method: PortMethod, owner: Any, args: Args, kwargs: Kwargs) -> Outcome | None:
        """As `_answer` says; a defect of the toolkit ends the path, and is no error of the path's own."""
        try:
            return self._answer(method, owner, args, kwargs)
        except WorkRefused:
            raise
        except Exception as error:
            what = f"{method.full_name}: a defect of changeover: {class_and_message(error)}"
            self.note(ProblemKind.LIMIT, "replay", what)
            raise self._ended(ReplayStopped(what)) from error

    def _answer(self, method: PortMethod, owner: Any, args: Args, kwargs: Kwargs) -> Outcome | None:
        """How the call ends; None where a real object, or a copy of one, has to answer."""
        with self._lock:
            self._stay_within_limits(method)
            call_class = method.call_class
            if call_class is CallClass.UNDECLARED:
                return self._refuse(ProblemKind.UNDECLARED_CALL, method, args, kwargs, UndeclaredCall)
            if self._copy_answers(method, owner):
                return None
            if call_class is CallClass.CLOCK:
                return self._time(method, args, kwargs)
            if call_class is CallClass.READ:
                return self._read(method, owner, args, kwargs)
            return self._effect(method, owner, args, kwargs) if call_class is CallClass.EFFECT else None

    def _copy_answers(self, method: PortMethod, owner: Any) -> bool:
        if self.copies is None:
            return False
        try:
            return self.delegates.copy_of(method, owner) is not None
        except NoDelegate as error:
            self.note(ProblemKind.UNDECLARED_CALL, method.full_name, str(error))
            raise self._ended(UndeclaredCall(f"{method.full_name}: {error}")) from error

    def _stay_within_limits(self, method: PortMethod) -> None:
        self._note_act(method.full_name)
        if self._refused is not None:  # the path went on although it was refused something
            raise type(self._refused)(str(self._refused))
        if len(self.calls) >= self.limits.port_calls_max:
            self._stop(f"more than {self.limits.port_calls_max} port calls")
        if monotonic() > self._deadline:
            self._stop(f"more than {self.limits.replay_seconds_max:g} s")

    def _read(self, method: PortMethod, owner: Any, args: Args, kwargs: Kwargs) -> Outcome:
        place = self._place(method, args, kwargs)
        tape, branch = self._port_tape(method), self._branch()
        place = self._of_object(method, owner, place)
        served = tape.read(place, branch, unaffected=method.unaffected)
        self._verify_branch(tape, place, branch)
        if served is None:
            return self._unrecorded(method, args, kwargs)
        if not served.exact and served.other is None:
            self._guessed(method.full_name, len(self.calls) + 1)
        elif served.by_branch:
            self._asked_at_once.setdefault(branch, (method.full_name, len(self.calls) + 1))
        if self._by_branch:
            self._asked[get_ident()] = served.entry
        self._keep(method, args, kwargs, served.entry.outcome)
        if served.other is not None:
            given, other = outcome_text(served.entry.outcome), outcome_text(served.other.outcome)
            self._note_call(ProblemKind.INEXACT, method, f"answered {given}, and {other} would fit as well")
        return self._for_path(served.entry, args, kwargs)

    def _effect(self, method: PortMethod, owner: Any, args: Args, kwargs: Kwargs) -> Outcome:
        place = self._place(method, args, kwargs)
        tape, branch = self._port_tape(method), self._branch()
        place = self._of_object(method, owner, place)
        entry = tape.match(place, branch)
        self._verify_branch(tape, place, branch)
        if entry is None:
            self._refuse_unread_key(method, args, kwargs, place)
            return self._withheld(method, args, kwargs)
        if self._by_branch:
            self._asked[get_ident()] = entry
        self._learn(entry.arguments, method.arguments(args, kwargs))
        self._keep(method, args, kwargs, entry.outcome, with_site=True)
        return self._for_path(entry, args, kwargs)
