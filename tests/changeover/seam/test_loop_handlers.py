"""Readers and handlers of signals that a path gives to an event loop: those of the program stay."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from changeover import Migration, Run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="loops have neither there")
MODES = pytest.mark.parametrize("mode", ["inline", "background"])
STAGES = pytest.mark.parametrize("stage", ["shadow", "live"])


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    os.set_blocking(ends[0], False)
    yield ends
    for end in ends:
        os.close(end)


def program(legacy: Any, candidate: Any, stage: str, mode: str) -> tuple[Any, Any, list[Run], Migration]:
    class Mail:
        sent: list[str] = []  # noqa: RUF012

        def send(self, text: str) -> None:
            self.sent.append(text)

    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": stage}
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode)
    migration.port("mail", Mail, effects={"send"})
    seam: Any = migration.seam("s", legacy=legacy(Mail), candidate=candidate(Mail))
    return seam, Mail, runs, migration


@MODES
@STAGES
def test_a_reader_of_the_program_stays_with_its_loop(stage: str, mode: str, pipe: tuple[int, int]) -> None:
    readable, writable = pipe

    def registering(mail: Any) -> Any:
        async def path(number: int) -> int:
            loop = asyncio.get_running_loop()
            loop.add_reader(readable, lambda: (os.read(readable, 9), mail().send("read")))
            return number

        return path

    seam, mail, runs, migration = program(registering, registering, stage, mode)

    async def main() -> None:
        assert await seam(1) == 1
        migration.flush()
        os.write(writable, b"x")
        await asyncio.sleep(0.02)

    asyncio.run(main())
    assert mail.sent == ["read"]
    assert [(run.verdict, run.reason) for run in runs] == [("failed", "cannot be followed: reader of a loop")]


@pytest.mark.parametrize("deed", ["replace", "remove", "write"])
def test_a_replay_takes_no_reader_of_the_program_and_leaves_none_of_its_own(
    deed: str, pipe: tuple[int, int]
) -> None:
    readable, writable = pipe
    heard: list[str] = []

    def legacy(mail: Any) -> Any:
        async def path(number: int) -> int:
            return number

        return path

    def candidate(mail: Any) -> Any:
        async def path(number: int) -> int:
            loop = asyncio.get_running_loop()
            if deed == "replace":
                loop.add_reader(readable, heard.append, "replay")
            elif deed == "remove":
                assert loop.remove_reader(readable) is True
            else:
                loop.add_writer(writable, heard.append, "replay")
            return number

        return path

    seam, _, runs, _ = program(legacy, candidate, "shadow", "inline")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.add_reader(readable, lambda: heard.append(os.read(readable, 9).decode()))
        await seam(1)
        os.write(writable, b"x")
        await asyncio.sleep(0.02)

    asyncio.run(main())
    assert heard[-1] == "x"
    assert (heard == ["x"]) or deed == "write"
    assert runs[0].verdict == "failed"
    assert "cannot be followed" in (runs[0].reason or "")


@MODES
@STAGES
def test_a_handler_of_a_signal_of_the_program_stays_with_its_loop(stage: str, mode: str) -> None:
    def registering(mail: Any) -> Any:
        async def path(number: int) -> int:
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, mail().send, "stopping")
            return number

        return path

    seam, mail, runs, migration = program(registering, registering, stage, mode)

    async def main() -> None:
        assert await seam(1) == 1
        migration.flush()
        os.kill(os.getpid(), signal.SIGUSR2)
        await asyncio.sleep(0.02)

    asyncio.run(main())
    assert mail.sent == ["stopping"]
    assert [run.verdict for run in runs] == ["failed"]


@MODES
@pytest.mark.parametrize("sync", [True, False])
def test_a_handler_that_a_path_takes_back_is_compared_and_hears_nothing_in_a_replay(
    mode: str, sync: bool
) -> None:
    def within(text: str) -> Any:
        def made(mail: Any) -> Any:
            async def work() -> bool:
                loop = asyncio.get_running_loop()
                loop.add_signal_handler(signal.SIGUSR2, len, text)
                mail().send(text)
                return loop.remove_signal_handler(signal.SIGUSR2)

            async def path(number: int) -> bool:
                return await work()

            return (lambda number: asyncio.run(work())) if sync else path

        return made

    for texts, verdict in ((("yes", "yes"), "match"), (("yes", "no"), "unsafe")):
        seam, mail, runs, migration = program(within(texts[0]), within(texts[1]), "shadow", mode)
        assert (seam(1) if sync else asyncio.run(seam(1))) is True
        migration.flush()
        assert mail.sent == ["yes"]
        assert [run.verdict for run in runs] == [verdict]


def test_a_replay_leaves_the_handler_of_the_program_where_it_is() -> None:
    heard: list[str] = []

    def candidate(mail: Any) -> Any:
        async def path(number: int) -> int:
            loop = asyncio.get_running_loop()
            loop.remove_signal_handler(signal.SIGUSR2)
            return number

        return path

    def legacy(mail: Any) -> Any:
        async def path(number: int) -> int:
            return number

        return path

    seam, _, runs, _ = program(legacy, candidate, "shadow", "inline")

    async def main() -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR2, heard.append, "stopping")
        await seam(1)
        os.kill(os.getpid(), signal.SIGUSR2)
        await asyncio.sleep(0.02)

    asyncio.run(main())
    assert heard == ["stopping"]
    assert runs[0].verdict == "failed"
