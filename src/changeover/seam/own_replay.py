"""The answering path, replayed like the other one: what it is refused too is no difference of the code."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from changeover.record.replay_problems import ProblemKind, ReplayProblem, ReplayProblems
from changeover.replay.net import NET
from changeover.replay.runner import Pending, Replayed, ReplayTask
from changeover.seam.recording import Recording
from changeover.values.observation import Outcome, Raised

FILE_IS_GONE = (
    "{} is not there any more: the answering path has moved or removed it past every port; give the files "
    "that a path changes a port"
)
_TEMPORARY = r"(?<![a-z0-9_])tmp[a-z0-9_]{8}(?![a-z0-9_])"
_MADE_ANEW = re.compile(_TEMPORARY + r"|[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")


class OwnReplay:
    """That of one run, done where something of the other path's replay has to be held against it.

    `apart` and `inside_loop` are as in `Recording.task`.
    """

    def __init__(
        self,
        recording: Recording,
        replay: Callable[[ReplayTask], Coroutine[Any, Any, Pending]],
        *,
        apart: bool,
        inside_loop: bool,
    ) -> None:
        self._recording, self._replay = recording, replay
        self._apart, self._inside_loop = apart, inside_loop

    async def done(self, *, with_view: bool = False) -> Replayed | None:
        """What the answering path does in a replay; None where it has no path of its own."""
        recording = self._recording
        path = recording.call.seam.paths.get(recording.answering)
        if path is None:
            return None
        task = recording.task(apart=self._apart, inside_loop=self._inside_loop)
        path = recording.call.seam.bound.beside(recording.answering, path, task.book)
        owner = () if task.is_bound else task.owner
        view = recording.view(recording.answering) if with_view else None
        task = replace(task, path=path, is_bound=False, owner=owner)
        task = replace(task, side=recording.answering, view=view, loop_goes_on=False)
        return (await self._replay(task)).closed()

    async def file_that_is_gone(self, other: Replayed) -> str | None:
        """The file for want of which the other path ended, and which the answering path misses as well.

        That path has moved or removed it past every port.
        """
        found = missing_file(other.observation.outcome)
        if found is None or missing_file(self._recording.observation().outcome) == found:
            return None
        alone = await self.done()
        is_gone = alone is not None and missing_file(alone.observation.outcome) == found
        return found if is_gone else None

    async def without_what_it_is_refused(self, problems: ReplayProblems) -> ReplayProblems:
        """What was refused is no difference where the answering path would be refused the same.

        A pool may have had an idle connection for that path and none for this one.
        """
        alone = await self.done()
        if alone is None:
            return problems
        return refused_to_both(self._recording.call.seam.name, problems, alone.problems)


def refused_to_both(seam: str, problems: ReplayProblems, alone: ReplayProblems) -> ReplayProblems:
    """Problems of one path of a seam, where what the other one is refused alike is no difference."""
    refused = {_what(one) for one in alone.all if is_refused(one)}
    both = f"both paths of {seam} reach for it past every port"
    kept = [
        replace(one, kind=ProblemKind.UNDECLARED_CALL, detail=_with(one, both))
        if is_refused(one) and _what(one) in refused
        else one
        for one in problems.all
    ]
    return ReplayProblems(kept, problems.left_out)


def missing_file(outcome: Outcome) -> str | None:
    """The file that was not found, where that ended the path."""
    error = outcome.error if isinstance(outcome, Raised) else None
    if not isinstance(error, FileNotFoundError) or error.filename is None:
        return None
    return str(error.filename)


def is_refused(problem: ReplayProblem) -> bool:
    """Whether the path reached for the world past every port."""
    return problem.kind is ProblemKind.UNDECLARED_EFFECT


def _what(problem: ReplayProblem) -> tuple[str, str]:
    """What was refused; names that are made anew each time (of temporary files, of UUIDs) left out.

    Of what is sent nobody knows whether two clients do the same.
    """
    if problem.place.startswith(NET):
        return NET, ""
    return problem.place, _MADE_ANEW.sub("*", problem.detail or "")


def _with(problem: ReplayProblem, both: str) -> str:
    """What was refused, and the way out, which the net has said already."""
    way = "" if problem.place.startswith(NET) else ": declare what opens it"
    files = (
        ', or name its folder in migration.use("files", folders=[...])' if problem.place in _OF_FILES else ""
    )
    return f"{problem.detail}: {both}{way}{files}"


_OF_FILES = frozenset({"open", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate"})
