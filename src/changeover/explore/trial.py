"""One replay of a recorded run under one schedule, and what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from changeover.compare.clusters import Fingerprint, fingerprint_of
from changeover.explore.judged_before import Exploring, JudgedBefore
from changeover.quick_dataclass import dataclass
from changeover.record.run import Run
from changeover.replay.schedule import Schedule, parse_schedule
from changeover.replay.scheduler import Decides, TurnTaken
from changeover.seam.recording import Recording
from changeover.values.verdict import Verdict

DIFFERS = frozenset({Verdict.UNSAFE, Verdict.DIVERGED})
NOT_COMPARED = frozenset({Verdict.FAILED, Verdict.UNPAIRED, Verdict.VACUOUS})


@dataclass(frozen=True, slots=True)
class Trial:
    """What one schedule showed: `clusters` are digests, the worst first, `reason` is why it shows nothing."""

    schedule: Schedule
    verdict: Verdict
    clusters: tuple[str, ...] = ()
    reason: str | None = None

    def sent(self) -> list[Any]:
        """As JSON."""
        return [str(self.schedule), self.verdict, list(self.clusters), self.reason]


def received(data: Sequence[Any]) -> Trial:
    """The inverse of `sent`."""
    schedule, verdict, clusters, reason = data
    return Trial(parse_schedule(schedule), Verdict(verdict), tuple(clusters), reason)


class Replays:
    """Replays of one recorded run: each judged as a comparison judges it."""

    def __init__(self, recording: Recording, *, inside_loop: bool) -> None:
        self._recording = recording
        self._common = JudgedBefore(recording)
        self._inside_loop = inside_loop

    def run(self, decides: Decides) -> tuple[Run, Sequence[TurnTaken]]:
        """The run itself, with its turns."""
        comparing = Exploring(self._common, self._recording, decides)
        run = comparing.explored(inside_loop=self._inside_loop)
        return run, comparing.taken

    def trial(self, decides: Decides) -> tuple[Trial, Sequence[TurnTaken]]:
        """What a run shows, with its turns."""
        run, taken = self.run(decides)
        made = Schedule.of({number: one.turn for number, one in enumerate(taken, 1)})
        prints = [one.digest for one in fingerprints(run)]
        return Trial(made, run.verdict, tuple(prints), run.reason), taken


def fingerprints(run: Run) -> list[Fingerprint]:
    """Those of a run, each once: what is unsafe first, else in the order in which they were found."""
    if run.verdict not in DIFFERS:
        return []
    found = sorted(run.divergences, key=lambda one: not one.is_unsafe)
    return list(dict.fromkeys(fingerprint_of(run.seam, one) for one in found))
