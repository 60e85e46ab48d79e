"""One passage through a seam while two paths are compared: what is kept, and what is done with it after."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from contextvars import copy_context
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from changeover.record.context import SESSION, carry_into_pools
from changeover.record.port import CallClass
from changeover.record.recorder import Recorder
from changeover.record.tape import Tape
from changeover.replay.delegates import Worlds
from changeover.replay.problems import Troubles
from changeover.replay.runner import Replayed, ShadowTask, viewed
from changeover.seam.judge import FAILED, UNPAIRED, Judgement, facts_of
from changeover.telemetry.logs import logger
from changeover.values.copying import snapshot
from changeover.values.key import same
from changeover.values.limits import SEAM_DEPTH_MAX
from changeover.values.observation import Observation, Side
from changeover.values.outcome import Outcome, Raised, is_interruption, said
from changeover.values.pins import Pins
from changeover.values.run import Run

if TYPE_CHECKING:
    from changeover.seam.seam import Seam

SAMPLED_OUT = "sampled out"
_log = logger("seam")


class Crossing:
    """Keeps inputs, tape and outcome of the path that answers; afterwards it can be replayed and judged."""

    def __init__(
        self,
        seam: Seam,
        pins: Pins,
        answering: Side,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.seam = seam
        self.answering = answering
        self.trouble: str | None = None
        self.fell_back = False
        self.interrupted = False
        self._pins = pins
        self._owner, self._given = args[: seam.owners], args[seam.owners :]
        self._given_kwargs = kwargs
        self._args: tuple[Any, ...] = ()
        self._kwargs: dict[str, Any] = {}
        self._tags: tuple[str, ...] = ()
        self._outcome: Outcome | None = None
        self._own_time_s = 0.0
        self._mutated = False
        self._worlds: Worlds | None = None
        self._fallen: Observation | None = None
        session = SESSION.get()
        self.outer = session if isinstance(session, Recorder) and not session.closed else None
        self._prepare(seam, args)
        self.recorder = Recorder(seam.home.book, seam.home.limits, self.outer, self._worlds)
        if self.recorder.depth > SEAM_DEPTH_MAX:
            self.trouble = f"limit reached: more than {SEAM_DEPTH_MAX} seams inside each other"
        self._context = copy_context()
        self._decimals = decimal.getcontext().copy()

    def _prepare(self, seam: Seam, args: tuple[Any, ...]) -> None:
        try:
            carry_into_pools()
            seam.home.book.cover()
            self._args = snapshot(self._given)
            self._kwargs = snapshot(self._given_kwargs) if self._given_kwargs else {}
            if seam.tags is not None:
                self._tags = tuple(seam.tags(*args, **self._given_kwargs))
            if seam.home.copies_worlds:
                self._worlds = Worlds(seam.home.book)
        except BaseException as error:
            if is_interruption(error):
                raise
            self.trouble = f"inputs cannot be kept: {said(error)}"

    @property
    def mutated(self) -> bool:
        """Whether the path changed its arguments."""
        return not (same(self._args, self._given) and same(self._kwargs, self._given_kwargs))

    def ended(self, outcome: Outcome, seconds: float) -> None:
        """Keep how the answering path ended. Never raises."""
        try:
            self._own_time_s = max(0.0, seconds - self.recorder.port_s)
            self._mutated = self.mutated
            if isinstance(outcome, Raised) and is_interruption(outcome.error):
                self.interrupted = True
            else:
                self._outcome = viewed(outcome, self.seam.view_of(self.answering))
                self._supplement()
        except BaseException as error:
            if is_interruption(error):
                raise
            self.trouble = self.trouble or f"result of {self.answering} cannot be kept: {said(error)}"
        self.recorder.closed = True

    def _supplement(self) -> None:
        before = len(self.recorder.tape)
        for port_name, method_name in self.seam.supplement:
            port = self.seam.home.book.ports[port_name]
            try:
                self.recorder.supplement(port.methods[method_name], port)
            except Exception as error:  # noqa: BLE001  the tape has the exception, and the replay will meet it
                _log.info("supplement %s.%s raised %r", port_name, method_name, error)
        self.recorder.tape.supplements = len(self.recorder.tape) - before

    def fallen_from(self, crossing: Crossing) -> None:
        """This crossing answers because the candidate of that one gave up before it attempted anything."""
        self.fell_back = True
        self._fallen = crossing.observation()
        self.recorder.deferred[:0] = crossing.recorder.deferred

    def observation(self) -> Observation:
        """What the answering path left behind."""
        tape = self.recorder.tape
        outcome = self._outcome
        if outcome is None:
            raise RuntimeError(self.trouble or "the path has not ended")
        effects = tuple(tape.calls(CallClass.EFFECT))
        reads = tuple(tape.calls(CallClass.READ, CallClass.FIXED))
        return Observation(self.answering, outcome, effects, reads, self._own_time_s, self._mutated)

    def task(self, *, apart: bool = False) -> ShadowTask:
        """What it takes to replay the other path, here or beside the program."""
        shadowed = self.answering.other
        path = self.seam.path_of(shadowed)
        if path is None:
            raise RuntimeError(f"there is no {shadowed} path")
        return ShadowTask(
            side=shadowed,
            path=path,
            view=self.seam.view_of(shadowed),
            owner=self._owner,
            args=self._args,
            kwargs=self._kwargs,
            tape=self.recorder.tape,
            book=self.seam.home.book,
            seed=self._pins.correlation_id,
            limits=self.seam.home.limits,
            context=self._context,
            decimals=self._decimals,
            worlds=self._worlds,
            owners=self.recorder.owners,
            apart=apart,
        )

    def replay(self) -> None:
        """Replay and judge the other path, and hand on the run; only KeyboardInterrupt gets out."""
        self._finish(self._compared(self.task))

    def replayed_apart(self) -> Run:
        """The run, replayed and judged in a thread that is not the caller's; raises nothing."""

        def compared() -> Run:
            SESSION.set(None)
            decimal.setcontext(self._decimals.copy())  # the caller goes on with the one in this context
            return self._compared(lambda: self.task(apart=True))

        try:
            return self._context.copy().run(compared)
        except BaseException as error:  # noqa: BLE001  an interrupt that the path itself raised
            return self.failed(f"the replay was interrupted: {error!r}")

    def let_go(self) -> None:
        """Forget the caller's own arguments; what was kept of them is enough from now on."""
        self._given, self._given_kwargs = (), {}

    def _compared(self, task: Callable[[], ShadowTask]) -> Run:
        return self._contained(lambda: None if self._cannot() else self._replayed(task().run()))

    async def replay_async(self) -> None:
        """The same under a running event loop; cancelling the caller gets out as well."""
        try:
            replayed = None if self._cannot() else await self.task().run_async()
        except BaseException as error:
            if is_interruption(error):
                raise
            self._finish(self.failed(f"the replay failed: {error!r}"))
            return
        self._finish(self._contained(lambda: None if replayed is None else self._replayed(replayed)))

    def _cannot(self) -> bool:
        self.trouble = self.trouble or self.recorder.tape.trouble
        return self.trouble is not None or self._fallen is not None

    def _replayed(self, replayed: Replayed) -> Run:
        return self._judged(self.observation(), replayed.observation, replayed.troubles)

    def _contained(self, make: Callable[[], Run | None]) -> Run:
        try:
            run = make()
            if run is None and self._fallen is not None and self.trouble is None:
                run = self._judged(self.observation(), self._fallen, Troubles())
            return run if run is not None else self.failed(self.trouble or "not compared")
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  promise 1: nothing of this breaks the answer
            return self.failed(f"the comparison failed: {error!r}")

    def _judged(self, answered: Observation, other: Observation, troubles: Troubles) -> Run:
        home = self.seam.home
        has_input = bool(self._args or self._kwargs)
        invariants = home.invariants_of(self.seam.name)
        facts = facts_of(self.seam.name, answered, other, troubles, invariants, has_input)
        judgement = home.judge(facts)
        failure = (
            next((str(note) for note in troubles.failures), None) if judgement.verdict == FAILED else None
        )
        return self._run(judgement, facts.legacy, facts.candidate, troubles, failure)

    def failed(self, reason: str) -> Run:
        """The run as one that could not be compared."""
        return self._run(Judgement(FAILED, ()), None, None, Troubles(), reason)

    def _run(
        self,
        judgement: Judgement,
        legacy: Observation | None,
        candidate: Observation | None,
        troubles: Troubles,
        reason: str | None,
    ) -> Run:
        return Run(
            id=uuid4().hex,
            seam=self.seam.name,
            phase=self.seam.phase,
            population=self.seam.home.population,
            setting=self._pins.setting(self.seam.phase),
            pins=self._pins,
            tags=self._tags,
            answered_by=self.answering,
            arguments=self.seam.named(self._args, self._kwargs),
            tape=self.recorder.tape,
            legacy=legacy,
            candidate=candidate,
            verdict=judgement.verdict,
            divergences=judgement.divergences,
            notes=tuple(troubles.notes),
            reason=reason,
            fell_back=self.fell_back,
            judgement=judgement.detail,
        )

    def _finish(self, run: Run) -> None:
        self.seam.home.hand_on(run)

    def unpaired(self, reason: str) -> Run:
        """The run as one that was not compared."""
        return self._run(Judgement(UNPAIRED, ()), None, None, Troubles(), reason)

    def drop(self, reason: str) -> None:
        """Count the run as one that was not paired."""
        self._finish(self.unpaired(reason))


def sampled_out(seam: Seam, pins: Pins, answering: Side) -> None:
    """Count a run that was not to be compared; nothing of it was kept."""
    unpaired = Run(
        id=uuid4().hex,
        seam=seam.name,
        phase=seam.phase,
        population=seam.home.population,
        setting=pins.setting(seam.phase),
        pins=pins,
        tags=(),
        answered_by=answering,
        arguments={},
        tape=Tape(),
        legacy=None,
        candidate=None,
        verdict=UNPAIRED,
        reason=SAMPLED_OUT,
    )
    seam.home.hand_on(unpaired)
