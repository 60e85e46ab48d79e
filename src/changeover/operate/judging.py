"""From a recorded run to its verdict: the other path is replayed elsewhere, and a difference is confirmed.

A difference counts where a process that replayed nothing before gives it again, and where the answering path,
replayed on its own tape there, gives what was recorded. Else the run has failed: it says nothing of the code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from changeover.errors import ConfigurationError
from changeover.evidence.program_interface import Program
from changeover.evidence.recorded_answer import unpaired_events
from changeover.operate.messages import Message
from changeover.operate.recorded_replay import read_problem
from changeover.operate.replay_pool import ReplayFailed
from changeover.quick_dataclass import dataclass
from changeover.record.codec import Codec, CodecError
from changeover.record.instrument import Binder
from changeover.record.recorded_run import Passage, RecordedRun
from changeover.record.recorded_run_reading import read_passage, read_recorded
from changeover.record.replay_problems import ProblemKind, ReplayProblem, ReplayProblems
from changeover.record.run import Elsewhere, Run
from changeover.record.tape import Tape
from changeover.replay.runner import Replayed
from changeover.seam.judge import RunDraft
from changeover.seam.seam import Seam
from changeover.values.divergence import ABSENT
from changeover.values.error_text import class_and_message
from changeover.values.observation import Raised, Side
from changeover.values.value_text import value_text
from changeover.values.verdict import Verdict

NOT_REPRODUCIBLE = "not reproducible here"
_TEXT_MAX = 120
_SAME = frozenset({Verdict.MATCH, Verdict.TOLERATED, Verdict.VACUOUS})
_DIFFERS = frozenset({Verdict.UNSAFE, Verdict.DIVERGED, Verdict.WAIVED})


Variables = Mapping[str, str | None]
"""Those of the recording process that its replays need; None for one that is not set."""


class Replays(Protocol):
    """Where paths are replayed."""

    def replay(
        self, handed_over: Variables, side: Side, payload: bytes, *, fresh: bool = False
    ) -> tuple[Message, tuple[str, ...]]:
        """What one path left behind, and how it was isolated; raises ReplayFailed and NoProcess."""


@dataclass(frozen=True, slots=True)
class _Replay:
    """What a path left behind, with the object of its method as it was before, where that was changed."""

    replayed: Replayed
    owner: tuple[Any, ...]
    isolation: tuple[str, ...]


class Unreadable(Exception):
    """A frame in which nothing can be read; says why."""


class Judging:
    """Judges the recorded runs of one program.

    Args:
        program: whose seams, rules and ports are asked; its paths are not called.
        codec: reads the values.
        code: the digest of the code here, None where it is not known.
    """

    def __init__(self, program: Program, codec: Codec, code: str | None) -> None:
        self._program, self._codec, self._code = program, codec, code

    def judged(self, payload: bytes, handed_over: Variables, replays: Replays) -> Run:
        """The run of one frame; raises Unreadable, and NoProcess where nothing can be replayed."""
        try:
            passage = read_passage(payload)
        except ConfigurationError as error:
            raise Unreadable(str(error)) from error
        traces, side = self._program.runtime.traces, passage.answered_by.other
        span = None
        if traces is not None:
            span = traces.of_replay(passage.seam, passage.phase, side, passage.trace)
        try:
            run = self._of(passage, payload, handed_over, replays)
        except (CodecError, ConfigurationError) as error:
            run = self.failed(passage, f"its record cannot be read: {error}")
        if span is not None:
            span.end(run)
        return run

    def failed(self, passage: Passage, reason: str) -> Run:
        """The run as one that shows nothing."""
        draft = _draft(passage, {}, Tape())
        return replace(draft.failed(reason), elsewhere=self._elsewhere(passage, ()))

    def _elsewhere(self, passage: Passage, isolation: tuple[str, ...]) -> Elsewhere:
        is_renewed = passage.code != self._code
        return Elsewhere(passage.at, passage.answering_code, is_renewed, isolation, passage.flags)

    def _of(self, passage: Passage, payload: bytes, handed_over: Variables, replays: Replays) -> Run:
        seam = self._program.seams.get(passage.seam)
        if seam is None:
            return self.failed(passage, f"the program has no seam {passage.seam!r} any more")
        recorded = read_recorded(payload, self._codec, self._program.runtime.book)
        try:
            return self._compared(seam, recorded, payload, handed_over, replays)
        except ReplayFailed as error:
            return self._shows_nothing(seam, recorded, str(error))

    def _shows_nothing(self, seam: Seam, recorded: RecordedRun, reason: str) -> Run:
        draft = _draft_with(seam, recorded, ())
        return replace(draft.failed(reason), elsewhere=self._elsewhere(recorded.passage, ()))

    def _compared(
        self,
        seam: Seam,
        recorded: RecordedRun,
        payload: bytes,
        handed_over: Variables,
        replays: Replays,
    ) -> Run:
        passage = recorded.passage
        other = passage.answered_by.other

        def again(side: Side, *, fresh: bool) -> _Replay | str:
            return self._replay(replays.replay(handed_over, side, payload, fresh=fresh), side)

        first = again(other, fresh=False)
        if isinstance(first, str):
            return self._shows_nothing(seam, recorded, first)
        run = self._judged(seam, recorded, first)
        if run.verdict in _DIFFERS:
            second = again(other, fresh=True)
            if isinstance(second, str):
                return self._shows_nothing(seam, recorded, second)
            confirmed = self._judged(seam, recorded, second)
            if confirmed.verdict not in _DIFFERS:
                return self._not_reproducible(
                    run, f"{other} differs after other runs, and not in a process of its own"
                )
            run = confirmed
        elif not (run.elsewhere is not None and run.elsewhere.is_renewed and run.verdict in _SAME):
            return run
        control = again(passage.answered_by, fresh=True)
        if isinstance(control, str):
            return self._not_reproducible(run, f"{passage.answered_by} {control}")
        departs = self._departure(seam, recorded, control)
        return run if departs is None else self._not_reproducible(run, departs)

    def _not_reproducible(self, run: Run, why: str) -> Run:
        return replace(
            run, verdict=Verdict.FAILED, reason=f"{NOT_REPRODUCIBLE}: {why}", divergences=(), judgement=None
        )

    def _replay(self, said: tuple[Message, tuple[str, ...]], side: Side) -> _Replay | str:
        """What a process said of a path, or why it shows nothing."""
        message, isolation = said
        failed = message.head.get("failed")
        if failed is not None:
            return f"the replay of {side} failed: {str(failed)[:1_000]}"
        book = self._program.runtime.book
        try:
            made = read_recorded(message.body, self._codec, book)
            problems = ReplayProblems([read_problem(one) for one in message.head.get("problems", ())])
            problems.left_out = int(message.head.get("left_out", 0))
        except (CodecError, ConfigurationError, ValueError, TypeError) as error:
            return f"what {side} left cannot be read: {error}"
        if isinstance(made.outcome, Raised) and isinstance(made.outcome.error, MemoryError):
            return "memory limit reached"
        observation = made.tape.observation(
            side,
            made.outcome,
            made.own_time_s,
            changed=made.changed,
            logged=made.logged,
            events=made.events or (),
        )
        return _Replay(Replayed(observation, problems), made.args, isolation)

    def _judged(self, seam: Seam, recorded: RecordedRun, other: _Replay) -> Run:
        run = judged(self._program, seam, recorded, other.replayed, other.owner)
        return replace(run, elsewhere=self._elsewhere(recorded.passage, other.isolation))

    def _draft_of(self, seam: Seam, recorded: RecordedRun, other: _Replay) -> RunDraft:
        return _draft_with(seam, recorded, other.owner)

    def _departure(self, seam: Seam, recorded: RecordedRun, control: _Replay) -> str | None:
        """What the answering path does otherwise here than it did where it answered; None where nothing."""
        problems = control.replayed.problems
        if problems.failures:
            return f"{recorded.passage.answered_by}: {problems.failures[0]}"
        again = replace(control.replayed.observation, path=recorded.passage.answered_by.other)
        again = again if recorded.events is not None else unpaired_events(again)
        draft = self._draft_of(seam, recorded, control)
        try:
            run = draft.judged(recorded.observation(), again, problems, self._program.runtime.judge, ())
        except Exception as error:  # noqa: BLE001  rules are the program's own code
            return f"the comparison failed: {class_and_message(error)}"
        if run.verdict in _SAME:
            return None
        found = next(iter(run.divergences), None)
        if found is None:
            return run.reason or f"{recorded.passage.answered_by} cannot be held against the record"
        sides = (found.legacy, found.candidate)
        before, after = sides if recorded.passage.answered_by is Side.LEGACY else sides[::-1]
        side = recorded.passage.answered_by
        return f"{side} gave {_text(before)} where it answered, and gives {_text(after)} ({found.place})"


def judged(
    program: Program, seam: Seam, recorded: RecordedRun, other: Replayed, owner: tuple[Any, ...]
) -> Run:
    """The run of a recorded path and of the other one that was replayed on its tape.

    `owner` is the object of a method as it was before, where either path changed it.
    """
    runtime, problems = program.runtime.active, other.problems
    if recorded.tape.unfinished:
        kind, left = ProblemKind.LEFT_RUNNING, ", ".join(recorded.tape.unfinished)
        problems.add(ReplayProblem(kind, str(recorded.passage.answered_by), left, 0))
    draft = _draft_with(seam, recorded, owner)
    seen = other.observation if recorded.events is not None else unpaired_events(other.observation)
    try:
        return draft.judged(
            recorded.observation(),
            seen,
            problems,
            runtime.judge,
            runtime.invariants_of(seam.name),
            runtime.contracts,
        )
    except Exception as error:  # noqa: BLE001  rules and invariants are the program's own code
        return draft.failed(f"the comparison failed: {class_and_message(error)}")


def _draft_with(seam: Seam, recorded: RecordedRun, owner: tuple[Any, ...]) -> RunDraft:
    named = _named(seam)
    recorded.tape.left_out = named.left_out(recorded.args, recorded.kwargs)
    draft = _draft(recorded.passage, named(recorded.args, recorded.kwargs), recorded.tape)
    return replace(draft, owner=owner)


def _named(seam: Seam) -> Binder:
    """What gives arguments their names, without the object of a method."""
    return seam.named[1 if seam.owners else 0]


def _draft(passage: Passage, arguments: dict[str, Any], tape: Tape) -> RunDraft:
    return RunDraft(
        seam=passage.seam,
        phase=passage.phase,
        population=passage.population,
        pins=passage.pins,
        answered_by=passage.answered_by,
        arguments=arguments,
        tape=tape,
        tags=passage.tags,
        id=passage.id,
    )


def _text(value: Any) -> str:
    return "nothing" if value is ABSENT else value_text(value, _TEXT_MAX)
