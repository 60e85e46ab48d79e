"""Schedules shared out to processes; what each shows comes back in the order in which they were given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from changeover.errors import ChangeoverError
from changeover.evidence.child_processes import Child, ChildProcesses, why_not_forked
from changeover.explore.trial import Replays, Trial, received
from changeover.replay.scheduler import Decides

SHARE = 100
"""So many schedules a process is given at once: each begins with what this one has in memory."""


class ShareLost(ChangeoverError):
    """A process that replayed ended without a word."""


def in_shares(decisions: Sequence[Decides], replays: Replays, jobs: int) -> Iterator[tuple[Trial, int]]:
    """Each trial with how many turns it had; in this process alone for one job, or where it cannot fork."""
    if jobs == 1 or len(decisions) < SHARE or why_not_forked() is not None:
        for decides in decisions:
            trial, taken = replays.trial(decides)
            yield trial, len(taken)
        return
    shares = [decisions[start : start + SHARE] for start in range(0, len(decisions), SHARE)]
    with ChildProcesses(jobs) as processes:
        waiting: list[tuple[Sequence[Decides], Child | None]] = []
        for share in shares:
            waiting.append((share, processes.start(partial(_trials, share, replays))))
            while len(waiting) > 2 * jobs:
                yield from _ended(*waiting.pop(0), processes, replays)
        while waiting:
            yield from _ended(*waiting.pop(0), processes, replays)


def _trials(share: Sequence[Decides], replays: Replays) -> Iterator[Any]:
    """In the child."""
    for decides in share:
        trial, taken = replays.trial(decides)
        yield [trial.sent(), len(taken)]


def _ended(
    share: Sequence[Decides], child: Child | None, processes: ChildProcesses, replays: Replays
) -> Iterator[tuple[Trial, int]]:
    if child is None:  # the system gave no process
        for decides in share:
            trial, taken = replays.trial(decides)
            yield trial, len(taken)
        return
    processes.finish(child)
    if not child.is_complete:
        raise ShareLost(f"a process that replayed schedules is lost: {child.ended}")
    for sent, turns in child.parts:
        yield received(sent), turns
