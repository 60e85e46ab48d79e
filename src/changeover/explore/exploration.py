"""Explores one recorded run: all orders of its events where these are few, drawn ones beyond."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import field

from changeover.compare.clusters import Fingerprint
from changeover.explore.orders import disturbances, disturbed, next_order
from changeover.explore.shares import in_shares
from changeover.explore.shrink import shrunk
from changeover.explore.trial import DIFFERS, NOT_COMPARED, Replays, Trial, fingerprints
from changeover.quick_dataclass import dataclass
from changeover.record.run import Run
from changeover.replay.schedule import Schedule
from changeover.replay.scheduler import Drawn, Given, TurnTaken, labels
from changeover.seam.recording import Recording
from changeover.values.divergence import Divergence

CLUSTERS_SHRUNK_MAX = 20
REASONS_KEPT_MAX = 20


@dataclass(frozen=True, slots=True)
class FailingSchedule:
    """A cluster that other orders show: in how many schedules, and the smallest of them.

    `events` say what is not as usual in it, turn by turn; `run` is what it left behind.
    """

    fingerprint: Fingerprint
    divergence: Divergence
    schedules: int
    schedule: Schedule
    events: tuple[str, ...]
    run: Run

    @property
    def id(self) -> str:
        """As clusters are called."""
        return self.fingerprint.digest[:6]


@dataclass(slots=True, eq=False)
class Exploration:
    """What was tried of one run, and what it showed.

    `orders` are all the orders in which its events can be delivered, None where they are more than half
    of what was to be tried; `with_one` counts them, and each once more for every delivery twice and every
    restart, None where these were too many: then none of them was tried by itself. `drawn` were drawn by
    the seed. `turns` is the most that one replay had.
    """

    case: str
    seam: str
    tried: int = 0
    orders: int | None = None
    with_one: int | None = None
    drawn: int = 0
    turns: int = 0
    restarts: bool = False
    match: int = 0
    unsafe: int = 0
    diverged: int = 0
    not_compared: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    found: list[FailingSchedule] = field(default_factory=list)
    not_shrunk: int = 0

    @property
    def is_exhaustive(self) -> bool:
        """Whether every order was tried, each with every delivery twice and every restart."""
        return self.with_one is not None


Told = Callable[[Exploration], None]
"""Hears after each schedule how far it is."""


class Explorer:
    """Of one recorded run.

    Args:
        recording: the run; it has answered.
        inside_loop: whether it was called in an event loop that has ended since.
        case: its name, as `SOURCE/CASE`.
        seed: for the schedules that are drawn.
        jobs: so many processes replay.
        told: hears how far it is.
        is_stopped: says that somebody wants it to end after the schedule that runs.
    """

    def __init__(
        self,
        recording: Recording,
        *,
        inside_loop: bool,
        case: str,
        seed: int,
        jobs: int,
        told: Told,
        is_stopped: Callable[[], bool],
    ) -> None:
        self._replays = Replays(recording, inside_loop=inside_loop)
        self._case, self._seed, self._jobs, self._told = case, seed, jobs, told
        self._is_stopped = is_stopped
        self._seen: dict[str, tuple[int, Schedule]] = {}
        self.done = Exploration(case, recording.call.seam.name)

    def explore(self, schedules: int) -> Exploration:
        """Try so many schedules at most; fewer only where the path has no turns."""
        done = self.done
        orders = self._orders(max(1, schedules // 2))
        if not done.turns:
            return self._ended()
        more = done.tried + sum(map(disturbances, orders))
        if done.orders is not None and more <= schedules:
            self._try_each([Given(schedule) for taken in orders for schedule in disturbed(taken)])
            done.with_one = more if done.tried == more else None
        names = (f"{self._case} {self._seed} {number}" for number in range(schedules - done.tried))
        before = done.tried
        self._try_each([Drawn(name) for name in names])
        done.drawn = done.tried - before
        return self._ended()

    def only(self, schedule: Schedule) -> Exploration:
        """Try this schedule, and nothing else."""
        trial, taken = self._replays.trial(Given(schedule))
        self._count(trial, taken)
        self._seen = dict.fromkeys(trial.clusters[:1], (1, schedule))
        return self._ended(shrinks=False)

    def _orders(self, most: int) -> list[Sequence[TurnTaken]]:
        """Every order in turn; `done.orders` is known where they came to an end."""
        tried: list[Sequence[TurnTaken]] = []
        order: Schedule | None = Schedule()
        while order is not None and len(tried) < most and not self._is_stopped():
            trial, taken = self._replays.trial(Given(order))
            self._count(trial, taken)
            tried.append(taken)
            order = next_order(taken)
        self.done.orders = len(tried) if order is None else None
        return tried

    def _try_each(self, decisions: Sequence[Given | Drawn]) -> None:
        for trial, turns in in_shares(decisions, self._replays, self._jobs):
            self.done.turns = max(self.done.turns, turns)
            self._count(trial, ())
            if self._is_stopped():
                return

    def _count(self, trial: Trial, taken: Sequence[TurnTaken]) -> None:
        done = self.done
        done.tried += 1
        done.turns = max(done.turns, len(taken))
        done.restarts = done.restarts or any(one.can_restart for one in taken)
        if trial.verdict in DIFFERS:
            done.unsafe += trial.verdict == "unsafe"
            done.diverged += trial.verdict != "unsafe"
            digest = trial.clusters[0]
            times, smallest = self._seen.get(digest, (0, trial.schedule))
            smaller = trial.schedule if len(trial.schedule) < len(smallest) else smallest
            self._seen[digest] = (times + 1, smaller)
        elif trial.verdict in NOT_COMPARED:
            done.not_compared += 1
            reason = trial.reason or str(trial.verdict)
            if reason in done.reasons or len(done.reasons) < REASONS_KEPT_MAX:
                done.reasons[reason] += 1
        else:
            done.match += 1
        self._told(done)

    def _ended(self, *, shrinks: bool = True) -> Exploration:
        shrinks = shrinks and not self._is_stopped()
        for digest, (times, schedule) in list(self._seen.items())[:CLUSTERS_SHRUNK_MAX]:
            found = self._smallest(digest, times, schedule, shrinks=shrinks)
            if found is not None:
                self.done.found.append(found)
        self.done.found.sort(key=lambda one: (not one.divergence.is_unsafe, -one.schedules))
        self.done.not_shrunk = max(0, len(self._seen) - CLUSTERS_SHRUNK_MAX)
        return self.done

    def _smallest(
        self, digest: str, times: int, schedule: Schedule, *, shrinks: bool
    ) -> FailingSchedule | None:
        def shows(smaller: Schedule) -> bool:
            return digest in self._replays.trial(Given(smaller))[0].clusters

        if shrinks:
            schedule = shrunk(schedule, shows)
        run, taken = self._replays.run(Given(schedule))
        prints = {one.digest: one for one in fingerprints(run)}
        if digest not in prints:
            return None  # it does not come again: the count of what differs stays
        from changeover.compare.clusters import fingerprint_of

        divergence = next(one for one in run.divergences if fingerprint_of(run.seam, one).digest == digest)
        said = tuple(labels(taken, schedule))
        return FailingSchedule(prints[digest], divergence, times, schedule, said, run)
