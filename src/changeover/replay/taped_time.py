"""The time of a replayed path: it goes on as the tape says that it went on."""

from __future__ import annotations

from changeover.errors import ReadMissing
from changeover.record.context import Args, Kwargs
from changeover.record.port import CallClass, PortMethod
from changeover.record.replay_problems import ProblemKind
from changeover.replay.clock import VirtualClock
from changeover.replay.port_tape import BranchName
from changeover.replay.taped_calls import TapedCalls
from changeover.values.copying import copied_error
from changeover.values.observation import Outcome, Raised


class TapedTime(TapedCalls):
    """Each branch of the work has the times that the same branch was told when it was recorded."""

    _clocks: dict[tuple[str, BranchName], VirtualClock]

    def clock(self, port: str) -> VirtualClock:
        """The time of this replay."""
        branch = self._branch()
        found = self._clocks.get((port, branch))
        if found is None:
            entries = self._tape.of_port(port, lambda entry: entry.method.call_class is CallClass.CLOCK)
            own = [entry for entry in entries if branch and self._tape.during(entry).branch == branch]
            found = self._clocks[port, branch] = VirtualClock(own or entries)
        return found

    def _time(self, method: PortMethod, args: Args, kwargs: Kwargs) -> Outcome | None:
        """None where the clock itself has to tell the time, as the recorded path never asked."""
        clock = self.clock(method.port)
        if method.sleeps:
            outcome: Outcome | None = clock.sleep(method.name, args, kwargs)
        else:
            outcome = clock.now(method.name)
        if outcome is None:
            if not self._tape.is_stored:
                return None
            return self._refuse(ProblemKind.READ_MISSING, method, args, kwargs, ReadMissing)
        self._keep(method, args, kwargs, outcome)
        return (
            Raised(copied_error(outcome.error, self.book.holds)) if isinstance(outcome, Raised) else outcome
        )
