"""Programs that record, workers that die, a database that goes away: `python -m tests.sweeps fleet`.

Each recorder and each worker is a machine: a folder with flags, spools and state of its own. They share one
database, which the sweep makes and drops. Every few seconds a worker is killed (SIGKILL); once, in the
middle, the server is restarted (`--restart`), or every connection to the database is cut. Half of the
recorders are killed at the end. Then every run must have been judged once, as it must be; a trigger of the
database counts what is written of each run. At last the commands must answer from a file what they answer
from the database.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from cryptography.fernet import Fernet

from changeover.evidence.store.fleet import Fleet, FleetCounts
from changeover.evidence.store.maintenance import Checked, check_store
from changeover.evidence.store.place import Database, StoreProblem, store_path
from changeover.evidence.worker_watch import pulse_of_this_process, write_pulse
from tests.changeover.support.counted_runs import runs_in
from tests.changeover.support.stores import SERVER
from tests.changeover.support.worker_project import SECRET, WorkerProject
from tests.changeover.support.written_rows import TIMES_AND_RUNS, WATCHED
from trading.screens.progress import show_progress

VERDICTS = {"usual": "match", "dear": "diverged", "whole": "unsafe"}
ITEMS = ("usual",) * 96 + ("dear",) * 2 + ("whole",) * 2
BURST = 25
ASKED = (
    ("status", "--format", "json"),
    ("explain", "--format", "json"),
    ("gate", "orders", "--no-checks", "--format", "json"),
    ("report", "--format", "json"),
)
RESTART = "pg_ctlcluster --skip-systemctl-redirect $(ls /etc/postgresql | head -1) main restart -m fast"


@dataclass(frozen=True)
class Wanted:
    """How much of it: `spread_s` is how long the recorders take, `kill_every_s` lie between two kills."""

    runs: int = 20_000
    recorders: int = 8
    workers: int = 4
    seed: int = 1
    spread_s: float = 60.0
    kill_every_s: float = 5.0
    is_restarted: bool = False


@dataclass
class Told:
    """What was done, and what came of it; `wrong` is empty where all is as it must be."""

    seconds: float = 0.0
    killed: int = 0
    cut: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    counts: FleetCounts | None = None
    wrong: list[str] = field(default_factory=list)


class Machines:
    """The folders, the database, and the processes that live at this moment."""

    def __init__(self, root: Path, address: str, wanted: Wanted) -> None:
        self.wanted = wanted
        self.random = random.Random(wanted.seed)  # noqa: S311  (what is tried is no secret)
        self.variables = {
            "CHANGEOVER_STORE": address,
            "CHANGEOVER_SPOOL_KEY": Fernet.generate_key().decode(),
            "PYTHONHASHSEED": "0",
        }
        place = store_path(root, {"CHANGEOVER_STORE": address})
        assert isinstance(place, Database)
        self.place = place
        self.recorders = [self._machine(root / f"recorder-{n}") for n in range(wanted.recorders)]
        self.elsewhere = [self._machine(root / f"worker-{n}") for n in range(wanted.workers)]
        self.workers: dict[int, subprocess.Popen[bytes]] = {}
        self.answered: Counter[str] = Counter()

    def _machine(self, folder: Path) -> WorkerProject:
        folder.mkdir()
        return WorkerProject(folder)

    def work(self, number: int) -> None:
        """Begin a worker on this machine, in the place of the one before."""
        machine = self.elsewhere[number]
        with (machine.root / "worker.log").open("ab") as log:
            self.workers[number] = subprocess.Popen(
                [sys.executable, "-m", "changeover", "worker"],
                cwd=machine.root,
                env=machine.environment(**self.variables),
                stdout=log,
                stderr=log,
            )

    def kill_one(self) -> None:
        """SIGKILL, and a new one."""
        number = self.random.choice(sorted(self.workers))
        self.workers[number].kill()
        self.workers[number].wait()
        self.work(number)

    def record(self, number: int) -> None:
        """All calls of one recorder, which is killed or ends."""
        drawn = random.Random(f"{self.wanted.seed} {number}")  # noqa: S311  (what is called is no secret)
        calls = self.wanted.runs // self.wanted.recorders
        calls += number < self.wanted.runs % self.wanted.recorders
        pause_s = self.wanted.spread_s * BURST / max(calls, 1)
        with self.recorders[number].service(**self.variables) as service:
            for call in range(calls):
                item = drawn.choice(ITEMS)
                service.call(item, drawn.randint(4, 400), SECRET if drawn.random() < 0.2 else "")
                self.answered[item] += 1
                if call % BURST == BURST - 1:
                    time.sleep(2 * pause_s * drawn.random())
            if number % 2 == 1:
                service.kill()
        self.ask(self.recorders[number], "status")  # what a program that was killed left behind is shipped

    @property
    def counts(self) -> FleetCounts | None:
        """None while the database is away."""
        with suppress(StoreProblem):
            return Fleet(self.place).look().counts
        return None

    def ask(self, machine: WorkerProject, *arguments: str, store: str | None = None) -> str:
        """What a command prints on this machine."""
        variables = self.variables | ({} if store is None else {"CHANGEOVER_STORE": store})
        done = subprocess.run(
            [sys.executable, "-m", "changeover", *arguments],
            cwd=machine.root,
            env=machine.environment(**variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        if done.returncode not in (0, 1, 3):
            raise AssertionError(f"{arguments}: ended with {done.returncode}: {done.stderr[-2_000:]}")
        return done.stdout


def sweep(wanted: Wanted, progress: bool = True) -> Told:
    """Try it once; a database is made for it, and dropped."""
    told = Told()
    with tempfile.TemporaryDirectory(prefix="fleet-") as scratch, own_database() as address:
        machines = Machines(Path(scratch), address, wanted)
        began = time.monotonic()
        machines.ask(machines.recorders[0], "status")  # makes the tables
        with closing(psycopg.connect(address, autocommit=True)) as connection:
            connection.execute(WATCHED.format(machines.place.schema).encode())
        try:
            _run(machines, told, progress=progress)
        finally:
            for worker in machines.workers.values():
                worker.kill()
                worker.wait()
        told.seconds = time.monotonic() - began
        told.wrong += _judged_wrong(machines, told, address)
        told.wrong += _answered_otherwise(machines, Path(scratch))
    return told


def _run(machines: Machines, told: Told, *, progress: bool) -> None:
    for number in range(machines.wanted.workers):
        machines.work(number)
    with ThreadPoolExecutor(machines.wanted.recorders) as recorders:
        recording = [recorders.submit(machines.record, n) for n in range(machines.wanted.recorders)]
        steps = _until_replayed(machines, told)
        if progress:
            show_progress(steps, machines.wanted.runs, label=lambda replayed: f"{replayed:,} replayed")
        else:
            for _ in steps:
                pass
        for one in recording:
            one.result()


def _until_replayed(machines: Machines, told: Told) -> Iterator[int]:
    """One number for each run that was replayed, while workers die, and the database goes away once."""
    wanted, replayed, counts = machines.wanted, 0, None
    next_kill = time.monotonic() + wanted.kill_every_s
    silent_since = time.monotonic()
    while replayed < wanted.runs:
        time.sleep(0.2)
        counts = machines.counts or counts
        now = replayed if counts is None else max(replayed, counts.replayed + counts.dropped)
        if now > replayed:
            silent_since = time.monotonic()
        elif time.monotonic() - silent_since > 180:
            told.wrong.append(f"nothing was replayed for three minutes: {counts}")
            return
        yield from range(replayed, now)
        replayed = now
        if time.monotonic() >= next_kill and replayed < wanted.runs:
            machines.kill_one()
            told.killed += 1
            next_kill = time.monotonic() + wanted.kill_every_s * (0.5 + machines.random.random())
        if replayed >= wanted.runs // 2 and not told.cut:
            told.cut += 1
            _cut(machines.place, is_restarted=wanted.is_restarted)


def _cut(place: Database, *, is_restarted: bool) -> None:
    if is_restarted:
        subprocess.run(RESTART, shell=True, check=True)  # noqa: S602  our own words
        return
    with closing(psycopg.connect(place.address, autocommit=True)) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid != pg_backend_pid()"
        )


def _judged_wrong(machines: Machines, told: Told, address: str) -> Iterator[str]:
    runs = runs_in(machines.place)
    told.verdicts = Counter(str(run.verdict) for run in runs)
    told.counts = machines.counts
    expected: Counter[str] = Counter()
    for item, number in machines.answered.items():
        expected[VERDICTS[item]] += number
    wanted = machines.wanted.runs
    if told.verdicts != expected:
        reasons = Counter(run.reason for run in runs if run.verdict == "failed")
        yield f"verdicts {dict(told.verdicts)}, expected {dict(expected)}; failed: {reasons.most_common(5)}"
    if told.counts != FleetCounts(wanted, wanted, 0, 0, 0, None):
        yield f"counted {told.counts}, expected {wanted:,} recorded and replayed"
    with closing(psycopg.connect(address, autocommit=True)) as connection:
        found = connection.execute(TIMES_AND_RUNS.format(machines.place.schema).encode()).fetchone()
    if found != (wanted, wanted):
        yield f"written {found[0] if found else 0} times, of {found[1] if found else 0} runs"
    if (checked := check_store(machines.place)) != Checked(wanted, 0):
        yield f"the counts of the store are wrong: {checked}"


def _answered_otherwise(machines: Machines, scratch: Path) -> Iterator[str]:
    """The same runs in a file: every command has to answer the same."""
    file = f"sqlite:///{scratch / 'joined.db'}"
    machine = machines.recorders[0]
    (scratch / "recorded").mkdir()
    write_pulse(scratch / "recorded", pulse_of_this_process())  # a worker is seen there as well
    machines.ask(machine, "evidence", "import", machines.variables["CHANGEOVER_STORE"], store=file)
    for asked in ASKED:
        there, here = (json.loads(machines.ask(machine, *asked, store=one)) for one in (None, file))
        for answer in (there, here):
            for name in ("recorded", "made_at"):  # of the machine and of the moment, not of the runs
                answer.pop(name, None)
        if there != here:
            yield f"{' '.join(asked)}: {_first_difference(there, here)}"


def _first_difference(there: object, here: object, place: str = "") -> str:
    if isinstance(there, dict) and isinstance(here, dict) and there.keys() == here.keys():
        names = [name for name in there if there[name] != here[name]]
        return _first_difference(there[names[0]], here[names[0]], f"{place}.{names[0]}")
    if isinstance(there, list) and isinstance(here, list) and len(there) == len(here):
        at = next(n for n, pair in enumerate(zip(there, here, strict=True)) if pair[0] != pair[1])
        return _first_difference(there[at], here[at], f"{place}[{at}]")
    return f"{place}: {str(there)[:200]} in the database, {str(here)[:200]} in the file"


@contextmanager
def own_database() -> Iterator[str]:
    """The address of a database that nobody else uses."""
    name = f"fleet_{uuid4().hex[:12]}"
    with closing(psycopg.connect(SERVER, autocommit=True)) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    try:
        yield urlsplit(SERVER)._replace(path=f"/{name}").geturl()
    finally:
        from changeover.evidence.store.postgres_connections import close_connections

        close_connections()
        with closing(psycopg.connect(SERVER, autocommit=True)) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def main(arguments: Sequence[str]) -> int:
    """Print what was tried, and 1 where a run was lost, judged twice or judged otherwise."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps fleet", description=__doc__)
    usual = Wanted()
    options.add_argument("--runs", type=int, default=usual.runs)
    options.add_argument("--recorders", type=int, default=usual.recorders)
    options.add_argument("--workers", type=int, default=usual.workers)
    options.add_argument("--seed", type=int, default=usual.seed)
    options.add_argument("--spread", type=float, default=usual.spread_s, help="seconds the recorders take")
    options.add_argument("--kill-every", type=float, default=usual.kill_every_s, help="seconds")
    options.add_argument("--restart", action="store_true", help=RESTART)
    chosen = options.parse_args(arguments)
    told = sweep(
        Wanted(
            chosen.runs,
            chosen.recorders,
            chosen.workers,
            chosen.seed,
            chosen.spread,
            chosen.kill_every,
            chosen.restart,
        )
    )
    how = "restarted" if chosen.restart else "cut"
    print(
        f"{chosen.runs:,} runs of {chosen.recorders} recorders, {chosen.workers} workers, seed {chosen.seed}"
    )
    print(f"{told.seconds:,.0f} s; {told.killed} workers killed; the database {how} {told.cut} time(s)")
    print(f"verdicts   {dict(told.verdicts)}")
    print(f"counted    {told.counts}")
    print(f"wrong      {len(told.wrong)}")
    print("\n".join(told.wrong))
    return 1 if told.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
