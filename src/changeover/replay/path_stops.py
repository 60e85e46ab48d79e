"""What ends a replayed path early: a limit, a wait for what nobody gives, the world past every port."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from changeover.errors import ReplayRefusal, ReplayStopped, UndeclaredEffect
from changeover.record.replay_problems import QUEUE, ProblemKind, ReplayProblem
from changeover.replay.first_import import module_being_imported
from changeover.replay.replayed_work import ReplayedWork
from changeover.values.limits import Limits

if TYPE_CHECKING:
    from changeover.replay.debugging import Debugger

LOOK_S = 0.05
PATIENCE_S = 1e7


class PathStops(ReplayedWork):
    """What ended the path is kept, and every call from then on is refused likewise."""

    limits: Limits
    waits_s: float
    debugger: Debugger | None = None
    _deadline: float
    _refused: ReplayRefusal | None = None
    _waited_s = 0.0

    def stopped_by(self, debugger: Debugger) -> None:
        """Somebody looks at the path, who takes his time."""
        self.debugger = debugger
        self._deadline = float("inf")
        self.waits_s = PATIENCE_S

    def not_followed(self, what: str) -> None:
        """A process of the program's own would act for real."""
        self.catch("process", what)

    def handed_over(self, what: str) -> None:
        """Whoever takes it would act for real: the path ends here, or the work that it has left behind."""
        if self._closed:
            self._refuse_late(what)
        way_out = "give the path as fresh(build), or what fills it as a port"
        self.note(ProblemKind.LIMIT, QUEUE, f"{what}; {way_out}")
        raise self._ended(ReplayStopped(f"{QUEUE}: {what}"))

    def cannot_follow(self, pack: str, what: str) -> None:
        """The run cannot be compared: a pack could not do its part. A path that still runs ends."""
        self.note(ProblemKind.LIMIT, pack, what)
        refusal = self._ended(ReplayStopped(f"{pack}: {what}"))
        if not self.running.answered:
            raise refusal

    def guessed(self, pack: str, why: str) -> None:
        """What the path was given may not be what the answering one was: a difference proves nothing."""
        self.problems.add(ReplayProblem(ProblemKind.INEXACT, pack, why, 0))

    def thread_refused(self, why: str) -> None:
        """Note that the process ends and the path could not have a thread: that says nothing of the path."""
        self.note(ProblemKind.LIMIT, "no thread", why)

    def catch(self, event: str, detail: str) -> None:
        """Refuse what goes past every port."""
        if self._closed:
            self._refuse_late(f"{event} {detail}")
        module = module_being_imported()
        if module is not None:  # it would do so once in a process: that is no difference of the paths
            way_out = "import it where the program starts"
            what = f"{module} is imported for the first time in a replay, and reaches for {event} {detail}"
            self.cannot_follow("import", f"{what}: {way_out}")
        refusal = UndeclaredEffect(f"{event} {detail}: the path reached for the world past every port")
        if self._refused is None:
            self.note(ProblemKind.UNDECLARED_EFFECT, event, detail)
        raise self._ended(refusal)

    def wait(self, wait: Callable[[float], bool], timeout: float | None) -> bool:
        """Let the path wait for something that another thread gives, and end it where nobody does.

        Its own threads and jobs may take their time. Others set what the program holds, and not the copy.
        """
        until = None if timeout is None else monotonic() + timeout
        while True:
            began = monotonic()
            left = LOOK_S if until is None else min(LOOK_S, max(0.0, until - began))
            if wait(left):
                return True
            now = monotonic()
            if not self.running.left():
                self._waited_s += now - began
            if self._waited_s > self.waits_s:
                raise self.gave_up_waiting()
            if until is not None and now >= until:
                return False

    def gave_up_waiting(self) -> ReplayRefusal:
        """The end of a path that waits for what never comes."""
        what = f"the path waited {self.waits_s:.3g} s for what nobody gives to a replay"
        self.note(ProblemKind.LIMIT, "waiting", what)
        return self._ended(ReplayStopped(what))

    def _stop(self, limit: str) -> None:
        self.note(ProblemKind.LIMIT, "limit reached", limit)
        raise self._ended(ReplayStopped(limit))

    def _ended(self, refusal: ReplayRefusal) -> ReplayRefusal:
        """The refusal that ends the path: every call from now on is refused likewise."""
        self._refused = self._refused or refusal
        return refusal
