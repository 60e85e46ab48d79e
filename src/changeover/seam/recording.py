"""What is kept of one call of a seam, so that the other path can be replayed against it."""

from __future__ import annotations

import decimal
import sys
from collections.abc import Callable, Iterable
from contextvars import Context, copy_context
from os import urandom
from threading import get_ident, main_thread
from time import time
from typing import TYPE_CHECKING, Any

from changeover.quick_dataclass import dataclass
from changeover.record.context import Args, Kwargs, current_session
from changeover.record.live_answers import ANSWERS
from changeover.record.port_copies import PortCopies
from changeover.record.propagation import NOT_CARRIED, carry_work
from changeover.record.recorded_run import Passage, RecordedRun
from changeover.record.recorder import Recorder
from changeover.record.scripts import Scripts
from changeover.replay import isolation
from changeover.replay.handled_error import handled_here
from changeover.replay.kept_outcome import View, kept
from changeover.replay.random_numbers import DREW_UNSEEN, drew_from_new_numpy
from changeover.replay.runner import ReplayTask
from changeover.replay.sealed_hooks import LookingActed, look
from changeover.seam.bound_objects import InCommon
from changeover.seam.given import Given
from changeover.seam.judge import RunDraft
from changeover.seam.seam import PathFunction, Seam
from changeover.telemetry.logs import logger
from changeover.values.copy_plan import is_atom
from changeover.values.copy_time import CopyTime
from changeover.values.error_text import class_and_message, message_of
from changeover.values.interruption import is_interruption, stop_if_interrupted
from changeover.values.limits import WAITS_S
from changeover.values.observation import Observation, Outcome, Raised, Returned, Side
from changeover.values.pins import PINNED, Pins, still_on

if TYPE_CHECKING:
    from changeover.telemetry.traces import SeamTrace

_log = logger("seam")
_warned_undeclared: set[str] = set()


@dataclass(slots=True)
class Call:
    """One call of a seam: its pins, the path that answers, the arguments as the caller gave them.

    `fallback` is the legacy path, for a candidate that gives up before it has done anything. `is_plain` says
    that the path is known to be no coroutine function. `trace` is the span of the run, None without one.
    """

    seam: Seam
    pins: Pins
    answering: Side
    path: Callable[..., Any]
    args: Args
    kwargs: Kwargs
    fallback: Callable[..., Any]
    is_plain: bool = False
    trace: SeamTrace | None = None


class Recording:
    """Inputs, tape and outcome of the path that answers; afterwards the other path is replayed against it.

    `call` has the caller's own arguments until they are forgotten. `fallen` is what the candidate left behind
    that gave up, where this path answers in its place. `overlapped` says that another run on the same object
    was under way meanwhile.
    """

    # The class has what is so at first.
    interrupted = False
    fallen: Observation | None = None
    overlapped = False
    _changed: dict[str, Any] | None = None
    _tags: tuple[str, ...] = ()
    _outcome: Outcome | None = None
    _own_time_s = _seconds = 0.0
    _copies: PortCopies | None = None

    def __init__(self, call: Call) -> None:
        self.runtime = call.seam.runtime.active
        self.call = call
        self.answering = call.answering
        self._handled = None if sys.exc_info()[1] is None else handled_here()
        self._thread = get_ident()
        self._seam = call.seam
        self._problem = call.pins.problem
        # Whoever waits for the verdict, in a comparison or a test, waits for the copies as well.
        seconds = self.runtime.limits.record_seconds_max
        self._time_left = None if self.runtime.waits else CopyTime(seconds)
        in_common = self._in_common() if call.seam.bound.of_paths else None
        self._given = Given(call.seam, call.args, call.kwargs, self.runtime.book, self._time_left, in_common)
        session = current_session()
        self.outer = session if isinstance(session, Recorder) and not session.is_judged else None
        self._prepare()
        self._knew_numpy = "numpy" in sys.modules
        self.recorder = Recorder(
            self.runtime.book, self.runtime.limits, self.outer, self._copies, self._time_left
        )
        self.recorder.inputs = self._given.now
        seam = call.seam
        self._crossings = seam.by_legacy if call.answering is Side.LEGACY else seam.by_candidate
        self._watch = self._crossings.watch(self.runtime, waits=self._time_left is None)
        self._context = copy_context()
        self._pins_held = still_on(PINNED.get())
        if self._pins_held is not None and self._pins_held.around is not None:
            self._keep_pins()  # those around may have answered by the time of the replay
        self.decimals = decimal.getcontext().copy()
        self.recorder.tape.decimals = self.decimals
        if self.runtime.for_scenarios:
            self.recorder.tape.scripts = Scripts(self.answering)
        if self._given.owner:
            self._given.begin_use(self)

    def _keep_pins(self) -> None:
        """The replay keeps them, however long after the answer it is made."""
        if self._pins_held is not None:
            self._context.run(PINNED.set, self._pins_held.reopened())
            self._pins_held = None

    @property
    def context(self) -> Context:
        """That of the caller as it was at the call, with the pins of the run."""
        self._keep_pins()
        return self._context

    def _in_common(self) -> InCommon | None:
        """What both paths come with; another thread may change it while it is looked into."""
        replayed = self.runtime.on_itself or self.answering.other
        try:
            return self._seam.bound.in_common(self.answering, replayed, self.runtime.book)
        except BaseException as error:  # noqa: BLE001  promise 1: it breaks no answer
            stop_if_interrupted(error)
            self._problem = self._problem or f"inputs cannot be kept: {message_of(error)}"
            return None

    def _prepare(self) -> None:
        runtime, tags = self.runtime, self._seam.tags
        if tags is not None:
            self._take_tags(tags)
        try:
            if not sys.modules.keys().isdisjoint(NOT_CARRIED):
                carry_work()
            isolation.keep_isolated()
            runtime.book.cover()
            parts = runtime.book.parts
            if parts.is_behind(self._seam.name):
                begin = (*self._seam.paths.values(), *self.call.args, *self.call.kwargs.values())
                parts.search(self._seam.name, begin)
            self._given.copy(self._replayed_path)
            if runtime.copies_ports:
                self._copies = PortCopies(runtime.book)
        except BaseException as error:  # noqa: BLE001  promise 1: it breaks no answer
            stop_if_interrupted(error)
            self._problem = self._problem or f"inputs cannot be kept: {message_of(error)}"

    def _take_tags(self, tags: Callable[..., Iterable[str]]) -> None:
        call, what = self.call, f"the tags of `{self._seam.name}`"
        try:
            self._tags = look(what, self.runtime.book, lambda: _texts(tags(*call.args, **call.kwargs)))
        except BaseException as error:  # noqa: BLE001  promise 1: it breaks no answer
            stop_if_interrupted(error)
            raised = f"{what} raised {class_and_message(error)}"
            self._problem = str(error) if isinstance(error, LookingActed) else raised
            self.runtime.note(self._problem, seam=self._seam.name)

    def is_within(self, other: Recording) -> bool:
        """Whether this run is a part of the other one."""
        return self.outer is not None and self.outer.is_inside(other.recorder)

    @property
    def problem(self) -> str | None:
        """Why it cannot be compared, None where it can."""
        self._tell_of_sent()
        found = self._problem or self.recorder.tape.problem or self._crossings.sends
        if found is None and self.overlapped:
            found = f"object shared: runs of `{self._seam.name}` overlapped on one {self._given.class_name}"
        return found

    def _tell_of_sent(self) -> None:
        """What was sent past every port until now; the watch ends with the work of the path."""
        sent, watch = self.recorder.past_ports, self._watch
        if sent is not None:
            self._crossings.found(sent, self.runtime)
        if watch is not None and (self.recorder.is_judged or not self.recorder.running.branches):
            self._watch = None
            watch.release()

    @property
    def copies_act(self) -> bool:
        """Whether the other path acts on copies of ports, which may reach out of this process."""
        return self._copies is not None

    @property
    def is_bound_to_now(self) -> bool:
        """Whether its replay comes next and here: a pack keeps what it needs of a world that goes on."""
        return bool(self.recorder.tape.kept_by)

    @property
    def has_changed_answers(self) -> bool:
        """Whether an answer of a port, or what one was handed, changed while the path ran, by whomever."""
        return self.recorder.has_changed_answers

    def may_fall_back(self) -> bool:
        """Whether legacy may answer instead: nothing was attempted, and nothing that was given has changed.

        Where that cannot be read it may not, which is noted.
        """
        if self.recorder.attempted or self.recorder.running.left():  # what goes on may act yet
            return False
        if self._changed is None:
            name = self._seam.name
            self.runtime.note(f"seam {name!r} does not fall back: {self.problem}", seam=name)
        return self._changed is not None and not self._changed and not self._given.shared_object_changed

    def keep(self, outcome: Outcome, seconds: float) -> None:
        """Keep how the answering path ended, after so many seconds; the recording is closed then."""
        try:
            self.recorder.tape.seconds = seconds
            self._seconds, self._own_time_s = seconds, max(0.0, seconds - self.recorder.port_s)
            if self._given.owner:
                self._given.end_use(self)
            if isinstance(outcome, Raised) and is_interruption(outcome.error):
                self.interrupted = True
            else:
                self._keep_contents(outcome)
                if not self._knew_numpy and "numpy" in sys.modules and drew_from_new_numpy():
                    self._problem = self._problem or DREW_UNSEEN
                if self._seam.supplement:
                    self._supplement()
        except BaseException as error:  # noqa: BLE001  promise 1: it breaks no answer
            stop_if_interrupted(error)
            self._problem = self._problem or f"result of {self.answering} cannot be kept: {message_of(error)}"
        self.recorder.answer()
        self.recorder.forget_answers()
        if self._watch is not None:
            self._tell_of_sent()
        if self.recorder.undeclared:
            _warn_of_undeclared(self.recorder.undeclared)

    def _keep_contents(self, outcome: Outcome) -> None:
        """How the path ended, and what it left changed, both as they are at the answer."""
        changed, recorder = self._given.changes(), self.recorder
        self._problem = self._problem or self._given.shared_part_changed
        if recorder.has_given and changed is not None:
            answers = recorder.changed_answers(self._time_left)
            changed = {**changed, ANSWERS: answers} if answers else changed
        view = self.view(self.answering) if self._seam.views else None
        if changed or view is not None or not (isinstance(outcome, Returned) and is_atom(outcome.value)):
            outcome, left = kept(
                outcome, changed or {}, view, self._seam.name, self.runtime.book, self._time_left
            )
            changed = None if changed is None else left
        self._outcome, self._changed = outcome, changed

    def _supplement(self) -> None:
        """Reads that only the other path asks for (`supplement` in phases.toml) are put behind the tape."""
        before = len(self.recorder.tape)
        for port_name, method_name in self._seam.supplement:
            port = self.runtime.book.ports[port_name]
            self.recorder.supplement(port.methods[method_name], port)
        self.recorder.tape.supplements = len(self.recorder.tape) - before

    def give_up(self) -> None:
        """It was stopped from outside before it could be judged: nothing is watched any more."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.release()
        self.recorder.close()

    def fallen_from(self, fallen: Recording) -> None:
        """This path answers because that one gave up before it attempted anything."""
        try:
            self.fallen = fallen.observation()
        except RuntimeError as error:
            self._problem = self._problem or f"what {fallen.answering} left cannot be kept: {error}"
        self.recorder.deferred[:0] = fallen.recorder.deferred

    def forget_arguments(self) -> None:
        """Forget the caller's own arguments; what was kept of them is enough from now on."""
        self._given.forget()
        self.call.args, self.call.kwargs = (), {}

    def draft(self) -> RunDraft:
        """The run as far as it is known before it is judged."""
        self.recorder.tape.left_out = self._given.left_out
        return RunDraft(
            seam=self._seam.name,
            phase=self._seam.phase,
            population=self.runtime.population,
            pins=self.call.pins,
            answered_by=self.answering,
            arguments=self._given.arguments,
            tape=self.recorder.tape,
            tags=self._tags,
            fell_back=self.fallen is not None,
            owner=() if self._given.before is None else self._given.before.owner,
        )

    def observation(self) -> Observation:
        """What the answering path left behind."""
        tape, outcome = self.recorder.tape, self._outcome
        if outcome is None:
            raise RuntimeError(self._problem or "the path has not ended")
        return tape.observation(
            self.answering,
            outcome,
            self._own_time_s,
            changed=self._changed or {},
            logged=self.recorder.logged,
            events=self.recorder.events,
        )

    def passage(self, code: str | None, answering_code: str | None, flags: int | None) -> Passage:
        """What another process has to know first, under a new name; digests and flags as in `Passage`."""
        seam = self._seam
        return Passage(
            urandom(16).hex(),
            time(),
            seam.name,
            seam.phase,
            self.runtime.population,
            self.answering,
            self.call.pins,
            self._tags,
            code,
            answering_code,
            flags,
            None if self.call.trace is None else self.call.trace.parent,
        )

    def recorded(self, passage: Passage, *, inside_loop: bool) -> RecordedRun:
        """The run as another process may replay it."""
        outcome, before = self._outcome, self._given.before
        if outcome is None or before is None:
            raise RuntimeError(self._problem or "the path has not ended")
        return RecordedRun(
            passage,
            before.args,
            before.kwargs,
            self.recorder.tape,
            outcome,
            self._own_time_s,
            self._changed or {},
            self.recorder.logged,
            inside_loop and not self._seam.is_async,
            self.recorder.events if self.runtime.book.buses else None,
        )

    @property
    def time_left(self) -> CopyTime | None:
        """What is left of the time that a caller waits for the recording, None where that has no end."""
        return self._time_left

    @property
    def on_object(self) -> bool:
        """Whether it is a run of a method."""
        return bool(self._given.owner)

    def fails(self, reason: str) -> None:
        """The run cannot be compared, for a reason that was found after the answer."""
        self._problem = self._problem or reason

    def task(self, *, apart: bool, inside_loop: bool = False) -> ReplayTask:
        """What it takes to replay the other path, here or beside the program.

        `inside_loop` says that a sync path was called inside an event loop which this thread does not run.
        """
        replayed, path, given = self.answering.other, self._replayed_path(), self._given
        if path is None or given.before is None:
            raise RuntimeError(f"there is no {replayed} path")
        if self._seam.bound.of_paths and not given.is_bound:
            path = self._seam.bound.beside(self.runtime.on_itself or replayed, path, self.runtime.book)
        return ReplayTask(
            side=replayed,
            path=path,
            is_bound=given.is_bound,
            waits_s=WAITS_S + 2 * self._seconds,
            handled=self._handled,
            of_main_thread=self._thread == main_thread().ident,
            view=self.view(replayed),
            owner=given.owner,
            args=given.before.args,
            kwargs=given.before.kwargs,
            tape=self.recorder.tape,
            book=self.runtime.book,
            seed=self.call.pins.correlation_id,
            limits=self.runtime.limits,
            context=self.context,
            decimals=self.decimals,
            copies=self._copies,
            owners=self.recorder.owners,
            apart=apart,
            loop_goes_on=self._seam.is_async,
            is_awaited=self._seam.is_async,
            inside_loop=inside_loop and not self._seam.is_async,
            owner_is=given.owner_is,
            seam=self._seam.name,
            named=given.named,
        )

    def _replayed_path(self) -> PathFunction | None:
        return self._seam.paths.get(self.runtime.on_itself or self.answering.other)

    def view(self, side: Side) -> View | None:
        """How the answer of a side is seen; None where it is as it is."""
        view, seen = self._seam.views.get(self.runtime.on_itself or side), self.runtime.answer_seen
        if view is None or seen is None:
            return view

        def shown(answer: Any) -> Any:
            seen(self._seam.name, side, view, answer)
            return view(answer)

        return shown


def _texts(found: Any) -> tuple[str, ...]:
    """What a program gave as tags; one text is one tag, None is none."""
    tags = () if found is None else (found,) if isinstance(found, str) else tuple(found)
    wrong = next((tag for tag in tags if not isinstance(tag, str)), None)
    if wrong is not None:
        raise TypeError(f"a tag was {wrong!r}, allowed: a text")
    return tags


def _warn_of_undeclared(methods: Iterable[str]) -> None:
    for name in methods:
        if name not in _warned_undeclared:
            _warned_undeclared.add(name)
            _log.warning(
                "%s is declared neither read, effect, local, fixed nor clock: "
                "it passes, no replay answers it",
                name,
                method=name,
            )
