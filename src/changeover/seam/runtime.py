"""What all seams of one migration share: flags, ports, judge, and where runs go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from changeover.record.port import PortBook
from changeover.rollout.resolver import Resolution, Resolver
from changeover.rollout.test_override import imposed
from changeover.seam.background import Background
from changeover.seam.judge import Judge, Predicate, Waived
from changeover.telemetry.alerts import Alerts
from changeover.telemetry.logs import logger, told
from changeover.values.limits import Limits
from changeover.values.outcome import is_interruption
from changeover.values.pins import Pins, key_text
from changeover.values.run import Run, Sink

if TYPE_CHECKING:
    from changeover.seam.experiment import Crossing
    from changeover.seam.seam import Seam

_log = logger("seam")
NOTES_MAX = 1_000


class Home:
    """Owned by a `Migration`; seams and crossings ask it."""

    def __init__(
        self, resolver: Resolver, judge: Judge, sink: Sink | None, limits: Limits, *, copies_worlds: bool
    ) -> None:
        self.book = PortBook()
        self.current: Callable[[], Resolution] = resolver.current
        self.judge = judge
        self.sink = sink
        self.tripwire: Sink | None = None
        self.alerts = Alerts(())
        self.limits = limits
        self.copies_worlds = copies_worlds
        self.population = "production"
        self.compares_a_source = False
        self.waived: Waived | None = None
        self.background: Background | None = None
        self.counts: Counter[tuple[str, str]] = Counter()
        self._counting = Lock()
        self.notes: dict[str, None] = {}
        self._noted: set[str] = set()
        self.invariants: dict[str, list[Predicate]] = {}

    def pins(self, seam: Seam, resolution: Resolution, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Pins:
        """The pins of a run that begins at this seam; the key is worked out only where something needs it."""
        if seam.key is None or not (resolution.ramps or resolution.compares):
            return Pins(resolution.settings)
        try:
            return Pins(resolution.settings, key_text(seam.key, args, kwargs))
        except BaseException as error:
            if is_interruption(error):
                raise
            self.note(f"the key of seam {seam.name!r} raised {type(error).__name__}: {error}")
            return Pins(resolution.settings)

    def invariants_of(self, seam: str) -> Sequence[Predicate]:
        """The predicates that hold for every observation at a seam."""
        return self.invariants.get(seam, ())

    def note(self, problem: str) -> None:
        """Say once what is wrong, and keep it for `status`."""
        if problem in self._noted or len(self._noted) >= NOTES_MAX:
            return
        self._noted.add(problem)
        self.notes[told(problem)] = None
        _log.warning("%s", problem)

    def dispatch(self, crossing: Crossing) -> None:
        """Replay and judge: inline, before the caller gets its answer, or later beside the program."""
        if not self._taken(crossing):
            crossing.replay()

    async def dispatch_async(self, crossing: Crossing) -> None:
        """The same under an event loop."""
        if not self._taken(crossing):
            await crossing.replay_async()

    def _taken(self, crossing: Crossing) -> bool:
        """Whether the run goes to the background; tests and comparisons wait for what they ask for."""
        if self.background is None or self.compares_a_source or imposed() is not None:
            return False
        crossing.let_go()
        return self.background.put(crossing)

    def settle(self) -> None:
        """Be done with the runs of the background before judge and sink are others."""
        if self.background is not None:
            self.background.drain()

    def hand_on(self, run: Run) -> None:
        """Count the run, show it to the tripwire, give it to the sink; one that fails is noted and breaks
        nothing.
        """
        with self._counting:
            self.counts[run.seam, run.verdict] += 1
        under_test = imposed()
        if under_test is not None and not self.compares_a_source:  # those that a comparison makes are its own
            under_test.watch(run)
        # The tripwire comes first: what it writes must not wait for a store.
        self._give(run, self.tripwire, "the tripwire failed")
        self._give(run, self.sink, "runs cannot be kept")

    def _give(self, run: Run, sink: Sink | None, problem: str) -> None:
        if sink is None:
            return
        try:
            sink(run)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  promise 1: no store breaks the answer
            self.note(f"{problem}: {type(error).__name__}: {error}")
