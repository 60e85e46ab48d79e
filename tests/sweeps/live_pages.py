"""How long the pages of `changeover serve` take on a large store: `python -m tests.sweeps live-pages`.

Makes the project of `large-store` unless it is there, starts the server, asks for every page, adds a run and
asks again, and listens until an open page has heard of a run. Seconds are those of a clock, and of the
processor.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from time import monotonic, sleep, time_ns
from urllib.request import urlopen

from changeover.evidence.code_digest import code_digest
from changeover.evidence.store.place import StorePlace, store_path
from changeover.evidence.store.store import writing
from changeover.evidence.store.writing import add_runs
from changeover.project import open_project
from tests.sweeps.large_store import fill, project_in, runs

PAGES = (
    *("/", "/phases/quotes", "/timeline", "/timeline?days=0", "/clusters", "/runs", "/runs?verdict=unsafe"),
    *("/runs?verdict=match&phase=books", "/rules", "/workers", "/search?q=quotes", "/search?q=store/20"),
)
OPENS_MAX_S = 1.0
SETTLED_S = 5.0


@contextmanager
def served(root: Path, environment: dict[str, str]) -> Iterator[tuple[str, int]]:
    """The address of a server of its own, and its process."""
    command = [sys.executable, "-m", "changeover", "serve", "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        command, cwd=root, env={**os.environ, **environment}, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        yield process.stderr.readline().split()[0].rstrip("/"), process.pid
    finally:
        process.terminate()
        process.wait(120)


def seconds_of(address: str, process: int) -> tuple[float, float]:
    """How long a page takes to its last byte, and how long the processor."""
    began, before = monotonic(), processor_of(process)
    with urlopen(address) as answer:  # noqa: S310  of this machine
        answer.read()
    return monotonic() - began, processor_of(process) - before


def processor_of(process: int) -> float:
    """Seconds that a process has had of the processor."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def add_one(root: Path, place: StorePlace) -> None:
    """One run that was not there before."""
    project = open_project(root)
    project.make_importable()
    made = runs(
        1, 50_000, time_ns(), code_digest(["desk"]), project.rules_digest(date.today()), datetime.now(UTC)
    )
    with writing(place) as connection:
        add_runs(connection, list(made))


def heard_after(address: str, root: Path, place: StorePlace) -> float:
    """How many seconds after a run was written an open page hears of it."""
    heard: list[float] = []
    ready = threading.Event()

    def listen() -> None:
        with urlopen(f"{address}/events?mark=x") as stream:  # noqa: S310  of this machine
            events = (line for line in stream if line.startswith(b"event: change"))
            next(events)
            ready.set()
            next(events)
            heard.append(monotonic())

    listening = threading.Thread(target=listen, daemon=True)
    listening.start()
    ready.wait(60)
    began = monotonic()
    add_one(root, place)
    listening.join(60)
    return heard[0] - began


def main(arguments: Sequence[str]) -> int:
    """1 where a page took longer than a second once the server had read the store."""
    parser = argparse.ArgumentParser("live-pages", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--distinct", type=int, default=50_000, help="distinct inputs of each seam")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the project is made; it stays")
    parser.add_argument("--store", help="CHANGEOVER_STORE, such as a database")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="live-pages-") as scratch:
        root = project_in(options.folder or Path(scratch))
        environment = {"CHANGEOVER_STORE": options.store} if options.store else {}
        place = store_path(root, environment)
        if options.store or not place.exists():
            fill(root, place, options.runs, options.distinct, options.seed)
        with served(root, environment) as (address, process):
            print("until the first page {:.2f} s, processor {:.2f} s".format(*seconds_of(address, process)))
            sleep(SETTLED_S)
            taken = {page: seconds_of(address + page, process) for page in PAGES}
            add_one(root, place)
            sleep(SETTLED_S)
            after = {page: seconds_of(address + page, process) for page in PAGES}
            print(f"{'page':<34}{'seconds':>10}{'processor':>11}{'after a run':>14}{'processor':>11}")
            for page in PAGES:
                (one, own), (two, other) = taken[page], after[page]
                print(f"{page:<34}{one:>10.2f}{own:>11.2f}{two:>14.2f}{other:>11.2f}")
            print(f"an open page heard of a run after {heard_after(address, root, place):.2f} s")
    return int(max(seconds for seconds, _ in (*taken.values(), *after.values())) > OPENS_MAX_S)
