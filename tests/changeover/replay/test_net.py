"""The net: what a replayed path opens past every port is refused, named, and unsafe."""

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import shared_memory
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.replay.net import NetHold
from tests.changeover.support.outside_view import until


def replayed(candidate: Callable[[Path], Any], folder: Path) -> Run:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.seam("s", legacy=lambda folder: None, candidate=candidate)(folder)
    return runs[0]


def connects(folder: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as made:
        made.connect(("127.0.0.1", 9))


def starts_a_process(folder: Path) -> None:
    subprocess.run([sys.executable, "-c", ""], check=True)


def writes_a_file(folder: Path) -> None:
    (folder / "out.txt").write_text("x")


def writes_in_a_thread(folder: Path) -> None:
    thread = threading.Thread(target=writes_a_file, args=(folder,))
    thread.start()
    thread.join()


def opens_a_descriptor(folder: Path) -> None:
    os.close(os.open(folder / "out.txt", os.O_CREAT | os.O_WRONLY))


def makes_a_folder(folder: Path) -> None:
    (folder / "new").mkdir()


def opens_a_database(folder: Path) -> None:
    sqlite3.connect(folder / "journal.db").close()


def shares_memory(folder: Path) -> None:
    shared_memory.SharedMemory(create=True, size=16).close()


def signals_by_a_descriptor(folder: Path) -> None:
    descriptor = os.pidfd_open(os.getppid())
    try:
        signal.pidfd_send_signal(descriptor, 0)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(
    ("candidate", "event"),
    [
        (connects, "effects.socket.__new__"),
        (starts_a_process, "effects."),
        (writes_in_a_thread, "effects.open"),
        (writes_a_file, "effects.open"),
        (opens_a_descriptor, "effects.open"),
        (makes_a_folder, "effects.os.mkdir"),
        (opens_a_database, "effects.sqlite3.connect"),
        (shares_memory, "effects._posixshmem.shm_open"),
        (signals_by_a_descriptor, "effects.signal.pidfd_send_signal"),
    ],
)
def test_what_goes_past_every_port_is_refused(
    tmp_path: Path, candidate: Callable[[Path], Any], event: str
) -> None:
    run = replayed(candidate, tmp_path)
    assert run.verdict == "unsafe"
    undeclared = [found for found in run.divergences if str(found.kind) == "undeclared-effect"]
    assert undeclared[0].place.startswith(event)
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_that_is_swallowed_is_remembered(tmp_path: Path) -> None:
    def swallows(folder: Path) -> None:
        with suppress(Exception):  # what careless code does
            writes_a_file(folder)

    assert replayed(swallows, tmp_path).verdict == "unsafe"


def test_reading_files_pools_and_databases_in_memory_are_allowed(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("x")

    def harmless(folder: Path) -> None:
        (folder / "in.txt").read_text()
        sqlite3.connect(":memory:").close()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(len, "x").result()

    assert not replayed(harmless, tmp_path).divergences


def test_the_answering_path_and_other_threads_are_not_in_the_net(tmp_path: Path) -> None:
    told: list[str] = []  # an event that a replay sets reaches no other thread

    def other() -> None:
        assert until(lambda: "go" in told, 5)
        (tmp_path / "other.txt").write_text("x")
        told.append("done")

    thread = threading.Thread(target=other)
    thread.start()

    def candidate(folder: Path) -> None:
        told.append("go")
        assert until(lambda: "done" in told, 5)

    run = replayed(candidate, tmp_path)
    thread.join()
    assert not run.divergences
    assert (tmp_path / "other.txt").exists()
    writes_a_file(tmp_path)
    assert (tmp_path / "out.txt").exists()


def test_calls_that_a_replay_left_running_get_nothing(tmp_path: Path) -> None:
    class Mail:
        def __init__(self) -> None:
            self.sent: list[str] = []

        def send(self, text: str) -> None:
            self.sent.append(text)

    mail = Mail()
    go = threading.Event()
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.port("mail", mail, effects={"send"})
    with ThreadPoolExecutor(1) as pool:

        def late() -> None:
            go.wait(5)
            mail.send("too late")

        pending: list[Any] = []
        migration.seam("s", legacy=lambda: None, candidate=lambda: pending.append(pool.submit(late)))()
        go.set()
        pending[0].exception(5)  # whether it is told or given what a withheld effect gives
    assert mail.sent == []


def test_what_was_put_back_from_under_the_net_is_met_once_when_it_hangs_again() -> None:
    """A tool that found a function while the net hung may put it back when the net is down."""
    held = NetHold()
    found = socket.socket.send
    held.release()
    socket.socket.send = found  # type: ignore[method-assign]
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)

    async def wakes_its_loop(number: int) -> int:
        loop = asyncio.get_running_loop()
        woken = loop.create_future()
        loop.call_soon_threadsafe(woken.set_result, number)
        return int(await woken)

    async def same(number: int) -> int:
        return await wakes_its_loop(number)

    try:
        asyncio.run(migration.seam("s", legacy=wakes_its_loop, candidate=same)(1))
    finally:
        if "send" in vars(socket.socket):
            del socket.socket.send
    assert (runs[0].verdict, runs[0].reason) == ("match", None)


def test_a_hold_that_was_released_swallows_no_stop_when_it_goes() -> None:
    hold = NetHold()
    hold.release()
    assert not hasattr(hold, "__del__")  # Python drops what a handler of signals raises there
    hold.release()
    hold.release_when(lambda: True)
