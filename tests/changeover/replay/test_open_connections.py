"""The net below the ports: what is open already is used by no replay, and by everybody else as before."""

import asyncio
import gc
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from changeover import Migration, Run
from tests.changeover.support.all_garbage import collect_all
from tests.changeover.support.outside_view import until

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture(autouse=True, scope="module")
def nothing_hangs_from_other_tests() -> None:
    collect_all()


@pytest.fixture(autouse=True)
def nothing_hangs_from_before() -> None:
    """A replay that a test broke off lets the net hang until it is collected."""
    gc.collect()


@pytest.fixture
def pair() -> Iterator[Pair]:
    one, other = socket.socketpair()
    with one, other:
        other.setblocking(False)
        yield one, other


def migrating(**options: Any) -> tuple[Migration, list[Run]]:
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": "shadow"}
    return Migration(environment=environment, sink=runs.append, refresh_s=0, **options), runs


def replayed(candidate: Callable[[int], Any], legacy: Callable[[int], Any] = lambda n: n) -> Run:
    migration, runs = migrating()
    migration.seam("s", legacy=legacy, candidate=candidate)(1)
    migration.flush()
    return runs[0]


def received(other: socket.socket) -> bytes:
    with suppress(BlockingIOError):
        return other.recv(99)
    return b""


def hangs() -> bool:
    """Whether the net hangs at this moment."""
    return "send" in vars(socket.socket)


def test_a_connection_that_is_open_already_is_not_used(pair: Pair) -> None:
    one, other = pair
    run = replayed(lambda n: one.send(b"x") and n)
    assert (received(other), run.verdict) == (b"", "unsafe")
    found = next(found for found in run.divergences if str(found.kind) == "undeclared-effect")
    assert found.place == "effects.net.socket.send"
    assert str(found.candidate).endswith(f"to a local socket through {__name__}: declare a port")


def test_both_paths_that_use_it_are_not_compared_and_the_reason_names_the_seam(pair: Pair) -> None:
    """Also where the watch of the answering path is over, and nothing was found by it."""
    one, other = pair
    sends = False
    migration, runs = migrating()

    def path(n: int) -> int:
        if sends:
            one.send(b"x")
        return n

    answer: Any = migration.seam("s", legacy=path, candidate=path)
    for n in range(20):
        answer(n)
    sends = True
    answer(20)
    assert (received(other), runs[-1].verdict) == (b"x", "failed")
    assert runs[-1].reason is not None
    assert "both paths of s reach for it past every port" in runs[-1].reason
    assert "net.socket.send" in runs[-1].reason


def test_nothing_is_in_place_while_no_replay_runs(pair: Pair) -> None:
    before = {name: vars(os)[name] for name in ("write", "sendfile")}
    seen: list[bool] = []

    def candidate(n: int) -> int:
        seen.append(hangs())
        return n

    run = replayed(candidate)
    assert (seen, hangs(), run.verdict) == ([True], False, "match")
    assert {name: vars(os)[name] for name in before} == before


def test_threads_of_the_program_send_while_a_replay_runs(pair: Pair) -> None:
    one, other = pair
    sent = threading.Event()

    def program() -> None:
        while not hangs():
            time.sleep(0.001)
        one.sendall(b"program")
        sent.set()

    thread = threading.Thread(target=program)
    thread.start()

    def candidate(n: int) -> int:
        assert sent.wait(5)
        return n

    run = replayed(candidate)
    thread.join()
    assert (received(other), run.verdict) == (b"program", "match")


def test_tasks_of_the_program_send_on_the_loop_of_a_replay(pair: Pair) -> None:
    one, other = pair
    migration, runs = migrating()

    async def legacy(n: int) -> int:
        return n

    async def candidate(n: int) -> int:
        for _ in range(5):
            await asyncio.sleep(0)
        return n

    async def program() -> None:
        seam: Any = migration.seam("s", legacy=legacy, candidate=candidate)
        answer = asyncio.create_task(seam(1))
        for _ in range(1_000):
            if hangs():
                break
            await asyncio.sleep(0)
        assert hangs()
        one.send(b"program")
        await answer

    asyncio.run(program())
    assert (received(other), runs[0].verdict) == (b"program", "match")


def test_replays_in_several_threads_are_refused_each_and_take_it_down_together(pair: Pair) -> None:
    one, other = pair
    verdicts: list[str] = []

    def replays() -> None:
        verdicts.extend(replayed(lambda n: one.send(b"x") and n).verdict for _ in range(25))

    threads = [threading.Thread(target=replays) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (set(verdicts), len(verdicts), received(other), hangs()) == ({"unsafe"}, 100, b"", False)


def to_itself(n: int) -> int:
    mine, theirs = socket.socketpair()
    with mine, theirs:
        mine.sendall(b"x")
        return len(theirs.recv(9)) and n


def on_a_loop_of_its_own(n: int) -> int:
    async def streams() -> int:
        mine, theirs = socket.socketpair()
        _, writer = await asyncio.open_connection(sock=mine)
        reader, other = await asyncio.open_connection(sock=theirs)
        writer.write(b"x")
        found = await reader.read(1)
        for one in (writer, other):
            one.close()
        return len(found) and n

    return asyncio.run(streams())


def waking_a_loop(n: int) -> int:
    async def job() -> int:
        return await asyncio.to_thread(lambda: n)

    return asyncio.run(job())


@pytest.mark.parametrize("path", [to_itself, on_a_loop_of_its_own, waking_a_loop])
def test_what_stays_within_a_replay_is_allowed(path: Callable[[int], int]) -> None:
    run = replayed(path, path if path is waking_a_loop else lambda n: n)
    assert run.verdict == "match", run.reason or run.divergences


def test_a_copy_of_an_open_connection_is_not_the_replays_own() -> None:
    one, other = socket.socketpair()
    with one, other:
        other.setblocking(False)

        def candidate(n: int) -> int:
            with one.dup() as again:
                again.send(b"x")
            return n

        assert (replayed(candidate).verdict, received(other)) == ("unsafe", b"")


def test_work_that_a_replay_left_behind_is_refused_as_long_as_it_goes_on(pair: Pair) -> None:
    one, other = pair
    go, over = threading.Event(), list[bool]()

    def late() -> None:
        go.wait(5)
        try:
            one.send(b"x")
        finally:
            over.append(True)

    migration, _ = migrating(linger_s=0)

    def candidate(n: int) -> int:
        threading.Thread(target=late).start()
        return n

    with mock.patch.object(threading, "excepthook"):
        migration.seam("s", legacy=lambda n: n, candidate=candidate)(1)
        migration.flush()
        go.set()
        assert until(lambda: bool(over), 5)
    assert received(other) == b""


def test_a_copy_of_a_port_may_use_what_it_has_open(pair: Pair) -> None:
    one, other = pair

    class Broker:
        def submit(self, text: bytes) -> None:
            """Nothing leaves the test."""

    class Copy(Broker):
        def submit(self, text: bytes) -> None:
            one.send(text)

    migration, runs = migrating(world="copy")
    broker = Broker()
    migration.port("broker", broker, effects={"submit"}, world=lambda real: Copy())
    migration.seam("s", legacy=lambda n: broker.submit(b"x"), candidate=lambda n: broker.submit(b"x"))(1)
    assert (received(other), runs[0].verdict) == (b"x", "match")


def test_a_fixed_read_asks_over_what_is_open(pair: Pair) -> None:
    one, other = pair

    class Table:
        def row(self) -> int:
            return one.send(b"x")

    migration, runs = migrating()
    table = Table()
    migration.port("table", table, fixed={"row"})
    migration.seam("s", legacy=lambda n: table.row(), candidate=lambda n: table.row())(1)
    assert (received(other), runs[0].verdict) == (b"xx", "match")


def test_a_view_of_the_replayed_path_is_refused_too(pair: Pair) -> None:
    one, other = pair
    migration, runs = migrating()

    migration.seam("s", legacy=lambda n: n, candidate=lambda n: n, view=(None, lambda n: one.send(b"x")))(1)
    assert (received(other), runs[0].verdict) == (b"", "failed")
    assert "the view of `s` reached for the world: net.socket.send" in str(runs[0].reason)


def test_a_mock_in_the_place_of_a_function_gives_what_it_gives(pair: Pair) -> None:
    one, _ = pair
    with mock.patch.object(socket.socket, "send", return_value=7) as sent:
        run = replayed(lambda n: one.send(b"x") - 6)
    assert (run.verdict, sent.mock_calls) == ("match", [])
    assert not hangs()


def test_who_replaces_a_function_while_it_hangs_keeps_their_own(pair: Pair) -> None:
    one, other = pair
    patch = mock.patch.object(socket.socket, "send", lambda self, data: self.sendall(data))
    replayed(lambda n: (patch.start(), n)[1])
    try:
        one.send(b"program")
        assert received(other) == b"program"
        assert replayed(lambda n: one.send(b"x") and n).verdict == "unsafe"
    finally:
        patch.stop()
    one.send(b"again")
    assert received(other) == b"again"
    assert replayed(lambda n: one.send(b"x") and n).verdict == "unsafe"
    assert (received(other), hangs()) == (b"", False)


def test_a_function_that_was_a_mock_at_the_first_look_is_met_later() -> None:
    code = """
import socket
from unittest import mock
from changeover import Migration
runs = []
migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
one, other = socket.socketpair()
answer = migration.seam("s", legacy=lambda n: n, candidate=lambda n: one.send(b"x") and n)
with mock.patch.object(socket.socket, "send", return_value=1):
    answer(1)
answer(1)
print(*(run.verdict for run in runs), "send" in vars(socket.socket))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["match", "unsafe", "False"]


def test_what_is_imported_while_it_hangs_is_met_too() -> None:
    code = """
import socket
from changeover import Migration
runs = []
migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
one, other = socket.socketpair()
def candidate(n):
    import http.client
    connection = http.client.HTTPConnection("localhost")
    connection.sock = one
    connection.request("GET", "/")
    return n
answer = migration.seam("s", legacy=lambda n: n, candidate=candidate)
answer(1)
answer(1)
print(*(run.divergences[0].place for run in runs))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "effects.net.http.client.request"


def test_a_forked_child_has_no_net() -> None:
    hung: list[bool] = []
    told: list[str] = []  # an event that a replay sets reaches no other thread

    def program() -> None:
        assert until(lambda: told != [], 5)
        child = os.fork()
        if not child:
            os._exit(int(hangs()))
        hung.append(bool(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))

    thread = threading.Thread(target=program)
    thread.start()

    def candidate(n: int) -> int:
        told.append("go")
        assert until(lambda: hung != [], 5)
        return n

    run = replayed(candidate)
    thread.join()
    assert (hung, run.verdict) == ([False], "match")


def test_what_a_refused_client_has_open_goes_on_as_before(tmp_path: Path, pair: Pair) -> None:
    """A buffer above a socket keeps nothing of a replay that the program would send later."""
    one, other = pair
    with one.makefile("wb", buffering=0) as raw:
        run = replayed(lambda n: raw.write(b"replay") and n)
        raw.write(b"program")
    assert (received(other), run.verdict) == (b"program", "unsafe")
