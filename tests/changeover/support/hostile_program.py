"""The hostile service, its worker, and the world around both: one deed at a time, and what it left where."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from changeover.evidence.store.records import StoredRun
from tests.changeover.support.outside_view import Outside, children_of, until
from tests.changeover.support.worker_project import WorkerProject

SOURCE = Path(__file__).with_name("hostile_service.py")
REPOSITORY = Path(__file__).parents[3]
CALM = "is calm"
DEADLINE_S = 3
ALONE_S = 4
_DEPTH = 2
PATIENCE_S = 90.0
_WORKER = ("--deadline", str(DEADLINE_S), "--memory", "200")
_ALONE = f'ulimit -c 0; ulimit -v 2500000; timeout -s KILL {ALONE_S} "$@"; true'


@dataclass(frozen=True, slots=True)
class Left:
    """What one deed left in the world and in the program, and the runs of it and of a calm call after it."""

    traces: dict[str, int]
    program: dict[str, tuple[str, str]]
    run: StoredRun | None = None
    next_run: StoredRun | None = None


class Hostile:
    """A service in a folder of its own; each of its processes is one of the system."""

    def __init__(self, root: Path) -> None:
        self.project = WorkerProject(root, source=SOURCE, seam="hostile.act")
        stub = root / "bin" / "true"
        stub.parent.mkdir()
        stub.write_text("#!/bin/sh\nsleep 0.3\n")  # the real one ends before it can be seen
        stub.chmod(0o755)
        self._above: int | None = None
        """What replays, or a deed alone, are processes below."""
        self.outside = Outside(root, self._below)
        self.service: subprocess.Popen[str] | None = None
        self.hello: dict[str, Any] = {}
        self._calls = 0

    @property
    def variables(self) -> dict[str, str]:
        root = self.project.root
        return {
            **{"PYTHONPATH": f"{REPOSITORY}{os.pathsep}{root}", "PYTHONHASHSEED": "0"},
            "PATH": f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}",
            **{"TMPDIR": str(root / "temporary"), "HOME": str(root)},
            **{"HOSTILE_PORT": str(self.outside.import_port), "HOSTILE_SHARED": str(root / "shared")},
        }

    def start(self) -> None:
        """Start the service, or another one in its place."""
        self.stop()
        self.service = subprocess.Popen(
            [sys.executable, SOURCE.name],
            cwd=self.project.root,
            env=self.project.environment(**self.variables),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.hello = self._answer()
        self.outside.program = self.hello["pid"]
        self.call(CALM)  # what the toolkit opens and starts in a program is there from now on

    def stop(self) -> None:
        if self.service is not None:
            self.service.kill()
            self.service.communicate()
            self.service = None

    def close(self) -> None:
        self.stop()
        self.outside.close()

    def _answer(self) -> Any:
        assert self.service is not None
        assert self.service.stdout is not None
        return json.loads(self.service.stdout.readline())

    def _ask(self, **asked: Any) -> Any:
        assert self.service is not None
        assert self.service.stdin is not None
        self.service.stdin.write(json.dumps(asked) + "\n")
        self.service.stdin.flush()
        return self._answer()["answer"]

    def view(self) -> dict[str, str]:
        """What the program sees of itself; so it is alive, and answers."""
        found: dict[str, str] = self._ask(look=True)
        return found

    @property
    def given(self) -> dict[str, Any]:
        return {**self.outside.given, "program": self.hello["pid"], "address": self.hello["address"]}

    def call(self, deed: str) -> None:
        """One call of the program, whose replay does the deed."""
        self._calls += 1
        assert self._ask(deed=deed, given=self.given) == {"answer": [1]}

    @contextmanager
    def worker(self, without: tuple[str, ...] = ()) -> Iterator[None]:
        """A worker that works, on a system that has not these levels of isolation."""
        worker = self.project.worker(*_WORKER, **self.variables, HOSTILE_WITHOUT=" ".join(without))
        self._above = worker.pid
        try:
            yield
        finally:
            self._above = None
            worker.send_signal(signal.SIGTERM)
            worker.communicate(timeout=120)

    def work(self, without: tuple[str, ...] = ()) -> dict[str, Any]:
        """What a worker says that has judged all there is."""
        return self.project.work(*_WORKER, **self.variables, HOSTILE_WITHOUT=" ".join(without))

    def replayed(self, deed: str) -> Left:
        """The deed in a replay of the worker that works."""
        before = self.view()
        self.outside.renew()
        self.call(deed)
        self.call(CALM)
        until(lambda: len(self.project.runs) >= self._calls, PATIENCE_S)
        traces, after = self.outside.traces(), self.view()
        found = {run.key: run for run in self.project.runs[self._calls - 2 :]}
        return Left(traces, _changed(before, after), found.get(deed), found.get(CALM))

    def alone(self, deed: str) -> Left:
        """The deed in a process with nothing around it: what it leaves shows that it would be seen."""
        before = self.view()
        self.outside.renew()
        words = [sys.executable, SOURCE.name, "alone", deed, json.dumps(self.given)]
        process = subprocess.Popen(
            ["/bin/sh", "-c", _ALONE, "sh", *words],
            cwd=self.project.root,
            env=self.project.environment(**self.variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._above = process.pid
        with suppress(subprocess.TimeoutExpired):  # a deed may stop or end who would end it
            process.wait(2 * ALONE_S)
        self._above = None
        traces, after = self.outside.traces(), self.view()
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return Left(traces, _changed(before, after))

    def _below(self) -> list[int]:
        """Processes that a deed has started, and those that became something else than Python."""
        above = [] if self._above is None else [self._above]
        for _ in range(_DEPTH):
            above = [child for pid in above for child in children_of(pid)]
        return [
            *(child for pid in above for child in children_of(pid)),
            *(pid for pid in above if _name_of(pid) == "sleep"),
        ]


def _changed(before: dict[str, str], after: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {name: (was, after[name]) for name, was in before.items() if after[name] != was}


def _name_of(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""
