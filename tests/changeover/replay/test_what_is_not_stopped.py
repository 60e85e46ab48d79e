"""What no net reaches: clients in C, files that are open, functions in C that were taken, other threads."""

import asyncio
import gc
import queue
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.record.open_clients import open_clients
from tests.changeover.support.all_garbage import collect_all
from tests.changeover.support.outside_servers import HOST, line_server

Reached = tuple[Callable[[], Any], Callable[[], int], str]
"""The deed, how often it was seen, and what doctor says of it; empty where it can say nothing."""


@pytest.fixture(autouse=True, scope="module")
def nothing_hangs_from_other_tests() -> None:
    collect_all()


@pytest.fixture(autouse=True)
def nothing_hangs_from_before() -> None:
    """A replay that a test broke off lets the net hang until it is collected."""
    gc.collect()


def migrating() -> tuple[Migration, list[Run]]:
    runs: list[Run] = []
    return Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0), runs


class Shop(sqlite3.Connection):
    """As a program derives one."""


@contextmanager
def open_database(folder: Path, kind: type[sqlite3.Connection] = sqlite3.Connection) -> Iterator[Reached]:
    # By its class: `sqlite3.connect` gives a followed one where another test of this process left its pack.
    with closing(kind(folder / "shop.db", isolation_level=None)) as one:
        one.execute("create table t (x)")
        yield (
            lambda: one.execute("insert into t values (1)"),
            lambda: int(one.execute("select count(*) from t").fetchone()[0]),
            "a connection of sqlite3",
        )


@contextmanager
def open_file(folder: Path) -> Iterator[Reached]:
    with (folder / "out").open("a", buffering=1) as file:
        yield (
            lambda: file.write("x\n"),
            lambda: len((folder / "out").read_text().split()),
            f"the file {folder / 'out'}",
        )


@contextmanager
def taken_method(folder: Path) -> Iterator[Reached]:
    with line_server() as (port, seen), socket.create_connection((HOST, port)) as one:
        send = one.send
        yield lambda: send(b"x\n"), seen, "send of a connection that"


@contextmanager
def worker_of_the_program(folder: Path) -> Iterator[Reached]:
    jobs: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    with line_server() as (port, seen), socket.create_connection((HOST, port)) as one:

        def work() -> None:
            while job := jobs.get():
                one.sendall(job)

        thread = threading.Thread(target=work)
        thread.start()
        yield lambda: jobs.put(b"x\n"), seen, f"a connection to {HOST}:{port}"
        jobs.put(b"")
        thread.join()


NOT_STOPPED: dict[str, Callable[[Path], AbstractContextManager[Reached]]] = {
    "an open connection of sqlite3": open_database,
    "an open connection of a derived class": partial(open_database, kind=Shop),
    "an open file": open_file,
    "a method of a socket that was taken": taken_method,
    "a worker of the program behind a queue in C": worker_of_the_program,
}


def came(seen: Callable[[], int], number: int) -> bool:
    ended = threading.Event()
    return any(seen() >= number or ended.wait(0.01) for _ in range(300))


@pytest.mark.parametrize("reach", NOT_STOPPED.values(), ids=NOT_STOPPED)
def test_what_talks_in_c_acts_twice_and_doctor_names_it(
    tmp_path: Path, reach: Callable[[Path], AbstractContextManager[Reached]]
) -> None:
    migration, runs = migrating()
    with reach(tmp_path) as (deed, seen, said):

        def path(n: int) -> int:
            deed()
            return n

        migration.seam("s", legacy=path, candidate=path)(1)
        assert came(seen, 2)
        assert [run.verdict for run in runs] == ["match"]
        assert [line for line in open_clients() if line.startswith(said)] != []


def test_a_transport_of_a_loop_in_c_acts_twice_and_the_loop_is_named() -> None:
    uvloop = pytest.importorskip("uvloop")
    migration, runs = migrating()

    async def whole() -> int:
        with line_server() as (port, seen):
            loop = asyncio.get_running_loop()
            one, _ = await loop.create_connection(asyncio.Protocol, HOST, port)

            async def path(n: int) -> int:
                one.write(b"x\n")
                return n

            await migration.seam("s", legacy=path, candidate=path)(1)
            await asyncio.to_thread(came, seen, 2)
            one.close()
            return seen()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(whole()) == 2
    assert [run.verdict for run in runs] == ["match"]


def test_what_the_answering_path_alone_sends_after_its_first_crossings_is_not_seen() -> None:
    migration, runs = migrating()
    with line_server() as (port, seen), socket.create_connection((HOST, port)) as one:

        def legacy(n: int) -> int:
            if n > 20:
                one.send(b"x\n")
            return n

        answer = migration.seam("s", legacy=legacy, candidate=lambda n: n)
        for n in range(1, 22):
            answer(n)
        assert came(seen, 1)
    assert [run.verdict for run in runs] == ["match"] * 21


def test_a_file_that_the_answering_path_alone_writes_is_in_no_observation(tmp_path: Path) -> None:
    migration, runs = migrating()
    legacy = (tmp_path / "out").write_text
    migration.seam("s", legacy=lambda n: legacy("x") and n, candidate=lambda n: n)(1)
    assert [run.verdict for run in runs] == ["match"]
