"""Where runs are replayed that this process does not replay itself: in forked children, or on a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from changeover.evidence.child_processes import ChildProcesses, Work, holds_a_connection, why_not_forked
from changeover.evidence.sent_runs import Given, SentRuns
from changeover.quick_dataclass import dataclass
from changeover.seam.recording import Recording

ASYNC = "they run in an event loop"
GO_ON = "work that they left behind goes on"
HAVE_COPIES = "they have copies of ports"


class ReplayPlace(Protocol):
    """One such place, for the runs of one comparison; none of its methods raises for what a path does."""

    @property
    def most(self) -> int:
        """So many replays may go on there at once."""

    @property
    def is_a_fork(self) -> bool:
        """Whether a replay there meets the program as it is here when it is sent."""

    def why_not(self) -> str | None:
        """Why nothing can be sent there now, None where it can."""

    def refuses(self, sent: SentRuns) -> str | None:
        """Why these runs cannot be replayed there, None where they can; asked when they have answered."""

    def start(self, sent: Sequence[SentRuns], work: Work, *, trial: bool = False) -> Given | None:
        """Let these runs be replayed; None where nobody takes them.

        Args:
            sent: runs that it does not refuse.
            work: the same as a function, for a process that has all that this one has in memory.
            trial: whether what they show is wanted, and not their records.
        """

    def finish(self, given: Given) -> None:
        """Wait until it is over."""

    def poll(self) -> None:
        """Take what has come, without waiting."""


class Cluster(Protocol):
    """Processes on any machines; what travels there and back is bytes."""

    @property
    def most(self) -> int:
        """So many replays may go on there at once."""

    def why_not(self) -> str | None:
        """Why nothing can be sent there now, None where it can."""

    def begin(self, comparison: Mapping[str, Any]) -> None:
        """From now on replays are those of this comparison.

        Raises ConfigurationError where a process there has other code, files or settings than this one.
        """

    def start(self, share: Mapping[str, Any], body: bytes) -> Given | None:
        """Let somebody there do a share of the replays."""

    def finish(self, given: Given) -> None:
        """Wait until it is over."""

    def poll(self) -> None:
        """Take what has come, without waiting."""

    def end(self) -> None:
        """The comparison is over: nothing of it goes on there."""


@contextmanager
def ended(cluster: Cluster | None) -> Iterator[None]:
    """Nothing of a comparison goes on there when the block is left, however that is."""
    try:
        yield
    finally:
        if cluster is not None:
            cluster.end()


@dataclass(frozen=True, slots=True)
class Forked:
    """Children of this process replay."""

    processes: ChildProcesses
    is_a_fork = True

    @property
    def most(self) -> int:
        """So many children at once."""
        return self.processes.most

    def why_not(self) -> str | None:
        """Why no child can be forked now."""
        return why_not_forked()

    def finish(self, given: Given) -> None:
        """Wait until it is over."""
        self.processes.finish(given)


@dataclass(frozen=True, slots=True)
class OnCluster:
    """The processes of a cluster replay."""

    cluster: Cluster
    is_a_fork = False

    @property
    def most(self) -> int:
        """So many replays at once."""
        return self.cluster.most

    def why_not(self) -> str | None:
        """Why nobody there takes anything now."""
        return self.cluster.why_not()

    def finish(self, given: Given) -> None:
        """Wait until it is over."""
        self.cluster.finish(given)


@dataclass(frozen=True, slots=True)
class ForkedPlace(Forked):
    """Children of this process, for the runs of a comparison."""

    def refuses(self, sent: SentRuns) -> str | None:
        """Why a child cannot replay them."""
        reason = why_not_forked()
        if reason is not None:
            return reason
        due = sent.due
        if due[0].runtime.book.asks_for_real and holds_a_connection():
            return "a port of theirs is asked for real (fixed), and a connection is open"
        return why_not_sent(due)

    def start(self, sent: Sequence[SentRuns], work: Work, *, trial: bool = False) -> Given | None:
        """Fork a child."""
        return self.processes.start(work)

    def poll(self) -> None:
        """Take what the children have sent."""
        self.processes.poll()


def why_not_sent(due: Sequence[Recording]) -> str | None:
    """Why these runs can be replayed in no other process."""
    if any(one.copies_act for one in due):
        return HAVE_COPIES
    if any(one.recorder.running.left() for one in due):
        return GO_ON
    return None
