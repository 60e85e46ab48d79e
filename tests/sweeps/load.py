"""A service under load, with the toolkit in the mode `worker` and without it, one after the other.

uvicorn with two processes is offered so many requests a second, each a recorded call; `changeover worker`
replays beside it at nice 19, or with `--no-worker` nobody does. The service without the toolkit is measured
before and after each: the noise of the machine and of the generator stands beside the figures. What was
recorded is held against what was answered, exactly.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from changeover.evidence.worker_watch import pulses, watch
from tests.changeover.support.load_generator import LoadFigures
from tests.changeover.support.outside_view import children_of, until
from tests.changeover.support.worker_project import WorkerProject

SUPPORT = Path(__file__).parents[1] / "changeover" / "support"
RATIO_MAX = 1.10
GROWTH_MB_MAX = 8.0
"""What the service may take more at the end than after the first seconds: 1 kB a run would be 60 MB."""
SETTLED_S = 3.0
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Load:
    """What is offered, for how long; of the first `warm` seconds no time is taken."""

    rate: float
    seconds: float
    warm: float
    connections: int
    wait_ms: float
    is_replayed: bool = True


@dataclass(frozen=True, slots=True)
class Measured:
    """One service under load: times, memory at start and end, and what became of its runs."""

    figures: LoadFigures
    memory_mb: tuple[float, float]
    cpu_us: float
    """Processor time of the service for each request: what does not depend on who else uses the machine."""
    recorded: int = 0
    replayed: int = 0
    waiting: int = 0
    dropped: int = 0

    def problems(self, *, is_bare: bool) -> list[str]:
        """What must not be, whatever the times are."""
        found = [f"{self.figures.errors} requests went wrong"] if self.figures.errors else []
        before, after = self.memory_mb
        if after - before > GROWTH_MB_MAX:
            found.append(f"memory grew from {before:.1f} to {after:.1f} MB")
        told = self.replayed + self.waiting + self.dropped
        if not is_bare and not self.figures.answered == self.recorded == told:
            found.append(f"answered {self.figures.answered}, recorded {self.recorded}, told of {told}")
        return found


def measure(load: Load, *, is_bare: bool) -> Measured:
    """Offer the load to a service of its own, in a folder of its own."""
    with TemporaryDirectory() as folder:
        project = WorkerProject(Path(folder), source=SUPPORT / "load_service.py", seam="load.refill")
        variables = {"PYTHONHASHSEED": "0", "LOAD_WAIT_MS": str(load.wait_ms)}
        port = _free_port()
        service = _started(project, port, {**variables, **({"LOAD_BARE": "1"} if is_bare else {})})
        worker = _worker(project, variables) if load.is_replayed and not is_bare else None
        try:
            began = _cpu_s(service.pid)
            before, figures, after = _offered(load, port, service.pid)
            cpu_us = 1e6 * (_cpu_s(service.pid) - began) / max(figures.answered, 1)
        finally:
            for process in (worker, service):  # which a worker that is left clears away
                if process is not None:
                    process.send_signal(signal.SIGTERM)
                    process.wait(PATIENCE_S)
        if is_bare:
            return Measured(figures, (before, after), cpu_us)
        seen = watch(project.recorded)
        replayed = sum(pulse.replayed for pulse in pulses(project.recorded))
        return Measured(
            figures,
            (before, after),
            cpu_us,
            recorded=_offered_runs(project.recorded),
            replayed=replayed,
            waiting=seen.waiting or 0,
            dropped=seen.dropped,
        )


def _offered(load: Load, port: int, service: int) -> tuple[float, LoadFigures, float]:
    """The memory of the service after the first seconds, the figures, and the memory at the end."""
    generator = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.changeover.support.load_generator"),
            *(str(one) for one in (port, load.rate, load.seconds, load.warm, load.connections)),
        ],
        cwd=SUPPORT.parents[2],
        stdout=subprocess.PIPE,
        text=True,
    )
    time.sleep(min(load.seconds / 2, load.warm + SETTLED_S))
    before = _memory_mb(service)
    said, _ = generator.communicate()
    return before, LoadFigures(**json.loads(said)), _memory_mb(service)


def _started(project: WorkerProject, port: int, variables: dict[str, str]) -> subprocess.Popen[bytes]:
    service = subprocess.Popen(
        [
            *(sys.executable, "-m", "uvicorn", "load_service:app", "--workers", "2", "--port", str(port)),
            *("--no-access-log", "--log-level", "warning", "--http", "h11", "--loop", "asyncio"),
        ],
        cwd=project.root,
        env=project.environment(**variables),
    )
    if not until(lambda: _answers(port), PATIENCE_S):
        service.kill()
        raise TimeoutError(f"the service did not answer at port {port} within {PATIENCE_S:g} s")
    return service


def _worker(project: WorkerProject, variables: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        ["nice", "-n", "19", sys.executable, "-m", "changeover", "worker"],
        cwd=project.root,
        env=project.environment(**variables),
        stdout=subprocess.DEVNULL,
    )


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _offered_runs(folder: Path) -> int:
    """What the processes of the service say that they offered, by their own count."""
    from changeover.spool.counts import read_counts
    from changeover.spool.names import COUNTS

    return sum(
        read_counts(folder, path.name.removesuffix(f".{COUNTS}")).offered
        for path in folder.glob(f"*.{COUNTS}")
    )


def _memory_mb(pid: int) -> float:
    """Of the processes that serve, together; what they share is counted in parts."""
    total = 0
    for child in children_of(pid):
        with suppress(OSError):
            lines = Path(f"/proc/{child}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def _cpu_s(pid: int) -> float:
    """Of the processes that serve, since they began."""
    ticks = 0
    for child in children_of(pid):
        with suppress(OSError):
            ticks += sum(map(int, Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _row(name: str, found: Measured, ratio: str, *, is_bare: bool) -> str:
    figures, (before, after) = found.figures, found.memory_mb
    runs = (
        "" if is_bare else f"{found.recorded:,} = {found.replayed:,} + {found.waiting:,} + {found.dropped:,}"
    )
    times = f"{figures.p50:.2f} | {figures.p99:.2f} | {ratio} | {figures.late_p99:.2f} | {found.cpu_us:.0f}"
    return f"| {name} | {figures.answered:,} | {times} | {before:.1f}, {after:.1f} | {runs} |"


def main(arguments: Sequence[str]) -> int:
    """Print a row for each service; 1 where something is wrong, or the toolkit is felt."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps load", description=__doc__)
    options.add_argument("--rate", type=float, default=1000.0, help="requests a second")
    options.add_argument("--seconds", type=float, default=60.0, help="of each service")
    options.add_argument("--warm", type=float, default=5.0, help="seconds whose times are not taken")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--connections", type=int, default=32)
    options.add_argument("--wait-ms", type=float, default=2.0, help="what a request waits for")
    options.add_argument("--no-worker", action="store_true", help="record alone: a worker is elsewhere")
    options.add_argument("--no-times", action="store_true", help="whether it is felt decides nothing")
    chosen = options.parse_args(arguments)
    if find_spec("uvicorn") is None:
        print("uvicorn is not installed: pip install 'changeover[sweeps]'", file=sys.stderr)
        return 2
    load = Load(
        chosen.rate,
        chosen.seconds,
        chosen.warm,
        chosen.connections,
        chosen.wait_ms,
        is_replayed=not chosen.no_worker,
    )
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; {load}")
    heads = (
        "service",
        "answered",
        "p50 ms",
        "p99 ms",
        "p99, x the one before",
        "generator late, p99 ms",
        "CPU µs",
    )
    print("| " + " | ".join((*heads, "memory MB", "runs: recorded = replayed + waiting + dropped")) + " |")
    print("|---" * (len(heads) + 2) + "|", flush=True)
    ratios, noise = _rounds(load, chosen.rounds)
    problems = [*ratios.problems]
    ratio, own = statistics.median(ratios.values), statistics.median(noise)
    print(f"\np99 with it: {ratio:.3f} x, by round {_listed(ratios.values)}")
    print(f"without it, against itself: {own:.3f} x, by round {_listed(noise)}")
    if ratio > RATIO_MAX and not chosen.no_times:
        problems.append(f"p99 is {ratio:.3f} times what it is without, allowed: {RATIO_MAX:g}")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


@dataclass
class _Ratios:
    values: list[float]
    problems: list[str]


def _rounds(load: Load, rounds: int) -> tuple[_Ratios, list[float]]:
    """The ratios of each round, and those of the service without the toolkit against itself."""
    ratios, noise = _Ratios([], []), []

    def one(name: str, before: Measured | None, *, is_bare: bool) -> Measured:
        found = measure(load, is_bare=is_bare)
        ratio = "" if before is None else f"{found.figures.p99 / before.figures.p99:.3f}"
        print(_row(name, found, ratio, is_bare=is_bare), flush=True)
        ratios.problems += [f"{name}: {problem}" for problem in found.problems(is_bare=is_bare)]
        return found

    bare = one("without", None, is_bare=True)
    for number in range(1, rounds + 1):
        recorded = one(f"recorded {number}", bare, is_bare=False)
        again = one("without", bare, is_bare=True)
        noise.append(again.figures.p99 / bare.figures.p99)
        ratios.values.append(2 * recorded.figures.p99 / (bare.figures.p99 + again.figures.p99))
        bare = again
    return ratios, noise


def _listed(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in values)
