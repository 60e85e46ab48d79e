"""Check commands of phases.toml: run without a shell, in the environment of the gate, with a time limit."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Thread
from time import monotonic

from changeover.quick_dataclass import dataclass
from changeover.values.gate_verdict import EXIT_CODES, Answer

TAIL_LINES = 20
TOLD_EVERY_S = 10.0
LINE_CHARACTERS_MAX = 400
TAIL_BYTES_MAX = 64 * 1024
READ_AFTER_DEATH_S = 5.0
_CHUNK = 16 * 1024
_OF_SHELLS = frozenset(";&|<>")
_ANSWERS = {code: answer for answer, code in EXIT_CODES.items()}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one command ended; `tail` are the last lines of both its streams."""

    command: str
    answer: Answer
    found: str
    tail: tuple[str, ...] = ()
    seconds: float = 0.0


def run_check(
    command: str,
    root: Path,
    timeout_s: float,
    environment: Mapping[str, str] | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> CheckResult:
    """Run one command in the project's root; never raises for what the command does.

    Exit 0 is pass, 3 is inconclusive, any other is fail. A missing command is inconclusive, and so is one
    that takes longer than `timeout_s`: its whole process group is killed. `told` hears now and then how long
    it has taken.
    """
    try:
        argv = _argv(command)
    except ValueError as error:
        return CheckResult(command, Answer.INCONCLUSIVE, f"is no command line: {error}")
    began = monotonic()
    try:
        process = subprocess.Popen(  # noqa: S603  the plan's own commands, and no shell
            argv,
            cwd=root,
            env=_environment(os.environ if environment is None else environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        detail = f"{argv[0]}: {getattr(error, 'strerror', None) or error}"
        return CheckResult(command, Answer.INCONCLUSIVE, f"could not be started: {detail}")
    tail = _Tail(process)
    try:
        code = _waited_for(process, timeout_s, lambda seconds: told(_time_taken(seconds, timeout_s)))
    except subprocess.TimeoutExpired:
        _kill_group(process)
        lines = tail.lines()
        detail = f"took longer than {timeout_s:g} s and was killed"
        return CheckResult(command, Answer.INCONCLUSIVE, detail, lines, monotonic() - began)
    except BaseException:
        _kill_group(process)
        raise
    lines = tail.lines()
    found = f"exit {code}" if code >= 0 else f"killed by {_signal_name(-code)}"
    return CheckResult(command, _ANSWERS.get(code, Answer.FAIL), found, lines, monotonic() - began)


def _waited_for(process: subprocess.Popen[bytes], timeout_s: float, told: Callable[[float], None]) -> int:
    """Its exit code; raises TimeoutExpired after `timeout_s`."""
    began = monotonic()
    while True:
        left = timeout_s - (monotonic() - began)
        try:
            return process.wait(max(0.0, min(TOLD_EVERY_S, left)))
        except subprocess.TimeoutExpired:
            if left <= TOLD_EVERY_S:
                raise
            told(monotonic() - began)


def _time_taken(seconds: float, most: float) -> str:
    return f"still running, {seconds:.0f} s of at most {most:g} s"


def _argv(command: str) -> list[str]:
    """The words of a command; those that mean this toolkit and this interpreter are pinned to them."""
    argv = shlex.split(command)
    if not argv:
        raise ValueError("it is empty")
    shell = next((word for word in _split_as_a_shell(command) if not set(word) - _OF_SHELLS), None)
    if shell is not None:
        raise ValueError(f"it has {shell}, and no shell reads it; give each command a line of its own")
    if argv[0] == "changeover":
        return [sys.executable, "-m", "changeover", *argv[1:]]
    if argv[0] in ("python", "python3"):
        return [sys.executable, *argv[1:]]
    beside = Path(sys.executable).parent / argv[0]
    # The program is looked up in the PATH of this process, not in the one that is handed on.
    return [str(beside), *argv[1:]] if os.sep not in argv[0] and beside.is_file() else argv


def _split_as_a_shell(command: str) -> list[str]:
    """Without a shell `a && false` would be one command with more arguments, and exit 0."""
    words = shlex.shlex(command, posix=True, punctuation_chars="".join(sorted(_OF_SHELLS)))
    words.commenters = ""
    return [word for word in words if word]


def _environment(environment: Mapping[str, str]) -> dict[str, str]:
    beside = str(Path(sys.executable).parent)
    path = environment.get("PATH")
    return {**environment, "PATH": beside if not path else f"{beside}{os.pathsep}{path}"}


class _Tail:
    """Reads a process's output to its end and keeps the last of it, so that no pipe fills up."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._kept = b""
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        stream = self._process.stdout
        if stream is None:
            return
        with suppress(OSError, ValueError):
            while chunk := os.read(stream.fileno(), _CHUNK):
                self._kept = (self._kept + chunk)[-TAIL_BYTES_MAX:]

    def lines(self) -> tuple[str, ...]:
        """The last lines; a child that lives on with the pipe open is not waited for."""
        self._thread.join(READ_AFTER_DEATH_S)
        if not self._thread.is_alive() and self._process.stdout is not None:
            self._process.stdout.close()
        lines = [line for line in self._kept.decode("utf-8", "replace").splitlines() if line.strip()]
        return tuple(line[:LINE_CHARACTERS_MAX] for line in lines[-TAIL_LINES:])


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
