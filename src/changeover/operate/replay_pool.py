"""The worker's side of its processes: warm ones, one for each kind of environment, watched while they replay.

A process of replays is replaced after some runs and after any that failed in it. One that hangs, takes too
much memory, crashes or is killed gives the reason; the next run has another process.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from select import POLLIN, poll
from time import monotonic
from typing import Any

from changeover.errors import ChangeoverError
from changeover.operate.messages import QUESTION, Message, packed, receive, receive_by, send, send_descriptor
from changeover.operate.replay_process import parameters
from changeover.project import Project
from changeover.quick_dataclass import dataclass
from changeover.settings import INLINE, MODE_VARIABLE, STORE_VARIABLE
from changeover.values.observation import Side

DEADLINE_S = 60.0
MEMORY_BYTES = 1024 * 1024 * 1024
RUNS_OF_A_PROCESS = 500
START_S = 120.0
ENVIRONMENTS_MAX = 4
WARM_MAX = 2
"""So many environments a thread keeps a process for; the others' are ended."""
_LOOK_S = 0.05
_FORGED = "something else than the answer of its process came from there"
_CONTROL_S = 10.0
"""A process that is asked to fork, and was stopped, gives no answer."""
_BACKSTOP = 2  # the kernel's own limit is so much wider: a path could catch what it raises

HandedOver = tuple[tuple[str, str | None], ...]
"""Variables that a process has as the recording one had them; None for one that is not set."""


class NoProcess(ChangeoverError):
    """No process of replays can be had: the program cannot be imported there, or the system gives none."""


class ReplayFailed(Exception):
    """A process could not finish a replay; says why."""


class ProcessGone(ReplayFailed):
    """The process had ended before it was asked: it is not this run that ended it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one replay may take, and how many of them a process makes."""

    deadline_s: float = DEADLINE_S
    memory_bytes: int = MEMORY_BYTES
    runs_of_a_process: int = RUNS_OF_A_PROCESS


class Nursery:
    """A process that has imported the program in one environment, and is forked; raises NoProcess."""

    def __init__(self, project: Project, handed_over: HandedOver, bounds: Bounds) -> None:
        self.users = 0
        self._lock = threading.Lock()
        ours, theirs = socket.socketpair()
        self._control = ours
        environment = {**os.environ, MODE_VARIABLE: INLINE, STORE_VARIABLE: "none"}
        for name, value in handed_over:
            environment.pop(name, None)
            if value is not None:
                environment[name] = value
        command = [sys.executable, "-m", "changeover.operate.replay_process", str(theirs.fileno())]
        try:
            self._process = subprocess.Popen(  # noqa: S603  this interpreter, and a module of the toolkit
                [*command, parameters(project, _BACKSTOP * bounds.memory_bytes)],
                env=environment,
                cwd=project.root,
                stdin=subprocess.DEVNULL,
                stdout=sys.stderr.fileno() if _has_descriptor(sys.stderr) else subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        except OSError as error:
            raise NoProcess(f"no process can be started: {error}") from error
        finally:
            theirs.close()
        ours.settimeout(START_S)
        try:
            said = receive(ours)
        except OSError as error:
            self.close()
            raise NoProcess(f"the program was not imported within {START_S:g} s: {error}") from error
        ours.settimeout(_CONTROL_S)
        if said is None or "problem" in said.head:
            self.close()
            why = "its process ended" if said is None else said.head["problem"]
            raise NoProcess(f"the program cannot be imported for replays: {why}")

    def fork(self) -> ReplayProcess:
        """A process that has replayed nothing yet; raises NoProcess."""
        ours, theirs = socket.socketpair()
        try:
            with self._lock:
                send_descriptor(self._control, {}, theirs.fileno())
                said = receive(self._control)
        except OSError as error:
            ours.close()
            raise NoProcess(f"no process can be forked: {error}") from error
        finally:
            theirs.close()
        if said is None:
            ours.close()
            raise NoProcess("no process can be forked: the one that is forked has ended")
        return ReplayProcess(self, ours, said.head["pid"])

    def status_of(self, pid: int) -> int | None:
        """How one of its processes ended that has ended or was killed; None where that is not known."""
        try:
            with self._lock:
                send(self._control, {"ended": pid})
                said = receive(self._control)
        except OSError:
            self._control.close()  # an answer that comes later would be taken for that to another question
            return None
        return None if said is None else said.head["status"]

    def close(self) -> None:
        """It ends, and what was forked from it."""
        self._control.close()
        with suppress(OSError):
            self._process.kill()
        self._process.wait()


class ReplayProcess:
    """One process of replays; used by one thread."""

    def __init__(self, nursery: Nursery, connection: socket.socket, pid: int) -> None:
        self.runs = 0
        self._is_counted = False
        self._nursery, self._connection, self._pid = nursery, connection, pid
        connection.setblocking(False)
        self._poll = poll()
        self._poll.register(connection.fileno(), POLLIN)
        self.isolation: tuple[str, ...] = ()
        try:
            hello = self._receive(monotonic() + START_S, None, "start")
        except ReplayFailed as error:
            raise NoProcess(f"a process of replays did not start: {error}") from error
        self.isolation = tuple(hello.head.get("isolation", ()))
        self._resident = _resident_bytes(pid) or 0
        nursery.users += 1
        self._is_counted = True

    def replay(self, side: Side, payload: bytes, bounds: Bounds) -> Message:
        """What it says of one path on the tape of one run; raises ReplayFailed, and the process is gone."""
        self.runs += 1
        deadline = f"the replay of {side} did not end within {bounds.deadline_s:g} s"
        said = self._asked({"side": str(side)}, payload, bounds, deadline)
        # What a replay wrote here itself, in the place of its process, is found in front of the next answer.
        try:
            self._asked({}, b"", bounds, f"the process of {side} did not go on after its replay")
        except ProcessGone as error:
            raise ReplayFailed(str(error)) from None
        return said

    def _asked(self, head: Mapping[str, Any], body: bytes, bounds: Bounds, deadline: str) -> Message:
        until, question = monotonic() + bounds.deadline_s, os.urandom(16).hex()
        self._connection.settimeout(bounds.deadline_s)
        try:
            self._connection.sendall(packed({**head, QUESTION: question}, body))
        except OSError:
            raise ProcessGone(self._end()) from None
        self._connection.setblocking(False)
        said = self._receive(until, self._resident + bounds.memory_bytes, deadline)
        if said.head.pop(QUESTION, None) != question:
            self._end()
            raise ReplayFailed(_FORGED)
        return said

    def _receive(self, until: float, resident_max: int | None, deadline: str) -> Message:
        def read(size: int) -> bytes:
            while True:
                if self._poll.poll(1000 * _LOOK_S):
                    with suppress(BlockingIOError, ConnectionResetError):
                        return os.read(self._connection.fileno(), size)
                if resident_max is not None and (_resident_bytes(self._pid) or 0) > resident_max:
                    self._end()
                    raise ReplayFailed("memory limit reached: its process took too much")
                if monotonic() > until:
                    self._end()
                    raise ReplayFailed(f"deadline: {deadline}")

        try:
            message = receive_by(read)
        except OSError as error:
            self._end()
            raise ReplayFailed(f"{_FORGED}: {error}") from error
        if message is None:
            raise ReplayFailed(self._end())
        return message

    def _end(self) -> str:
        """End it, if it has not ended, and say how it ended."""
        with suppress(OSError):
            if not self._has_gone():
                os.kill(self._pid, signal.SIGKILL)
        status = self._nursery.status_of(self._pid)
        self._let_go()
        if status is None:
            return "its process ended"
        if os.WIFSIGNALED(status):
            return f"its process was killed by {_signal_name(os.WTERMSIG(status))}"
        return f"its process ended by itself, with exit code {os.WEXITSTATUS(status)}"

    def _let_go(self) -> None:
        """Its nursery may be ended, if it has no other one."""
        if self._is_counted:
            self._is_counted = False
            self._nursery.users -= 1
        with suppress(OSError):
            self._connection.close()

    def _has_gone(self) -> bool:
        """A moment is given to what closed its connection: how it ends by itself is the reason."""
        until = monotonic() + 1.0
        while monotonic() < until:
            state = _state(self._pid)
            if state in (None, "Z"):
                return True
            if self._poll.poll(0) == []:
                return False  # it has not even closed it
            threading.Event().wait(0.005)
        return False

    def close(self) -> None:
        """It is needed no more."""
        with suppress(OSError):
            os.kill(self._pid, signal.SIGKILL)
        self._nursery.status_of(self._pid)
        self._let_go()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _resident_bytes(pid: int) -> int | None:
    with suppress(OSError, ValueError, IndexError):
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return None


def _state(pid: int) -> str | None:
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    return None


def _has_descriptor(stream: object) -> bool:
    try:
        stream.fileno()  # type: ignore[attr-defined]
    except (OSError, ValueError, AttributeError):
        return False
    return True


@dataclass
class Nurseries:
    """Those of one project, one for each environment; threads share them."""

    project: Project
    bounds: Bounds
    _made: dict[HandedOver, Nursery] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fork(self, handed_over: HandedOver) -> ReplayProcess:
        """A process that replayed nothing yet; raises NoProcess."""
        with self._lock:
            found = self._made.pop(handed_over, None)
            nursery = found or Nursery(self.project, handed_over, self.bounds)
            self._made[handed_over] = nursery
            while len(self._made) > ENVIRONMENTS_MAX:
                idle = next((key for key, one in self._made.items() if not one.users), None)
                if idle is None or idle == handed_over:
                    break
                self._made.pop(idle).close()
        try:
            return nursery.fork()
        except NoProcess:
            with self._lock:
                if self._made.get(handed_over) is nursery:
                    del self._made[handed_over]
            nursery.close()
            if found is None:
                raise
        return self.fork(handed_over)  # a replay may have ended the one that was there

    def close(self) -> None:
        """End them all."""
        with self._lock:
            for nursery in self._made.values():
                nursery.close()
            self._made.clear()


class ReplayPool:
    """The processes of one thread of the worker: a warm one for each environment."""

    def __init__(self, nurseries: Nurseries) -> None:
        self._nurseries = nurseries
        self._warm: dict[HandedOver, ReplayProcess] = {}

    def replay(
        self, handed_over: Mapping[str, str | None], side: Side, payload: bytes, *, fresh: bool = False
    ) -> tuple[Message, tuple[str, ...]]:
        """What one path left behind, and how its process was isolated.

        Args:
            handed_over: variables of the recording process.
            side: the path.
            payload: the recorded run.
            fresh: in a process that has replayed nothing before.

        Raises:
            ReplayFailed: the replay did not end by itself; says why.
            NoProcess: there is no process that could replay.
        """
        key, bounds = tuple(sorted(handed_over.items())), self._nurseries.bounds
        process = self._warm.pop(key, None)
        if fresh and process is not None and process.runs:
            self._warm[key], process = process, None
        try:
            process = process or self._nurseries.fork(key)
            said = process.replay(side, payload, bounds)
        except ProcessGone:
            process = self._nurseries.fork(key)
            said = process.replay(side, payload, bounds)
        is_spoilt = "failed" in said.head or said.head.get("goes_on") is True
        if is_spoilt or process.runs >= bounds.runs_of_a_process or key in self._warm:
            process.close()
        else:
            self._warm[key] = process
        while len(self._warm) > WARM_MAX:
            self._warm.pop(next(iter(self._warm))).close()
        return said, process.isolation

    def close(self) -> None:
        """End what is warm."""
        for process in self._warm.values():
            process.close()
        self._warm.clear()
