"""What is kept of one call of a seam, and what its comparison makes of it."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterable
from contextvars import copy_context
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from changeover.record.context import SESSION, carry_into_pools
from changeover.record.port import CallClass
from changeover.record.port_copies import PortCopies
from changeover.record.recorder import Recorder
from changeover.record.replay_problems import ReplayProblems
from changeover.record.run import NotPaired, Run
from changeover.replay.runner import ReplayTask, View, apply_view
from changeover.seam.calling import SYNC, Calling, completed_now
from changeover.seam.judge import RunDraft
from changeover.seam.seam import Seam
from changeover.telemetry.logs import logger
from changeover.values.copying import snapshot
from changeover.values.key import same_content
from changeover.values.limits import SEAM_DEPTH_MAX
from changeover.values.observation import Observation, Side
from changeover.values.outcome import Outcome, Raised, is_interruption, message_of
from changeover.values.pins import Pins

_log = logger("seam")
_warned_undeclared: set[str] = set()


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a seam: its pins, the path that answers, the arguments as the caller gave them.

    `fallback` is the legacy path, for a candidate that gives up before it has done anything.
    """

    seam: Seam
    pins: Pins
    answering: Side
    path: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    fallback: Callable[..., Any]


class Recording:
    """Inputs, tape and outcome of the path that answers; afterwards the other path is replayed against it."""

    def __init__(self, call: Call) -> None:
        self.runtime = call.seam.runtime
        self.interrupted = False
        self._call = call
        self._seam = call.seam
        self._problem: str | None = None
        self._owner, self._given = call.args[: call.seam.owners], call.args[call.seam.owners :]
        self._given_kwargs = call.kwargs
        self._args: tuple[Any, ...] = ()
        self._kwargs: dict[str, Any] = {}
        self._tags: tuple[str, ...] = ()
        self._outcome: Outcome | None = None
        self._own_time_s = 0.0
        self._mutated = False
        self._copies: PortCopies | None = None
        self._fallen: Observation | None = None
        session = SESSION.get()
        self.outer = session if isinstance(session, Recorder) and not session.closed else None
        self._prepare()
        self.recorder = Recorder(self.runtime.book, self.runtime.limits, self.outer, self._copies)
        if self.recorder.depth > SEAM_DEPTH_MAX:
            self._problem = f"limit reached: more than {SEAM_DEPTH_MAX} seams inside each other"
        self._context = copy_context()
        self._decimals = decimal.getcontext().copy()

    def _prepare(self) -> None:
        runtime, call = self.runtime, self._call
        try:
            carry_into_pools()
            runtime.book.cover()
            self._args = snapshot(self._given)
            self._kwargs = snapshot(self._given_kwargs) if self._given_kwargs else {}
            if call.seam.tags is not None:
                self._tags = tuple(call.seam.tags(*call.args, **call.kwargs))
            if runtime.copies_ports:
                self._copies = PortCopies(runtime.book)
        except BaseException as error:
            if is_interruption(error):
                raise
            self._problem = f"inputs cannot be kept: {message_of(error)}"

    async def answer(self, calling: Calling) -> Outcome:
        """Run the path that answers, and keep what it did."""
        token = SESSION.set(self.recorder)
        began = perf_counter()
        try:
            outcome = await calling.outcome(self._call.path, self._call.args, self._call.kwargs)
        finally:
            SESSION.reset(token)
        self._keep(outcome, perf_counter() - began)
        return outcome

    @property
    def answering(self) -> Side:
        """The path whose answer the caller gets."""
        return self._call.answering

    @property
    def mutated(self) -> bool:
        """Whether the path has changed its arguments."""
        return not (same_content(self._args, self._given) and same_content(self._kwargs, self._given_kwargs))

    @property
    def fell_back(self) -> bool:
        """Whether it answers in place of a candidate that gave up."""
        return self._fallen is not None

    def _keep(self, outcome: Outcome, seconds: float) -> None:
        try:
            self._own_time_s = max(0.0, seconds - self.recorder.port_s)
            self._mutated = self.mutated
            if isinstance(outcome, Raised) and is_interruption(outcome.error):
                self.interrupted = True
            else:
                self._outcome = apply_view(outcome, self._view(self.answering))
                self._supplement()
        except BaseException as error:
            if is_interruption(error):
                raise
            self._problem = self._problem or f"result of {self.answering} cannot be kept: {message_of(error)}"
        self.recorder.closed = True
        _warn_of_undeclared(self.recorder.undeclared)

    def _supplement(self) -> None:
        """Reads that only the other path asks for (`supplement` in phases.toml) are put behind the tape."""
        before = len(self.recorder.tape)
        for port_name, method_name in self._seam.supplement:
            port = self.runtime.book.ports[port_name]
            try:
                self.recorder.supplement(port.methods[method_name], port)
            except Exception as error:  # noqa: BLE001  the tape has the exception, and the replay will meet it
                _log.info("supplement %s.%s raised %r", port_name, method_name, error, seam=self._seam.name)
        self.recorder.tape.supplements = len(self.recorder.tape) - before

    def fallen_from(self, fallen: Recording) -> None:
        """This path answers because that one gave up before it attempted anything."""
        self._fallen = fallen._observation()
        self.recorder.deferred[:0] = fallen.recorder.deferred

    def forget_arguments(self) -> None:
        """Forget the caller's own arguments; what was kept of them is enough from now on."""
        self._given, self._given_kwargs = (), {}
        self._call = replace(self._call, args=(), kwargs={})

    async def compare(self, calling: Calling, *, apart: bool = False) -> Run:
        """Replay the other path and judge both; only interrupts pass."""
        draft = self._draft()
        try:
            problem = self._problem or self.recorder.tape.problem
            if problem is not None:
                return draft.failed(problem)
            if self._fallen is not None:
                other, problems = self._fallen, ReplayProblems()
            else:
                replayed = await calling.replay(self._task(apart=apart))
                other, problems = replayed.observation, replayed.problems
            runtime = self.runtime
            invariants = runtime.invariants_of(self._seam.name)
            return draft.judged(self._observation(), other, problems, runtime.judge, invariants)
        except BaseException as error:
            if calling.lets_pass(error):
                raise
            return draft.failed(f"the comparison failed: {error!r}")  # promise 1: it breaks no answer

    def replay_apart(self) -> Run:
        """The run, replayed and judged in a thread that is not the caller's; raises nothing."""

        def compared() -> Run:
            SESSION.set(None)
            decimal.setcontext(self._decimals.copy())  # the caller goes on with the one in this context
            return completed_now(self.compare(SYNC, apart=True))

        try:
            return self._context.copy().run(compared)
        except BaseException as error:  # noqa: BLE001  an interrupt that the path itself raised
            return self.failed(f"the replay was interrupted: {error!r}")

    def failed(self, reason: str) -> Run:
        """The run as one that could not be compared."""
        return self._draft().failed(reason)

    def unpaired(self, why: NotPaired) -> Run:
        """The run as one that was not compared."""
        return self._draft().unpaired(why)

    def _draft(self) -> RunDraft:
        return RunDraft(
            seam=self._seam.name,
            phase=self._seam.phase,
            population=self.runtime.population,
            pins=self._call.pins,
            answered_by=self.answering,
            arguments=self._seam.named(self._args, self._kwargs),
            tape=self.recorder.tape,
            tags=self._tags,
            fell_back=self.fell_back,
        )

    def _observation(self) -> Observation:
        """What the answering path left behind."""
        tape, outcome = self.recorder.tape, self._outcome
        if outcome is None:
            raise RuntimeError(self._problem or "the path has not ended")
        effects = tuple(tape.calls(CallClass.EFFECT))
        reads = tuple(tape.calls(CallClass.READ, CallClass.FIXED))
        return Observation(self.answering, outcome, effects, reads, self._own_time_s, self._mutated)

    def _task(self, *, apart: bool) -> ReplayTask:
        """What it takes to replay the other path, here or beside the program."""
        replayed = self.answering.other
        path = self._seam.path_of(self.runtime.on_itself or replayed)
        if path is None:
            raise RuntimeError(f"there is no {replayed} path")
        return ReplayTask(
            side=replayed,
            path=path,
            view=self._view(replayed),
            owner=self._owner,
            args=self._args,
            kwargs=self._kwargs,
            tape=self.recorder.tape,
            book=self.runtime.book,
            seed=self._call.pins.correlation_id,
            limits=self.runtime.limits,
            context=self._context,
            decimals=self._decimals,
            copies=self._copies,
            owners=self.recorder.owners,
            apart=apart,
        )

    def _view(self, side: Side) -> View | None:
        view, seen = self._seam.view_of(self.runtime.on_itself or side), self.runtime.answer_seen
        if view is None or seen is None:
            return view

        def shown(answer: Any) -> Any:
            seen(self._seam.name, side, view, answer)
            return view(answer)

        return shown


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
