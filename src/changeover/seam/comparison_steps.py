"""An answered run on its way to its verdict: the other path is replayed, both are judged, it is handed on.

Each step may be taken by the caller or beside the program. Between them the work that a path left behind goes
on; what it does after the last step amends the run.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from changeover.record.context import SESSION
from changeover.record.live_answers import ANSWERS
from changeover.record.object_reading import ObjectReading
from changeover.record.one_function import are_one
from changeover.record.replay_problems import ProblemKind, ReplayProblem, ReplayProblems
from changeover.record.run import Run
from changeover.record.work_branch import names_of
from changeover.replay.event_loop import runs_a_loop
from changeover.replay.fresh_path import Fresh
from changeover.replay.program_signals import ProgramSignals, stop_if_heard
from changeover.replay.renamed_answers import RenamedAnswers
from changeover.replay.replayed_work import STILL_RUNNING
from changeover.replay.runner import Pending, Replayed, ReplayTask, wait_for, wait_for_async
from changeover.replay.scheduler import Decides, TurnTaken
from changeover.seam.given_run import AMENDED, GivenRun
from changeover.seam.judge import Judge, Predicate, RunDraft
from changeover.seam.own_replay import FILE_IS_GONE, OwnReplay, is_refused
from changeover.seam.recording import Recording
from changeover.seam.waiting_run import Job
from changeover.settings import PRODUCTION
from changeover.values.error_text import class_and_message
from changeover.values.interruption import is_interruption
from changeover.values.observation import Observation, Side
from changeover.values.verdict import Verdict

if TYPE_CHECKING:
    from changeover.telemetry.traces import SpanOfReplay

T = TypeVar("T")
CHANGED_BY_PORT = (
    "a port changed what it had given to the path, or was handed by it: in a replay both paths do the same, "
    "and not what was answered"
)
OF_ONE_FUNCTION = (
    "both paths are one function, and what it does in a replay differs from what it did: by chance, by time, "
    "or by what it keeps between its calls in its module, class or closure, of which a replay has no copy; "
    "keep that behind a port, hand it over, or build the paths from it with fresh(build)"
)
_DIFFERS = frozenset({Verdict.DIVERGED, Verdict.UNSAFE})


def completed_now(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits for anything."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    raise RuntimeError("a sync seam waited for an event loop")


class Queue(Protocol):
    """Where a run waits beside the program."""

    def put(self, job: Any) -> bool:
        """Take it and return at once; False where nothing is taken any more."""


class Replaying(Protocol):
    """How the other path is replayed: in a sync or in an async seam."""

    def replay(self, task: ReplayTask) -> Coroutine[Any, Any, Pending]:
        """Replay it; only interrupts pass, and what `lets_pass` says."""

    def lets_pass(self, error: BaseException) -> bool:
        """Whether the caller gets it."""


class Comparing:
    """A run whose path has answered; it is handed on once, and once more where late work amends it."""

    # The class has what is so at first.
    until = 0.0
    _inside_loop = False
    _known_draft: RunDraft | None = None
    _known_given: GivenRun | None = None
    _span: SpanOfReplay | None = None
    _is_expected = False

    def __init__(
        self,
        recording: Recording,
        decides: Decides | None = None,
        first_read: list[ObjectReading] | None = None,
        renamed: RenamedAnswers | None = None,
    ) -> None:
        self._recording = recording
        self._first_read = first_read
        self._renamed = renamed
        self._runtime = recording.runtime
        self._decides = decides
        self.taken: Sequence[TurnTaken] = ()

    def beside(self) -> Comparing:
        """All of it beside the program, when the work that the path left behind has ended."""
        self._inside_loop = runs_a_loop()
        self.until = monotonic() + self._runtime.limits.linger_s
        return self

    def put_into(self, queue: Queue, job: Job | None = None) -> bool:
        """Let it wait there, or what is left of it; False where none is taken.

        From now on it is counted, however the process ends.
        """
        expected = self._runtime.expected if self._runtime.population == PRODUCTION else None
        self._is_expected = expected is not None and expected.expect()
        if queue.put(job or self):
            return True
        if expected is not None and self._is_expected:
            expected.no_longer_expect()
            self._is_expected = False
        return False

    @property
    def ready(self) -> Callable[[], bool]:
        """Says whether the work that the path left behind has ended."""
        return self._recording.recorder.running.is_settled

    @property
    def _given(self) -> GivenRun:
        if self._known_given is None:
            self._known_given = GivenRun(self._runtime)
        return self._known_given

    def job_of(self, pending: Pending) -> Job:
        """What is left beside the program, when the work that the replayed path left behind has ended."""
        running, limits = pending.replay.running, self._runtime.limits
        return Job(
            self.draft,
            lambda: self._judged_apart(pending),
            running.is_settled,
            monotonic() + limits.linger_s,
            self.hand_on,
        )

    def after_its_loop(self) -> Callable[[], None]:
        """What compares it and hands it on, later: when the loop that runs now has ended, or in a fork."""
        self._inside_loop = runs_a_loop()

        def compared() -> None:
            run = self.replay_apart(waits=True)
            if isinstance(run, Run):  # it has waited
                self.hand_on(run)

        return compared

    def draft(self) -> RunDraft:
        """The run as it is known before it is judged."""
        if self._known_draft is None:
            self._known_draft = self._recording.draft()
        return self._known_draft

    async def replay(self, calling: Replaying) -> Pending | Run:
        """Replay the other path; the run itself where there is nothing to replay."""
        try:
            self._recording.recorder.close(self._given.amend)
            reason = self._recording.problem or self._left_acting()
            if reason is not None:
                return self.draft().failed(reason)
            if self._recording.fallen is None:
                task = self._recording.task(apart=calling is _APART, inside_loop=self._inside_loop)
                return await calling.replay(self._scheduled(self._traced(task)))
        except BaseException as error:
            if calling.lets_pass(error):
                raise
            return self._failed(error)
        with ProgramSignals():
            return self._judged(self._recording.fallen, ReplayProblems())

    def _traced(self, task: ReplayTask) -> ReplayTask:
        """In a span of its own, where the run has one: it ends when the run has its verdict."""
        trace = self._recording.call.trace
        span = None if trace is None else trace.replay(task.side)
        if span is None:
            return task
        self._span, context = span, task.context.copy()
        context.run(span.enter)
        return replace(task, context=context)

    def _scheduled(self, task: ReplayTask) -> ReplayTask:
        """One of many replays of one run: it has copies of its own, and leaves nothing to the next one."""
        if self._decides is None:
            return task
        copies = None if task.copies is None else task.copies.again()
        return replace(
            task,
            decides=self._decides,
            copies=copies,
            apart=False,
            first_read=self._first_read,
            renamed=self._renamed,
        )

    def _failed(self, error: BaseException) -> Run:
        return self.draft().failed(
            f"the comparison failed: {class_and_message(error)}"
        )  # promise 1: it breaks no answer

    def _left_acting(self) -> str | None:
        """What went on after the answer, has acted, and has not ended: nobody knows what else it does."""
        running = self._recording.recorder.running
        if not running.branches:
            return None
        left = [branch for branch in running.left() if branch.acted]
        return f"{STILL_RUNNING}: {names_of(left)}" if left else None

    async def judged(self, pending: Pending, calling: Replaying) -> Run:
        """The run, of what both paths have done by now; only interrupts pass."""
        try:
            replayed = pending.closed(self._given.amend)
            if pending.replay.scheduler is not None:
                self.taken = pending.replay.scheduler.taken
            problems = replayed.problems
            own = self._own_replay(calling)
            if any(map(is_refused, problems.all)):
                self._tell_of_refused(problems)
                problems = await own.without_what_it_is_refused(problems)
            gone = await own.file_that_is_gone(replayed)
            if gone is not None:
                return self.draft().failed(FILE_IS_GONE.format(gone))
        except BaseException as error:
            if calling.lets_pass(error):
                raise
            return self._failed(error)
        with ProgramSignals():
            run = self._judged(replayed.observation, problems)
        if run.verdict in AMENDED or problems.failures:
            return run
        try:
            if self._recording.has_changed_answers:
                run = await self._beside_its_own_replay(run, replayed, problems, own)
            return self._unless_of_one_function(run)
        except BaseException as error:
            if calling.lets_pass(error):
                raise
            return self._failed(error)

    async def _beside_its_own_replay(
        self, run: Run, other: Replayed, problems: ReplayProblems, replay: OwnReplay
    ) -> Run:
        """The run with what the answering path itself changes in its answers: a port may have changed them.

        In a replay no port does. What differs from what that path left changed there is a difference of the
        code; where both paths do the same there, and not what was answered, nobody can tell.
        """
        own = await replay.done(with_view=True)
        if own is None or own.problems.failures:
            return run
        answered, alone = self._recording.observation(), own.observation
        changed = {root: value for root, value in (answered.changed or {}).items() if root != ANSWERS}
        if alone.changed and ANSWERS in alone.changed:
            changed[ANSWERS] = alone.changed[ANSWERS]
        with ProgramSignals():
            run = self._judged(other.observation, problems, replace(answered, changed=changed))
            if run.verdict in AMENDED:
                return run
            alike = self._judged(other.observation, problems.again(), alone)
        return self.draft().failed(CHANGED_BY_PORT) if alike.verdict in AMENDED else run

    def _unless_of_one_function(self, run: Run) -> Run:
        """The run; no comparison where the paths differ and are the same code with the same values."""
        if run.verdict not in _DIFFERS or self._decides is not None or self._runtime.on_itself is not None:
            return run
        paths: list[Any] = [
            path.build if isinstance(path, Fresh) else path
            for path in self._recording.call.seam.paths.values()
        ]
        is_one = len(paths) == len(Side) and are_one(*paths)
        return self.draft().failed(OF_ONE_FUNCTION) if is_one else run

    def _own_replay(self, calling: Replaying) -> OwnReplay:
        return OwnReplay(
            self._recording, calling.replay, apart=calling is _APART, inside_loop=self._inside_loop
        )

    def _tell_of_refused(self, problems: ReplayProblems) -> None:
        """Log once for each seam and function what a replay reached for."""
        seam = self._recording.call.seam
        for one in filter(is_refused, problems.all):
            if seam.first_refused(one.place):
                text = f"seam {seam.name} reaches past every port, and a replay was refused it"
                self._runtime.note(f"{text}: {one.place} {one.detail}", seam=seam.name)

    def _judged_apart(self, pending: Pending) -> Run:
        try:
            return self._apart(lambda: completed_now(self.judged(pending, _APART)))
        except BaseException as error:  # noqa: BLE001  an interrupt that the path itself raised
            return self.draft().failed(f"the replay was interrupted: {class_and_message(error)}")

    def _apart(self, act: Callable[[], T]) -> T:
        """In the context of the call, outside of any run."""
        recording = self._recording

        def acted() -> T:
            SESSION.set(None)
            decimal.setcontext(recording.decimals.copy())  # the caller goes on with the one in this context
            return act()

        return recording.context.copy().run(acted)

    def _judged(self, other: Any, problems: ReplayProblems, answered: Observation | None = None) -> Run:
        runtime, unfinished = self._runtime, self._recording.recorder.tape.unfinished
        if unfinished:
            kind, left = ProblemKind.LEFT_RUNNING, ", ".join(unfinished)
            problems.add(ReplayProblem(kind, str(self.draft().answered_by), left, 0))
        try:
            invariants = self._invariants()
            answered = answered or self._answered()
            return self.draft().judged(answered, other, problems, self._judge, invariants, runtime.contracts)
        except BaseException as error:  # noqa: BLE001  promise 1: it breaks no answer
            stop_if_heard(error)
            return self._failed(error)

    def _answered(self) -> Observation:
        """What the answering path left behind."""
        return self._recording.observation()

    def _invariants(self) -> Sequence[Predicate]:
        """What holds for every observation."""
        return self._runtime.invariants_of(self.draft().seam)

    @property
    def _judge(self) -> Judge:
        return self._runtime.judge

    def explored(self, *, inside_loop: bool) -> Run:
        """The run by what decides about the order of events; afterwards `taken` has the turns."""
        self._inside_loop = inside_loop
        run = self.replay_apart(waits=True)
        if not isinstance(run, Run):
            raise RuntimeError("a replay that was waited for goes on")
        return run

    def replay_apart(self, *, waits: bool = False) -> Run | Job:
        """The run, or how it goes on, where it is not the caller who waits; raises nothing.

        With `waits` it is the run: work that the replayed path left behind is waited for.
        """

        def compared() -> Run | Job:
            pending = completed_now(self.replay(_APART))
            if not isinstance(pending, Pending):
                return pending
            if waits:
                wait_for(pending.replay.running, self._runtime.limits.linger_s)
            elif pending.replay.running.left():
                return self.job_of(pending)
            return completed_now(self.judged(pending, _APART))

        try:
            return self._apart(compared)
        except BaseException as error:  # noqa: BLE001  an interrupt that the path itself raised
            return self.draft().failed(f"the replay was interrupted: {class_and_message(error)}")

    @property
    def seam(self) -> str:
        """The name of its seam."""
        return self._recording.call.seam.name

    def context(self) -> Context:
        """That of the call, outside of any run, for a task of the loop."""
        context = self._recording.context.copy()
        context.run(SESSION.set, None)
        context.run(decimal.setcontext, self._recording.decimals.copy())
        return context

    async def replay_on_loop(self) -> None:
        """Replay it under the loop that runs; it is judged and handed on beside the program."""
        running = self._recording.recorder.running
        if running.branches:
            await wait_for_async(running, self._runtime.limits.linger_s)
        found = await self.replay(_ON_LOOP)
        job = (
            self.job_of(found)
            if isinstance(found, Pending)
            else Job(self.draft, lambda: found, hand_on=self.hand_on)
        )
        if not self._runtime.beside.put(job):
            self.hand_on(await self.judged(found, _ON_LOOP) if isinstance(found, Pending) else found)

    def hand_on(self, run: Run) -> None:
        """Give the run away; late work may still amend it."""
        if self._span is not None:
            self._span.end(run)
        expected = self._runtime.expected if self._is_expected else None
        if expected is None:
            self._given.hand_on(run)
            return
        self._is_expected = False
        with expected.expected():
            self._given.hand_on(run)


class _Apart:
    """Beside the program nobody waits, and no caller gets an interrupt."""

    async def replay(self, task: ReplayTask) -> Pending:
        return task.start()

    def lets_pass(self, error: BaseException) -> bool:
        return False


class _OnLoop:
    """The program's own loop replays it, and no caller waits; what ends the program ends it there too."""

    async def replay(self, task: ReplayTask) -> Pending:
        return await task.start_async()

    def lets_pass(self, error: BaseException) -> bool:
        return is_interruption(error)


_ON_LOOP = _OnLoop()
_APART = _Apart()
