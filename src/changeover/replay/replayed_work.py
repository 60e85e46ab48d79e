"""The work of a replayed path: its branches, its end, and what becomes of the work that it leaves behind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NoReturn

from changeover.errors import ReplayStopped
from changeover.record.loop_handlers import OwnLoopHandlers
from changeover.record.own_log import OwnLog
from changeover.record.replay_problems import QUEUE, ProblemKind, ReplayProblem, ReplayProblems
from changeover.record.tape import Entry, Tape
from changeover.record.work_branch import Branch, Running, current_branch, lane_of, names_of
from changeover.replay.concurrent_tape import ConcurrentPortTape
from changeover.replay.net import NetHold
from changeover.replay.own_signals import OwnSignals
from changeover.replay.port_tape import BranchName, PortTape

AnyPortTape = PortTape | ConcurrentPortTape
STILL_RUNNING = "still running after the answer"


class ReplayedWork:
    """What one replay of a tape has done and started.

    When the path has answered, the work that it left behind is still answered, until the replay is closed;
    what it asks for even later is refused, and told to `late`. `is_of_main_thread` says where the answering
    path ran, which alone may have handlers of signals.
    """

    def __init__(self, tape: Tape) -> None:
        self.calls: list[Entry] = []
        self.problems = ReplayProblems()
        for what in tape.handed_over:
            self.problems.add(ReplayProblem(ProblemKind.INEXACT, QUEUE, what, 0))
        self.log = OwnLog()
        self.branch = Branch()
        self.running = Running()
        self.late: Callable[[str, str], None] | None = None
        self.answered_at = 0.0
        self.is_of_main_thread = True
        self.collects_own = False  # whether what it makes is all that a young collection finds
        self.collection_asked: int | None = None  # of which generation
        self._tape = tape
        self._by_branch = tape.is_concurrent
        self._asked_at_once: dict[BranchName, tuple[str, int]] = {}
        self._lock = threading.RLock()
        self._closed = False
        self.net: NetHold | None = None

    @property
    def is_judged(self) -> bool:
        """Whether the run is over for whatever goes on."""
        return self._closed

    def note(self, kind: ProblemKind, place: str, detail: str) -> None:
        """A problem that is met after the calls so far."""
        self.problems.add(ReplayProblem(kind, place, detail, len(self.calls)))

    def hear(self, level: str, source: str, text: str) -> None:
        """Keep what the path logged."""
        self.log.add(level, source, text)

    def started(self, branch: Branch) -> None:
        """What is started belongs to this replay."""
        branch.held_by((self.running,))

    def answer(self, at: float) -> None:
        """The path has ended, at this moment; what it left behind goes on for a while."""
        if not self.running.answered:
            self.running.answered, self.answered_at = True, at

    @cached_property
    def loop_handlers(self) -> OwnLoopHandlers:
        """The readers and handlers of signals that the path gave to loops."""
        return OwnLoopHandlers(self._note_handler)

    @cached_property
    def signals(self) -> OwnSignals:
        """Alarms and handlers of the path, where it runs beside the main thread."""
        return OwnSignals(self.note, may_have_handlers=self.is_of_main_thread)

    def _note_handler(self, what: str) -> None:
        self.note(ProblemKind.LIMIT, "cannot be followed", what)

    def close(self, late: Callable[[str, str], None] | None = None) -> None:
        """Whatever the path left running gets nothing from now on, and ends when it asks for something."""
        with self._lock:
            self.late = late
            self._release_net()
            if self._closed:
                return
            self._closed = True
            if "loop_handlers" in vars(self):
                self._take_back_handlers()
            if "signals" in vars(self):
                self.signals.close()
            if not self.running.branches:
                return
            left = self.running.left()
            is_behind = self._tape.has_late and len(self.calls) < len(self._tape) - self._tape.supplements
            if left and (is_behind or any(branch.acted for branch in left)):
                self._note_left(left)
            elif left:
                self.note(ProblemKind.LEFT_RUNNING, STILL_RUNNING, names_of(left))

    def _release_net(self) -> None:
        """It hangs as long as anything that this replay has started may act."""
        net, running = self.net, self.running
        if net is None:
            return
        self.net = None
        if running.left():
            net.release_when(lambda: not running.left())
        else:
            net.release()

    def _take_back_handlers(self) -> None:
        self.loop_handlers.close()
        if self.loop_handlers.names:
            self._note_handler(self.loop_handlers.names)

    def close_loop(self) -> None:
        """Close before the loop of this replay ends and stops what is left, whatever that would have done."""
        left = self.running.left()
        self.close()
        if left and not self._tape.unfinished:
            self._note_left(left)

    def _note_left(self, left: Sequence[Branch]) -> None:
        self.note(ProblemKind.LIMIT, STILL_RUNNING, names_of(left))

    def _branch(self) -> BranchName:
        """Which work of the path asks; all of it is one where the recorded path did one thing at a time."""
        if not self._by_branch:
            return ()
        return tuple(step.name for step in lane_of(current_branch(), self.branch, {}))

    @property
    def made(self) -> Tape:
        """The calls of this replay so far."""
        tape = Tape(self.calls, root=self.branch)
        tape.before = {}
        return tape

    def _note_act(self, what: str) -> None:
        """Work asks for something: it is refused when the replay is closed."""
        if self._closed:
            self._refuse_late(what)
        if self.running.answered:
            branch = current_branch()
            if branch is not None:
                branch.acted = True

    @property
    def _goes_beyond_record(self) -> bool:
        """Whether nobody knows what the recorded path would have done, had its work been left to end."""
        return self.running.answered and bool(self._tape.unfinished)

    def _is_beyond_record(self) -> bool:
        """The same, and noted."""
        if not self._goes_beyond_record:
            return False
        self.note(ProblemKind.LIMIT, STILL_RUNNING, ", ".join(self._tape.unfinished))
        return True

    def _refuse_late(self, what: str) -> NoReturn:
        branch = current_branch()
        if self.late is not None:
            self.late(str(branch or self.branch), what)
        raise ReplayStopped(f"{what}: the replay is over")

    def _guessed(self, name: str, position: int) -> None:
        why = "other answers were as good"
        self.problems.add(ReplayProblem(ProblemKind.INEXACT, name, why, position))

    def _verify_branch(self, tape: AnyPortTape, place: Any, branch: BranchName) -> None:
        """A branch that does what another one did in the recording may have been given that one's answers."""
        if branch in self._asked_at_once and tape.crosses(place, branch):
            self._guessed(*self._asked_at_once.pop(branch))
