"""What all seams of a migration share while a program runs: flags, ports, judge, and where runs go."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from changeover.errors import did_you_mean
from changeover.record.context import Args, Kwargs
from changeover.record.loaded_module import LoadedModule
from changeover.record.port import PortBook
from changeover.record.replay_problems import ProblemKind
from changeover.record.run import Run, Sink
from changeover.replay.kept_outcome import View
from changeover.replay.net import NetHold
from changeover.replay.observation_copy import SHOWN
from changeover.replay.sealed_hooks import LookingActed, look
from changeover.rollout.resolver import Resolution, Resolver
from changeover.rollout.test_override import ACTIVE
from changeover.seam.background import Background
from changeover.seam.judge import Judge, Predicate, Waived
from changeover.seam.on_loop import OnLoop
from changeover.seam.waiting_run import Job
from changeover.settings import PRODUCTION
from changeover.telemetry.alerts import Alert, AlertKind, Alerts
from changeover.telemetry.logs import logger, redacted
from changeover.values.error_text import class_and_message
from changeover.values.event_contract import EventContract
from changeover.values.interruption import stop_if_interrupted
from changeover.values.limits import Limits
from changeover.values.observation import Observation, Side
from changeover.values.pins import Pins, UnstableKey, key_text
from changeover.values.verdict import Verdict

if TYPE_CHECKING:
    from changeover.telemetry.traces import Traces

_log = logger("seam")
NOTES_MAX = 1_000
AnswerSeen = Callable[[str, Side, View, Any], None]
Note = tuple[str, dict[str, Any]]
Settle = Callable[[Sequence[Any]], None]
"""Compares runs that have answered, in the order in which they are due."""
Elsewhere = Callable[[Sequence[Any], Settle, bool], bool]
"""Is given the recordings of runs that are due, an outermost one and those inside it; what compares them
where it is called; and whether that has to wait for the end of the loop that runs. Says whether it has taken
them."""


class ExpectedRuns(Protocol):
    """Counts runs that wait to be compared, so that it is known what a process took with it."""

    def expect(self) -> bool:
        """A run waits; False where it is none that is kept."""

    def no_longer_expect(self) -> None:
        """It does not wait after all."""

    def expected(self) -> AbstractContextManager[None]:
        """In this block it is handed on."""


class RunsForWorkers(Protocol):
    """Takes answered runs that another process replays."""

    def takes(self, recording: Any) -> bool:
        """Take a run, or say False where it is to be compared here; raises only what interrupts a program."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Why runs cannot be recorded, empty where they can."""

    @property
    def counts(self) -> Mapping[tuple[str, Any], int]:
        """What became of the runs, by seam."""


class Runtime:
    """A program has one; a comparison makes one of its own, `with_` what is different, and puts it in place.

    `is_comparison` says that its runs are those of a comparison: everything is sampled, nothing waits in the
    background; `for_scenarios`, that they are to be replayed where the program's databases are not.
    `on_itself` names the path that is replayed in place of the other one as well (A/A). `answer_seen` is
    shown every answer that goes through a view. `elsewhere` may take runs that have answered, to compare them
    in another process. `measured` are shown every run after all others, and `exposed` is kept as long as the
    runtime: the metrics of a program. `traces` makes spans of its runs.
    """

    def __init__(
        self, resolver: Resolver, judge: Judge, sink: Sink | None, limits: Limits, *, copies_ports: bool
    ) -> None:
        self.book = PortBook()
        self.current: Callable[[], Resolution] = resolver.current
        self.judge = judge
        self.sink = sink
        self.tripwire: Sink | None = None
        self.alerts = Alerts(())
        self.limits = limits
        self.copies_ports = copies_ports
        self.population = PRODUCTION
        self.waived: Waived | None = None
        self.background: Background | None = None
        self.on_loop: OnLoop | None = None
        self.recorded: RunsForWorkers | None = None
        self._beside: Background | None = None
        self.settled: Callable[[], None] = _nothing
        self.measured: tuple[Sink, ...] = ()
        self.exposed: object = None
        self.traces: Traces | None = None
        self.expected: ExpectedRuns | None = None
        self.is_comparison = False
        self.for_scenarios = False
        self.on_itself: Side | None = None
        self.answer_seen: AnswerSeen | None = None
        self.elsewhere: Elsewhere | None = None
        self.counts: Counter[tuple[str, str]] = Counter()
        self.notes: dict[str, None] = {}
        self.declared: Mapping[str, Any] = {}
        self.invariants: dict[str, list[Predicate]] = {}
        self.origins_of_invariants: dict[int, LoadedModule] = {}  # by identity of those that are kept
        self._counting = Lock()
        self._noted: set[str] = set()
        self._unsaid: list[list[Note]] = []
        self._in_place: Runtime | None = None

    @property
    def active(self) -> Runtime:
        """This one, or the one that a comparison has put in its place."""
        return self._in_place or self

    def with_(self, **changes: Any) -> Runtime:
        """A runtime that shares ports, counts and notes with this one, and differs in these attributes."""
        made = copy.copy(self)
        made._in_place = None
        for name, value in changes.items():
            if name not in vars(made):
                raise TypeError(f"a runtime has no {name!r}")
            setattr(made, name, value)
        return made

    @contextmanager
    def replaced_by(self, other: Runtime) -> Iterator[Runtime]:
        """Until the block ends, every run that begins, in any thread, belongs to the other runtime."""
        if self.on_loop is not None:
            self.on_loop.wait()
        if self.background is not None:
            self.background.drain()
        before, self._in_place = self._in_place, other
        hold = NetHold()  # once for all of its replays
        try:
            yield other
        finally:
            self._in_place = before
            hold.release()

    def pins(
        self, seam: str, key: Callable[..., object] | None, resolution: Resolution, args: Args, kwargs: Kwargs
    ) -> Pins:
        """The pins of a run that begins at this seam; the key is worked out only where something needs it."""
        if key is None or not (resolution.ramps or resolution.compares):
            return Pins(resolution.settings)
        try:
            what = f"the key of `{seam}`"
            return Pins(resolution.settings, look(what, self.book, lambda: key_text(key, args, kwargs)))
        except UnstableKey as error:
            self.note(f"the key of seam {seam!r} {error}", seam=seam)
        except LookingActed as error:
            self.note(str(error), seam=seam)
            pins = Pins(resolution.settings)
            pins.problem = str(error)
            return pins
        except BaseException as error:  # noqa: BLE001  promise 1: it breaks no answer
            stop_if_interrupted(error)
            text = class_and_message(error)
            self.note(f"the key of seam {seam!r} raised {text}", seam=seam)
        return Pins(resolution.settings)

    @property
    def contracts(self) -> Mapping[str, EventContract]:
        """What must hold of the candidate's events, by bus."""
        buses = self.book.buses
        return (
            {name: bus.contract for name, bus in buses.items() if bus.contract is not None} if buses else {}
        )

    def invariants_of(self, seam: str) -> Sequence[Predicate]:
        """The predicates that hold for every observation at a seam; each is shown a copy, and only looks."""
        for unknown in self._seams_of_none():
            if unknown not in self._noted:
                self._noted.add(unknown)
                _log.warning("%s", self._of_none(unknown), seam=unknown)
        return [self._sealed(seam, predicate) for predicate in self.invariants.get(seam, ())]

    def invariants_of_none(self) -> list[str]:
        """Which are said of seams that are not declared, in words; those may be declared yet."""
        return [self._of_none(unknown) for unknown in self._seams_of_none()]

    def _seams_of_none(self) -> list[str]:
        return [seam for seam in self.invariants if seam not in self.declared]

    def _of_none(self, seam: str) -> str:
        known = list(self.declared)
        meant = did_you_mean(seam, known)
        return f"invariant of seam {seam!r}: no such seam is declared{meant} there are: {', '.join(known)}"

    def _sealed(self, seam: str, predicate: Predicate) -> Predicate:
        name = getattr(predicate, "__name__", type(predicate).__name__)

        def holds(observation: Observation) -> bool:
            what = f"the invariant {name} of `{seam}`"
            return look(what, self.book, lambda: predicate(SHOWN.of(observation, self.book)))

        holds.__name__ = name
        return holds

    def note(self, problem: str, **fields: object) -> None:
        """Log once what is wrong, with fields such as `seam`, and keep it for `status`."""
        if problem in self._noted or len(self._noted) >= NOTES_MAX:
            return
        self._noted.add(problem)
        if self._unsaid:
            self._unsaid[-1].append((problem, fields))
            return
        self.notes[redacted(problem)] = None
        _log.warning("%s", problem, **fields)

    def keep_notes(self) -> list[Note]:
        """From now on notes are put into this list: another process says them, once for all processes."""
        self._unsaid.append([])
        return self._unsaid[-1]

    def count(self, seam: str, verdict: Verdict) -> None:
        """Count a run that another process has handed on."""
        with self._counting:
            self.counts[seam, verdict] += 1

    @property
    def waits(self) -> bool:
        """Whether the caller asks for the verdict, under a test override and in a comparison.

        Runs are compared at once then, and work that a path has left behind is waited for.
        """
        return self.is_comparison or ACTIVE.override is not None

    @property
    def beside(self) -> Background:
        """Where a run waits that cannot be judged yet, in whichever mode."""
        if self.background is not None:
            return self.background
        with self._counting:
            if self._beside is None:
                self._beside = Background(self.hand_on, self.settled)
            return self._beside

    @property
    def waiting_problems(self) -> tuple[str, ...]:
        """What was not compared of the runs that waited, in words."""
        waiting = self.background or self._beside
        on_loop = () if self.on_loop is None else self.on_loop.problems
        return (*on_loop, *(() if waiting is None else waiting.problems))

    def flush(self) -> None:
        """Wait some seconds for runs that wait beside the program, and write what they left behind."""
        if self.on_loop is not None:
            self.on_loop.wait()
        waiting = self.background or self._beside
        if waiting is None:
            self.settled()
        else:
            waiting.flush()

    def close(self) -> None:
        """The same, and from now on runs are compared inline."""
        if self.on_loop is not None:
            self.on_loop.close()
        waiting = self.background or self._beside
        if waiting is None:
            self.settled()
        else:
            waiting.close()

    def amend(self, run: Run, given: Run) -> None:
        """Hand on a run again that was given otherwise; the program's own work is not kept waiting for it."""

        def handed_on(run: Run) -> None:
            with self._counting:
                self.counts[given.seam, given.verdict] -= 1
            self.hand_on(run)

        if self.waits or not self.beside.put(Job(None, lambda: run, hand_on=handed_on)):
            handed_on(run)

    def hand_on(self, run: Run) -> None:
        """Count the run, show it to the tripwire, give it to the sink; one that fails is noted and breaks
        nothing.
        """
        with self._counting:
            self.counts[run.seam, run.verdict] += 1
        under_test = ACTIVE.override
        if under_test is not None and not self.is_comparison:  # those that a comparison makes are its own
            under_test.watch(run)
        self._tell_of_objects(run)
        # The tripwire comes first: what it writes must not wait for a store.
        self._give(run, self.tripwire, "the tripwire failed")
        self._give(run, self.sink, "runs cannot be kept")
        for count in self.measured:
            self._give(run, count, "runs cannot be counted as metrics")

    def tell_of_loop(self, seam: str, phase: str, seconds: float) -> None:
        """Somebody has to hear that a replay held up the program's loop, and that it was the last one."""
        held_up = f"a replay held the program's loop up for {seconds * 1000:.0f} ms"
        text = f"seam {seam!r}: {held_up}; its runs are compared no more in this process"
        self.note(text, seam=seam)
        self.alerts.send(Alert(AlertKind.LOOP_HELD_UP, text, phase=phase))

    def _tell_of_objects(self, run: Run) -> None:
        """Somebody has to look where an object that was to have no state of its own has changed."""
        changed = next((note for note in run.notes if note.kind is ProblemKind.OBJECT_CHANGED), None)
        if changed is not None and not self.is_comparison and ACTIVE.override is None:
            self.alerts.send(Alert(AlertKind.OBJECT_CHANGED, str(changed), phase=run.phase, run=run.id))

    def _give(self, run: Run, sink: Sink | None, problem: str) -> None:
        if sink is None:
            return
        try:
            sink(run)
        except BaseException as error:  # noqa: BLE001  promise 1: no store breaks the answer
            stop_if_interrupted(error)
            self.note(f"{problem}: {class_and_message(error)}", seam=run.seam, run=run.id)


def _nothing() -> None:
    """There is no evidence to be written."""
