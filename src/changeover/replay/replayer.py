"""The session of the shadowed path: calls are answered from the tape, and nothing reaches the world."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from inspect import isawaitable
from threading import get_ident
from time import monotonic, perf_counter
from typing import TYPE_CHECKING, Any, cast

from changeover.errors import (
    EffectWithheld,
    ReadMissing,
    ReplayRefusal,
    ReplayStopped,
    UndeclaredCall,
    UndeclaredEffect,
    WorkRefused,
)
from changeover.record.call_inputs import CallInputs
from changeover.record.class_state import ClassState
from changeover.record.context import SESSION, Args, Kwargs, restore
from changeover.record.held_reading import HeldReading
from changeover.record.instrument import Hook, calling_site
from changeover.record.object_reading import ObjectReading, SharedReading
from changeover.record.own_log import OwnLog
from changeover.record.port import CallClass, PortBook, PortMethod
from changeover.record.port_copies import PortCopies
from changeover.record.replay_problems import QUEUE, ProblemKind, ReplayProblem
from changeover.record.tape import Entry, Tape
from changeover.record.timed_steps import Took
from changeover.record.work_branch import current_branch, tick
from changeover.replay.answering_objects import Delegates, DelegateSession, NoDelegate
from changeover.replay.called_objects import AnotherObject, CalledObjects
from changeover.replay.carried_changes import carry_into
from changeover.replay.clock import VirtualClock, seconds_of
from changeover.replay.completion_order import CompletionOrder
from changeover.replay.concurrent_tape import ConcurrentPortTape
from changeover.replay.derived_reads import NotDerived, RecordedReads, derived, effects_made
from changeover.replay.first_import import module_being_imported
from changeover.replay.given_objects import GivenObjects
from changeover.replay.id_mapping import IdMapping, teaches_nothing
from changeover.replay.port_tape import BranchName, PortTape
from changeover.replay.random_numbers import OwnRandom
from changeover.replay.replayed_work import AnyPortTape, ReplayedWork
from changeover.replay.scheduler import Scheduler
from changeover.values.atom_types import ATOMS
from changeover.values.content_key import frozen, unread_in
from changeover.values.copying import SnapshotError, copied_error, snapshot
from changeover.values.error_text import class_and_message, message_of
from changeover.values.event import EventLog
from changeover.values.limits import Limits
from changeover.values.observation import Outcome, PortCall, Raised, Returned, outcome_of
from changeover.values.value_text import outcome_text, parts_text

LOOK_S = 0.05
ARGUMENT_SHOWN_MAX = 200
PATIENCE_S = 1e7
NO_NAMES: Kwargs = {}


if TYPE_CHECKING:
    from changeover.replay.debugging import Debugger


class Replay(ReplayedWork):
    """One pass of a path over a tape; afterwards `calls` and `problems` say what it did."""

    replaying = True
    carries = True

    def __init__(
        self, book: PortBook, tape: Tape, *, seed: str, limits: Limits, copies: PortCopies | None
    ) -> None:
        super().__init__(tape)
        self.log = OwnLog()
        self.events = EventLog(limits.event_steps_max)
        self.scheduler: Scheduler | None = None  # of the order in which buses deliver
        self._objects = GivenObjects(tape, book.holds)
        self.port_s = 0.0
        self.object_before: list[ObjectReading] = []  # of a method whose object is not copied
        self.shared_before: list[
            SharedReading | HeldReading | ClassState
        ] = []  # of parts of what the path gets that are not copied
        self.is_beside = False  # the program goes on meanwhile
        self.followers: dict[str, Any] = {}  # of this path, by pack (`record.followed_path`)
        self.copies = copies
        self.seed = seed
        self.delegates = Delegates(copies, seed)
        self.book = book
        self._ports: dict[str, AnyPortTape] = {}
        self._called: dict[str, CalledObjects] = {}
        self._fixed: dict[int, tuple[Any, Any]] = {}  # answers of `fixed` calls, each with its copy
        self.limits = limits
        self._deadline = monotonic() + limits.replay_seconds_max
        self._ids: IdMapping | None = None  # where no identifier was met, none is renamed
        self._clocks: dict[tuple[str, BranchName], VirtualClock] = {}
        self._refused: ReplayRefusal | None = None  # what ended the path
        self._asked: dict[int, Entry] = {}  # by thread: the call on the tape whose answer it is about to get
        self.waits_s = limits.replay_seconds_max
        self.step_took: Took | None = (
            None  # hears of the steps of its tasks, where the program's loop runs them
        )
        self._waited_s = 0.0
        self.debugger: Debugger | None = None

    def stopped_by(self, debugger: Debugger) -> None:
        """Somebody looks at the path, who takes his time."""
        self.debugger = debugger
        self._deadline = float("inf")
        self.waits_s = PATIENCE_S

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

    def hear(self, level: str, source: str, text: str) -> None:
        """Keep what the path logged."""
        self.log.add(level, source, text)

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
            self.port_s += perf_counter() - began
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
        method = self.book.find(hook, args)
        if method is None:
            return original(*args, **kwargs)
        owner, rest = (args[0], args[1:]) if hook.has_owner else (None, args)
        return self.ask(method, owner, rest, kwargs)

    def ask(self, method: PortMethod, owner: Any, args: Args, kwargs: Kwargs) -> Any:
        """Answer a call of a port; the answer of a coroutine function is an awaitable."""
        if self.debugger is not None:
            self.debugger.at_call(len(self.calls) + 1, method.hook.module)
        if method.hook.is_async:
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
            self.port_s += perf_counter() - began
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
            self.port_s += perf_counter() - began
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
        self.port_s += perf_counter() - began
        return self._own(method, outcome).give()

    def _own(self, method: PortMethod, outcome: Outcome) -> Outcome:
        """What a `fixed` call gave, as the path may have it: one copy of an object that can change.

        What has no copy, as a context, is the port's own.
        """
        if not method.is_fixed or not isinstance(outcome, Returned) or type(outcome.value) in ATOMS:
            return outcome
        known = self._fixed.get(id(outcome.value))
        if known is None:
            try:
                copy = snapshot(outcome.value, by_reference=self.book.holds)
            except SnapshotError:
                copy = outcome.value
            known = self._fixed[id(outcome.value)] = outcome.value, copy
        return outcome if known[1] is outcome.value else Returned(known[1])

    @cached_property
    def _order(self) -> CompletionOrder:
        return CompletionOrder(self._tape)

    def _await_turn(self) -> None:
        entry = self._asked.pop(get_ident(), None)
        if entry is not None:
            self._order.wait(entry)

    def not_followed(self, what: str) -> None:
        """A process of the program's own would act for real."""
        self.catch("process", what)

    def handed_over(self, what: str) -> None:
        """Whoever takes it would act for real: the path ends here, or the work that it has left behind."""
        if self._closed:
            self._refuse_late(what)
        way_out = "give the path as fresh(build), or what fills it as a port"
        self.note(ProblemKind.LIMIT, QUEUE, f"{what}; {way_out}")
        raise self._ended(ReplayStopped(f"{QUEUE}: {what}"))

    def cannot_follow(self, pack: str, what: str) -> None:
        """The run cannot be compared: a pack could not do its part. A path that still runs ends."""
        self.note(ProblemKind.LIMIT, pack, what)
        refusal = self._ended(ReplayStopped(f"{pack}: {what}"))
        if not self.running.answered:
            raise refusal

    def guessed(self, pack: str, why: str) -> None:
        """What the path was given may not be what the answering one was: a difference proves nothing."""
        self.problems.add(ReplayProblem(ProblemKind.INEXACT, pack, why, 0))

    def left_by(self, pack: str) -> Any | None:
        """What a pack kept of the answering path, for this replay; None where it kept nothing."""
        return self._tape.kept_by.get(pack)

    def recorded_calls(self, port: str, method: str) -> list[dict[str, Any]]:
        """The arguments of what the answering path asked of a port by this method."""
        entries = self._tape.of_port(port, lambda entry: entry.method.name == method)
        return [entry.arguments for entry in entries]

    def clock(self, port: str) -> VirtualClock:
        """The time of this replay."""
        branch = self._branch()
        found = self._clocks.get((port, branch))
        if found is None:
            entries = self._tape.of_port(port, lambda entry: entry.method.call_class is CallClass.CLOCK)
            own = [entry for entry in entries if branch and self._tape.during(entry).branch == branch]
            found = self._clocks[port, branch] = VirtualClock(own or entries)
        return found

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

    def wait(self, wait: Callable[[float], bool], timeout: float | None) -> bool:
        """Let the path wait for something that another thread gives, and end it where nobody does.

        Its own threads and jobs may take their time. Others set what the program holds, and not the copy.
        """
        until = None if timeout is None else monotonic() + timeout
        while True:
            began = monotonic()
            left = LOOK_S if until is None else min(LOOK_S, max(0.0, until - began))
            if wait(left):
                return True
            now = monotonic()
            if not self.running.left():
                self._waited_s += now - began
            if self._waited_s > self.waits_s:
                raise self.gave_up_waiting()
            if until is not None and now >= until:
                return False

    def gave_up_waiting(self) -> ReplayRefusal:
        """The end of a path that waits for what never comes."""
        what = f"the path waited {self.waits_s:.3g} s for what nobody gives to a replay"
        self.note(ProblemKind.LIMIT, "waiting", what)
        return self._ended(ReplayStopped(what))

    def _stop(self, limit: str) -> None:
        self.note(ProblemKind.LIMIT, "limit reached", limit)
        raise self._ended(ReplayStopped(limit))

    def _ended(self, refusal: ReplayRefusal) -> ReplayRefusal:
        """The refusal that ends the path: every call from now on is refused likewise."""
        self._refused = self._refused or refusal
        return refusal

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

    def _unrecorded(self, method: PortMethod, args: Args, kwargs: Kwargs) -> Outcome:
        """The answer to a question that nobody asked when the tape was made: derived, or none."""
        why = None
        if method.derive is not None:
            recorded = RecordedReads(self.book.port_of(method), self._look, self._made)
            try:
                outcome = derived(method, recorded, args, kwargs)
            except NotDerived as error:
                why = str(error)
            else:
                self._keep(method, args, kwargs, outcome)
                return outcome
        return self._refuse(ProblemKind.READ_MISSING, method, args, kwargs, ReadMissing, why)

    def _look(self, method: PortMethod, args: Args, kwargs: Kwargs) -> Outcome | None:
        """What the tape answers to a read at this point, for who does not ask as the path."""
        if method.call_class is not CallClass.READ:
            return None
        place = self._place(method, args, kwargs)
        served = self._port_tape(method).peek(place, unaffected=method.unaffected)
        return None if served is None or not served.exact else self._for_path(served.entry)

    def _made(self, method: PortMethod) -> tuple[PortCall, ...]:
        """What the path has done by this effect until now."""
        return effects_made(method, self.calls, self._ids)

    def _withheld(self, method: PortMethod, args: Args, kwargs: Kwargs) -> Outcome:
        """What the path is told of an effect that is withheld: what all recorded ones gave, or an end."""
        kind, given = ProblemKind.EFFECT_WITHHELD, self._port_tape(method).answer_of_all(method)
        if given is None or self._goes_beyond_record:
            return self._refuse(kind, method, args, kwargs, EffectWithheld)
        self._keep(method, args, kwargs, given, with_site=True)
        self._note_call(kind, method)
        return Returned(snapshot(given.give(), by_reference=self.book.holds))

    def _time(self, method: PortMethod, args: Args, kwargs: Kwargs) -> Outcome | None:
        """None where the clock itself has to tell the time, as the recorded path never asked."""
        clock = self.clock(method.port)
        if method.sleeps:
            outcome: Outcome | None = outcome_of(lambda: clock.sleep(seconds_of(args, kwargs)))
        else:
            outcome = clock.now(method.name)
        if outcome is None:
            if not self._tape.is_stored:
                return None
            return self._refuse(ProblemKind.READ_MISSING, method, args, kwargs, ReadMissing)
        self._keep(method, args, kwargs, outcome)
        return (
            Raised(copied_error(outcome.error, self.book.holds)) if isinstance(outcome, Raised) else outcome
        )

    def _learn(self, on_tape: dict[str, Any], of_path: dict[str, Any]) -> None:
        for name, value in on_tape.items():
            if not teaches_nothing(value, of_path.get(name)):
                break
        else:
            return
        self._ids = self._ids or IdMapping()
        self._ids.learn(on_tape, of_path)

    def _place(self, method: PortMethod, args: Args, kwargs: Kwargs) -> Any:
        ids = self._ids
        if ids is not None:
            args, kwargs = ids.for_tape(args), ids.for_tape(kwargs)
        try:
            return (method.name, frozen(method.key_of(args, kwargs)))
        except Exception as error:  # a key function is a program's own code and may raise anything
            raise self._keyless(method, error) from error

    def _refuse_unread_key(self, method: PortMethod, args: Args, kwargs: Kwargs, place: Any) -> None:
        """End the path where its effect is a recorded one but for what nobody can read in both keys."""
        if self._ids is not None:
            args, kwargs = self._ids.for_tape(args), self._ids.for_tape(kwargs)
        key = method.key_of(args, kwargs)
        blank = frozen(key, is_read=False)
        if blank == place[1]:
            return
        entries = self._tape.of_port(method.port, lambda entry: entry.method.name == method.name)
        keys = [entry.key for entry in entries if entry.place != place]
        if len(keys) == len(entries) and any(frozen(other, is_read=False) == blank for other in keys):
            why = f"both paths made {unread_in(key)}: nobody can say whether they are the same"
            raise self._keyless(method, why)

    def _of_object(self, method: PortMethod, owner: Any, place: Any) -> Any:
        """The place of a call on this object; ends the path where it was recorded on another one."""
        if not method.is_of_class or owner is None:
            return place
        try:
            return self._called[method.port].place(place, owner)
        except AnotherObject as error:
            self.note(ProblemKind.UNDECLARED_CALL, method.full_name, str(error))
            raise self._ended(UndeclaredCall(f"{method.full_name}: {error}")) from error

    def _port_tape(self, method: PortMethod) -> AnyPortTape:
        found = self._ports.get(method.port)
        if found is not None:
            return found
        tape, entries = self._tape, self._tape.of_port(method.port, lambda _: True)
        try:
            if method.is_of_class:
                compared = [entry for entry in entries if entry.method.is_compared]
                self._called[method.port] = CalledObjects(compared)
            if self._by_branch:
                found = ConcurrentPortTape([(entry, tape.during(entry)) for entry in entries])
            else:
                found = PortTape(entries)
            self._ports[method.port] = found
            return found
        except Exception as error:  # the same, for the calls on the tape
            raise self._keyless(method, error) from error

    def _keyless(self, method: PortMethod, error: Exception | str) -> ReplayRefusal:
        why = error if type(error) is str else class_and_message(cast(Exception, error))
        what = f"its key cannot be worked out: {why}"
        self.note(ProblemKind.UNDECLARED_CALL, method.full_name, what)
        return self._ended(UndeclaredCall(f"{method.full_name}: {what}"))

    def _for_path(self, entry: Entry, args: Args = (), kwargs: Kwargs = NO_NAMES) -> Outcome:
        """How a recorded call ended, for the replayed one with these arguments."""
        outcome, ids = entry.outcome, self._ids
        if entry.left is not None:
            self._carry(entry, entry.left, args, kwargs)
        if isinstance(outcome, Raised):
            error = copied_error(outcome.error, self.book.holds)
            return Raised(error if ids is None else ids.for_path(error))
        if outcome is None:
            return Returned(None)
        value = outcome.value if ids is None else ids.for_path(outcome.value)
        return Returned(self._objects.given(entry, value, args, kwargs))

    def _carry(self, entry: Entry, left: tuple[Args, Kwargs], args: Args, kwargs: Kwargs) -> None:
        """Write what the recorded call has changed in its arguments into those of the replayed one."""
        method, ids = entry.method, self._ids

        def given(value: Any) -> Any:
            found = value if ids is None else ids.for_path(value)
            return snapshot(found, by_reference=self.book.holds)

        live, after = method.arguments(args, kwargs), method.arguments(*left)
        try:
            for name, before in entry.arguments.items():
                if name in live and name in after:
                    carry_into(live[name], before, after[name], given)
        except Exception as error:  # noqa: BLE001  values are the program's own code
            what = f"what the call has changed in its arguments: {message_of(error)}"
            self.note(ProblemKind.NOT_KEPT, method.full_name, what)

    def _refuse(
        self,
        kind: ProblemKind,
        method: PortMethod,
        args: Args,
        kwargs: Kwargs,
        refusal: type[ReplayRefusal],
        why: str | None = None,
    ) -> Outcome:
        outcome = Raised(self._ended(refusal(f"{method.full_name}: {kind}")))
        if self._is_beyond_record():
            return outcome
        self._keep(method, args, kwargs, outcome, with_site=True)
        self._note_call(kind, method, why)
        return outcome

    def _note_call(self, kind: ProblemKind, method: PortMethod, why: str | None = None) -> None:
        """Note a problem of the last call."""
        position = len(self.calls)
        call = self.calls[-1].call(position)
        given = (f"{name}={parts_text(value, ARGUMENT_SHOWN_MAX)}" for name, value in call.arguments.items())
        asked = f"{method.name}({', '.join(given)})"
        detail = asked if why is None else f"{asked}: {why}"
        self.problems.add(ReplayProblem(kind, method.full_name, detail, position, call.asked_at, call))

    def _keep(
        self,
        method: PortMethod,
        args: Args,
        kwargs: Kwargs,
        outcome: Outcome | None,
        *,
        with_site: bool = False,
        answer: Any = None,
    ) -> None:
        site = calling_site(method.hook.module, machinery=method.hook.machinery) if with_site else None
        try:
            holds = self.book.holds
            args = args if ATOMS.issuperset(map(type, args)) else snapshot(args, by_reference=holds)
            kwargs = snapshot(kwargs, by_reference=holds) if kwargs else kwargs
        except SnapshotError as error:
            self.note(ProblemKind.NOT_KEPT, method.full_name, f"its arguments: {error}")
            args, kwargs = (), {}
        entry = Entry(method, args, kwargs, outcome, site, immutable_answer=answer)
        entry.began = entry.ended = tick()
        entry.branch = current_branch()
        self.calls.append(entry)

    def _keep_real(self, method: PortMethod, args: Args, kwargs: Kwargs, outcome: Outcome) -> None:
        """Keep a call that a real object or a copy answered."""
        if method.call_class is CallClass.CLOCK and not method.sleeps:
            self.clock(method.port).begin(method.name, outcome)
        if isinstance(outcome, Raised):
            if isinstance(outcome.error, ReplayRefusal):
                self._ended(outcome.error)
            self._keep(
                method, args, kwargs, Raised(copied_error(outcome.error, self.book.holds)), with_site=True
            )
        elif method.call_class is CallClass.FIXED:
            self._keep(method, args, kwargs, None, answer=outcome.value)
            self._verify_fixed(self.calls[-1])
        else:
            kept = Returned(snapshot(outcome.value, by_reference=self.book.holds))
            self._keep(method, args, kwargs, kept, with_site=method.call_class is CallClass.EFFECT)

    def _verify_fixed(self, entry: Entry) -> None:
        """Data that has changed since a stored tape was made are another world."""
        if not self._tape.is_stored:
            return
        for recorded in self._tape.of_port(entry.method.port, lambda found: found.place == entry.place):
            if recorded.answer_digest not in (None, entry.answer_digest):
                self.note(ProblemKind.FIXED_CHANGED, entry.method.full_name, "answers otherwise now")
                return

    def _really(self, method: PortMethod, owner: Any, args: Args, kwargs: Kwargs) -> Any:
        token = SESSION.set(self._delegate_session(method, owner))
        try:
            return self._target_call(method, owner, args, kwargs)()
        finally:
            SESSION.reset(token)

    def _delegate_session(self, method: PortMethod, owner: Any) -> DelegateSession:
        copied = self.delegates.copy_of(method, owner)
        return DelegateSession(self, () if copied is None else (copied,))

    def _target_call(self, method: PortMethod, owner: Any, args: Args, kwargs: Kwargs) -> Callable[[], Any]:
        try:
            return self.delegates.call(method, owner, args, kwargs)
        except NoDelegate as error:
            self.note(ProblemKind.UNDECLARED_CALL, method.full_name, str(error))
            raise self._ended(UndeclaredCall(f"{method.full_name}: {error}")) from error

    def recorded_answers(self, port: str, operation: str) -> list[tuple[Args, Any]]:
        """Arguments and answers of an operation of a channel, in the order of the tape."""
        entries = self._tape.of_port(port, lambda entry: entry.method.name == operation)
        return [
            (tuple(entry.arguments.values()), entry.outcome.value)
            for entry in entries
            if isinstance(entry.outcome, Returned)
        ]

    def thread_refused(self, why: str) -> None:
        """Note that the process ends and the path could not have a thread: that says nothing of the path."""
        self.note(ProblemKind.LIMIT, "no thread", why)

    def catch(self, event: str, detail: str) -> None:
        """Refuse what goes past every port."""
        if self._closed:
            self._refuse_late(f"{event} {detail}")
        module = module_being_imported()
        if module is not None:  # it would do so once in a process: that is no difference of the paths
            way_out = "import it where the program starts"
            what = f"{module} is imported for the first time in a replay, and reaches for {event} {detail}"
            self.cannot_follow("import", f"{what}: {way_out}")
        refusal = UndeclaredEffect(f"{event} {detail}: the path reached for the world past every port")
        if self._refused is None:
            self.note(ProblemKind.UNDECLARED_EFFECT, event, detail)
        raise self._ended(refusal)
