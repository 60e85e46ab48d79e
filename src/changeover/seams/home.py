"""What all seams of one migration share: flags, ports, judge, and where runs go."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from changeover.limits import Limits
from changeover.plan.imposed import imposed
from changeover.plan.pins import Pins, key_text
from changeover.plan.resolution import Resolution, Resolver
from changeover.recording.ports import PortBook
from changeover.run import Run, Sink
from changeover.seams.judging import Judge, Predicate

if TYPE_CHECKING:
    from changeover.seams.crossing import Crossing
    from changeover.seams.seam import Seam

_log = logging.getLogger("changeover.seam")
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
        self.limits = limits
        self.copies_worlds = copies_worlds
        self.population = "production"
        self.counts: Counter[tuple[str, str]] = Counter()
        self.notes: dict[str, None] = {}
        self.invariants: dict[str, list[Predicate]] = {}

    def pins(self, seam: Seam, resolution: Resolution, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Pins:
        """The pins of a run that begins at this seam; the key is worked out only where something needs it."""
        if seam.key is None or not (resolution.ramps or resolution.compares):
            return Pins(resolution.settings)
        try:
            return Pins(resolution.settings, key_text(seam.key, args, kwargs))
        except Exception as error:  # noqa: BLE001  a failing key function must not break the call
            self.note(f"the key of seam {seam.name!r} raised {type(error).__name__}: {error}")
            return Pins(resolution.settings)

    def invariants_of(self, seam: str) -> Sequence[Predicate]:
        """The predicates that hold for every observation at a seam."""
        return self.invariants.get(seam, ())

    def note(self, problem: str) -> None:
        """Say once what is wrong, and keep it for `status`."""
        if problem not in self.notes and len(self.notes) < NOTES_MAX:
            self.notes[problem] = None
            _log.warning("%s", problem)

    def dispatch(self, crossing: Crossing) -> None:
        """Replay and judge: inline, before the caller gets its answer."""
        crossing.replay()

    async def dispatch_async(self, crossing: Crossing) -> None:
        """The same under an event loop."""
        await crossing.replay_async()

    def hand_on(self, run: Run) -> None:
        """Count the run and give it to the sink; a failing sink is noted and breaks nothing."""
        self.counts[run.seam, run.verdict] += 1
        under_test = imposed()
        if under_test is not None:
            under_test.watch(run)
        if self.sink is None:
            return
        try:
            self.sink(run)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  promise 1: no store breaks the answer
            self.note(f"runs cannot be kept: {type(error).__name__}: {error}")
