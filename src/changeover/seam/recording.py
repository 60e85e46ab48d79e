"""What is kept of one call of a seam, so that the other path can be replayed against it."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterable
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import Any

from changeover.record.carrying import carry_work
from changeover.record.context import SESSION, Args, Kwargs
from changeover.record.port_copies import PortCopies
from changeover.record.recorder import Recorder
from changeover.replay.runner import ReplayTask, View, apply_view
from changeover.seam.judge import RunDraft
from changeover.seam.seam import Seam
from changeover.telemetry.logs import logger
from changeover.values.content_key import same_content
from changeover.values.copying import snapshot
from changeover.values.interruption import is_interruption, stop_if_interrupted
from changeover.values.limits import SEAM_DEPTH_MAX
from changeover.values.observation import Observation, Outcome, Raised, Side, message_of
from changeover.values.pins import PINNED, Pins, still_on

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
    args: Args
    kwargs: Kwargs
    fallback: Callable[..., Any]


class Recording:
    """Inputs, tape and outcome of the path that answers; afterwards the other path is replayed against it.

    `call` has the caller's own arguments until they are forgotten. `fallen` is what the candidate left behind
    that gave up, where this path answers in its place.
    """

    def __init__(self, call: Call) -> None:
        self.runtime = call.seam.runtime.active
        self.interrupted = False
        self.call = call
        self.answering = call.answering
        self.fallen: Observation | None = None
        self._seam = call.seam
        self._problem: str | None = None
        self._owner, self._given = call.args[: call.seam.owners], call.args[call.seam.owners :]
        self._given_kwargs = call.kwargs
        self._args: Args = ()
        self._kwargs: Kwargs = {}
        self._tags: tuple[str, ...] = ()
        self._outcome: Outcome | None = None
        self._own_time_s = 0.0
        self._mutated = False
        self._copies: PortCopies | None = None
        session = SESSION.get()
        self.outer = session if isinstance(session, Recorder) and not session.is_judged else None
        self._prepare()
        self.recorder = Recorder(self.runtime.book, self.runtime.limits, self.outer, self._copies)
        if self.recorder.depth > SEAM_DEPTH_MAX:
            self._problem = f"limit reached: more than {SEAM_DEPTH_MAX} seams inside each other"
        self.context = copy_context()
        held = still_on(PINNED.get())
        if held is not None:  # the replay keeps them, however long after the answer it is made
            self.context.run(PINNED.set, held.reopened())
        self.decimals = decimal.getcontext().copy()

    def _prepare(self) -> None:
        runtime, call = self.runtime, self.call
        try:
            carry_work()
            runtime.book.cover()
            self._args = snapshot(self._given)
            self._kwargs = snapshot(self._given_kwargs) if self._given_kwargs else {}
            if call.seam.tags is not None:
                self._tags = tuple(call.seam.tags(*call.args, **call.kwargs))
            if runtime.copies_ports:
                self._copies = PortCopies(runtime.book)
        except BaseException as error:  # noqa: BLE001  promise 1: it breaks no answer
            stop_if_interrupted(error)
            self._problem = f"inputs cannot be kept: {message_of(error)}"

    @property
    def problem(self) -> str | None:
        """Why it cannot be compared, None where it can."""
        return self._problem or self.recorder.tape.problem

    @property
    def mutated(self) -> bool:
        """Whether the path has changed its arguments."""
        return not (same_content(self._args, self._given) and same_content(self._kwargs, self._given_kwargs))

    def keep(self, outcome: Outcome, seconds: float) -> None:
        """Keep how the answering path ended, after so many seconds; the recording is closed then."""
        try:
            self._own_time_s = max(0.0, seconds - self.recorder.port_s)
            self._mutated = self.mutated
            if isinstance(outcome, Raised) and is_interruption(outcome.error):
                self.interrupted = True
            else:
                self._outcome = apply_view(outcome, self._view(self.answering))
                self._supplement()
        except BaseException as error:  # noqa: BLE001  promise 1: it breaks no answer
            stop_if_interrupted(error)
            self._problem = self._problem or f"result of {self.answering} cannot be kept: {message_of(error)}"
        self.recorder.answer()
        _warn_of_undeclared(self.recorder.undeclared)

    def _supplement(self) -> None:
        """Reads that only the other path asks for (`supplement` in phases.toml) are put behind the tape."""
        before = len(self.recorder.tape)
        for port_name, method_name in self._seam.supplement:
            port = self.runtime.book.ports[port_name]
            try:
                self.recorder.supplement(port.methods[method_name], port)
            except Exception as error:  # noqa: BLE001  the tape has the exception, and the replay will meet it
                stop_if_interrupted(error)
                _log.info("supplement %s.%s raised %r", port_name, method_name, error, seam=self._seam.name)
        self.recorder.tape.supplements = len(self.recorder.tape) - before

    def fallen_from(self, fallen: Recording) -> None:
        """This path answers because that one gave up before it attempted anything."""
        self.fallen = fallen.observation()
        self.recorder.deferred[:0] = fallen.recorder.deferred

    def forget_arguments(self) -> None:
        """Forget the caller's own arguments; what was kept of them is enough from now on."""
        self._given, self._given_kwargs = (), {}
        self.call = replace(self.call, args=(), kwargs={})

    def draft(self) -> RunDraft:
        """The run as far as it is known before it is judged."""
        return RunDraft(
            seam=self._seam.name,
            phase=self._seam.phase,
            population=self.runtime.population,
            pins=self.call.pins,
            answered_by=self.answering,
            arguments=self._seam.named(self._args, self._kwargs),
            tape=self.recorder.tape,
            tags=self._tags,
            fell_back=self.fallen is not None,
        )

    def observation(self) -> Observation:
        """What the answering path left behind."""
        tape, outcome = self.recorder.tape, self._outcome
        if outcome is None:
            raise RuntimeError(self._problem or "the path has not ended")
        return tape.observation(self.answering, outcome, self._own_time_s, mutated=self._mutated)

    def task(self, *, apart: bool) -> ReplayTask:
        """What it takes to replay the other path, here or beside the program."""
        replayed = self.answering.other
        path = self._seam.paths.get(self.runtime.on_itself or replayed)
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
            seed=self.call.pins.correlation_id,
            limits=self.runtime.limits,
            context=self.context,
            decimals=self.decimals,
            copies=self._copies,
            owners=self.recorder.owners,
            apart=apart,
        )

    def _view(self, side: Side) -> View | None:
        view, seen = self._seam.views.get(self.runtime.on_itself or side), self.runtime.answer_seen
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
