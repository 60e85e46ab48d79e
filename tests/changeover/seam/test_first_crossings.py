"""What the answering path sends past every port is noticed at the first crossings, and is never a match."""

import asyncio
import gc
import logging
import logging.handlers
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from changeover import Migration, Run
from tests.changeover.support.outside_servers import HOST, http_server, line_server

Connected = tuple[socket.socket, str]


@pytest.fixture(autouse=True)
def nothing_hangs_from_before() -> None:
    """A replay that a test broke off lets the net hang until it is collected."""
    gc.collect()


@pytest.fixture
def connected() -> Iterator[Connected]:
    """A connection that is open, and whom it reaches."""
    with line_server() as (port, _), socket.create_connection((HOST, port)) as one:
        yield one, f"{HOST}:{port}"


class Shop:
    """A program with one seam that the tests fill; its runs in order."""

    def __init__(self, stage: str = "shadow", **options: Any) -> None:
        self.runs: list[Run] = []
        environment = {"CHANGEOVER_STAGE_SHOP_PLACE": stage, "CHANGEOVER_STAGE_SHOP_MAIL": stage}
        self.migration = Migration(environment=environment, sink=self.runs.append, refresh_s=0, **options)

    def seam(self, legacy: Callable[..., Any], candidate: Callable[..., Any], **options: Any) -> Any:
        return self.migration.seam("shop.place", legacy=legacy, candidate=candidate, **options)


def answers(n: int) -> int:
    return n


def hangs() -> bool:
    """Whether the functions of the net are in place at this moment."""
    return "send" in vars(socket.socket)


def test_it_is_said_with_the_seam_the_bytes_the_peer_and_the_client(
    connected: Connected, caplog: pytest.LogCaptureFixture
) -> None:
    one, peer = connected
    shop = Shop()
    answer = shop.seam(lambda n: one.send(b"three") and n, answers)
    with caplog.at_level(logging.WARNING):
        assert [answer(n) for n in (1, 2, 3)] == [1, 2, 3]
    said = f"seam shop.place sent 5 bytes to {peer} through {__name__}, past every port"
    assert [line for line in shop.migration.problems if line.startswith(said)] == [*shop.migration.problems]
    assert [record.getMessage().startswith(said) for record in caplog.records].count(True) == 1
    assert {run.verdict for run in shop.runs} == {"failed"}
    assert all(str(run.reason).startswith(said) for run in shop.runs)


def test_a_library_is_named_with_the_one_that_calls_it_and_with_the_way_out() -> None:
    requests = pytest.importorskip("requests")
    with http_server() as (port, seen), requests.Session() as session:
        address = f"http://{HOST}:{port}/"

        def legacy(n: int) -> int:
            session.post(address, b"x" * 300)
            return n

        shop = Shop()
        shop.seam(legacy, answers)(1)
        assert seen() == 1
    (said,) = shop.migration.problems
    assert f" to {HOST}:{port} through http.client (requests), past every port" in said
    assert said.endswith('declare a port, or migration.use("http")')
    assert int(said.partition(" sent ")[2].partition(" ")[0]) > 300


def test_what_is_sent_within_a_port_is_compared_and_not_noted(connected: Connected) -> None:
    one, _ = connected

    class Mail:
        def send(self, text: str) -> int:
            return one.send(text.encode())

    shop, mail = Shop(), Mail()
    shop.migration.port("mail", mail, effects={"send"})
    assert shop.seam(lambda n: mail.send("x"), lambda n: mail.send("x"))(1) == 1
    assert ([run.verdict for run in shop.runs], shop.migration.problems) == (["match"], ())


def test_nothing_is_in_place_after_the_first_crossings() -> None:
    shop, hung = Shop(), list[bool]()

    def legacy(n: int) -> int:
        hung.append(hangs())
        return n

    answer = shop.seam(legacy, answers)
    for n in range(30):
        answer(n)
    assert hung == [True] * 20 + [False] * 10


def test_a_seam_that_sent_is_compared_again_when_a_port_is_declared(connected: Connected) -> None:
    one, _ = connected

    class Mail:
        def send(self) -> int:
            return one.send(b"x")

    shop, mail = Shop(), Mail()
    answer = shop.seam(lambda n: mail.send(), lambda n: mail.send())
    for n in range(30):
        answer(n)
    assert {run.verdict for run in shop.runs} == {"failed"}
    shop.migration.port("mail", mail, effects={"send"})
    shop.runs.clear()
    answer(1)
    assert [run.verdict for run in shop.runs] == ["match"]


def test_after_one_that_sent_no_run_is_a_match_also_where_it_sends_nothing(connected: Connected) -> None:
    one, _ = connected
    shop = Shop()
    answer = shop.seam(lambda n: n if n else one.send(b"x"), lambda n: n if n else 1)
    for n in range(40):
        answer(n)
    assert {run.verdict for run in shop.runs} == {"failed"}


def test_what_is_logged_is_no_effect_of_a_path() -> None:
    with line_server() as (port, _):
        handler = logging.handlers.SocketHandler(HOST, port)
        log = logging.getLogger("shop")
        log.addHandler(handler)

        def path(n: int) -> int:
            log.warning("placed")
            return n

        try:
            shop = Shop()
            shop.seam(path, path)(1)
        finally:
            log.removeHandler(handler)
            handler.close()
    assert ([run.verdict for run in shop.runs], shop.migration.problems) == (["match"], ())


def test_work_that_goes_on_after_the_answer_is_watched_too(connected: Connected) -> None:
    one, _ = connected
    go = threading.Event()

    def late() -> None:
        go.wait(5)
        one.send(b"x")

    def legacy(n: int) -> int:
        threading.Thread(target=late).start()
        return n

    shop = Shop(mode="background")
    assert shop.seam(legacy, answers)(1) == 1
    go.set()
    shop.migration.close()
    assert [run.verdict for run in shop.runs] == ["failed"]
    assert "past every port" in str(shop.runs[0].reason)


def test_an_async_path_and_what_it_starts_are_watched(connected: Connected) -> None:
    async def whole() -> None:
        with line_server() as (port, _):
            _, writer = await asyncio.open_connection(HOST, port)

            async def send() -> None:
                writer.write(b"x\n")
                await writer.drain()

            async def legacy(n: int) -> int:
                await asyncio.create_task(send())
                return n

            async def candidate(n: int) -> int:
                return n

            assert await shop.seam(legacy, candidate)(1) == 1
            writer.close()
            await writer.wait_closed()

    shop = Shop()
    asyncio.run(whole())
    assert [run.verdict for run in shop.runs] == ["failed"]
    assert f"through {__name__}, past every port" in str(shop.runs[0].reason)


def test_the_run_around_a_seam_that_sends_is_no_match_either(connected: Connected) -> None:
    one, _ = connected
    shop = Shop()
    inner: Any = shop.migration.seam("shop.mail", legacy=lambda n: one.send(b"x"), candidate=lambda n: 1)
    shop.seam(lambda n: inner(n), lambda n: inner(n))(1)
    assert {(run.seam, run.verdict.value) for run in shop.runs} == {
        ("shop.mail", "failed"),
        ("shop.place", "failed"),
    }
    assert {line.split()[1] for line in shop.migration.problems} == {"shop.mail", "shop.place"}


def test_legacy_does_not_answer_in_the_place_of_a_candidate_that_has_sent(connected: Connected) -> None:
    one, _ = connected
    asked: list[int] = []

    def candidate(n: int) -> int:
        one.send(b"x")
        raise LookupError(n)

    def legacy(n: int) -> int:
        asked.append(n)
        return n

    shop = Shop("live")
    answer = shop.seam(legacy, candidate, fallback=True)
    for n in range(30):  # and is watched for that as long as it is known to send
        with pytest.raises(LookupError):
            answer(n)
    assert asked == []


class Taken(Exception):
    """What a socket of this program raises."""


WRONG: tuple[tuple[Any, ...], ...] = (("send", "text"), ("send",), ("sendall", b"raise\n"))
"""Calls that raise."""


class Own(socket.socket):
    """A class of the program."""

    def sendall(self, data: Any, flags: int = 0) -> None:
        super().sendall(data, flags)
        if data == b"raise\n":
            raise Taken


def test_the_answering_path_feels_nothing_of_it() -> None:
    with line_server() as (port, _), Own() as one:
        one.connect((HOST, port))
        before = type(one), socket.socket, one.send
        found: list[Any] = []

        def legacy(n: int) -> int:
            found.append((type(one), socket.socket, isinstance(one, socket.socket)))
            found.append((one.send(b"x\n"), one.sendmsg([b"y", b"\n"])))
            one.sendall(b"z\n")
            for method, *data in WRONG:
                try:
                    getattr(one, method)(*data)
                except Exception as error:  # noqa: BLE001  each its own
                    found.append((type(error), str(error)))
            return n

        legacy(1)
        plain, found[:] = [*found], []
        shop = Shop()
        shop.seam(legacy, answers)(1)
        assert found == plain
        assert (type(one), socket.socket) == before[:2]
        assert shop.runs[0].verdict == "failed"


def test_a_socket_that_takes_nothing_now_has_sent_nothing() -> None:
    one, other = socket.socketpair()
    with one, other:
        one.setblocking(False)
        while True:
            try:
                one.send(b"x" * 65536)
            except BlockingIOError:
                break

        def legacy(n: int) -> int:
            with pytest.raises(BlockingIOError):
                one.send(b"x")
            return n

        shop = Shop()
        shop.seam(legacy, answers)(1)
    assert ([run.verdict for run in shop.runs], shop.migration.problems) == (["match"], ())


WAKERS = {
    "trio": ("trio._core._wakeup_socketpair", "wakeup_thread_and_signal_safe"),
    "tornado": ("tornado.platform.asyncio", "_wake_selector"),
}


@pytest.mark.parametrize("loop", WAKERS)
def test_an_event_loop_that_wakes_itself_sends_nothing(loop: str) -> None:
    module, name = WAKERS[loop]
    ours, theirs = socket.socketpair()
    library: dict[str, Any] = {"__name__": module, "one": ours}
    exec(f"def {name}(): one.send(b'x')", library)  # noqa: S102  as it stands there
    shop = Shop()
    answer = shop.seam(lambda n: library[name]() or n, lambda n: library[name]() or n)
    with ours, theirs:
        assert answer(3) == 3
    assert shop.runs[0].verdict == "match", shop.runs[0].reason
