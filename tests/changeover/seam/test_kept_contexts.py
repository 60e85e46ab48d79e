"""A context that a path keeps outlives its run: whoever is in it later belongs to what is at work then."""

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any

import pytest

from changeover import Migration, Run

Send = Callable[[str], None]


class Keeping:
    """A candidate that makes what it needs once, as late as it can."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.kept: Any = None

    def close(self) -> None:
        pass

    async def send_async(self, text: str) -> None:
        self.send(text)

    def __call__(self, text: str) -> None:
        raise NotImplementedError


class InAContext(Keeping):
    def __call__(self, text: str) -> None:
        self.kept = self.kept or contextvars.copy_context()
        self.kept.run(self.send, text)


class OnARunner(Keeping):
    def __call__(self, text: str) -> None:
        self.kept = self.kept or asyncio.Runner()
        self.kept.run(self.send_async(text))

    def close(self) -> None:
        self.kept.close()


class InAThreadOfARunner(OnARunner):
    async def send_async(self, text: str) -> None:
        await asyncio.to_thread(self.send, text)


@pytest.mark.parametrize("later", ["live", "complete"])
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("candidate", [InAContext, OnARunner, InAThreadOfARunner])
def test_what_a_replay_has_kept_serves_the_path_when_it_answers(
    candidate: type[Keeping], mode: str, later: str
) -> None:
    class Mail:
        sent: list[str] = []  # noqa: RUF012

        def send(self, text: str) -> None:
            self.sent.append(text)

    runs: list[Run] = []
    stages = {"CHANGEOVER_STAGE_S": "shadow"}
    migration = Migration(environment=stages, refresh_s=0, sink=runs.append, mode=mode)
    migration.port("mail", Mail, effects={"send"})
    made = candidate(Mail().send)
    path = made.__call__
    seam: Any = migration.seam(
        "s", legacy=lambda text: Mail().send(text), candidate=lambda text: path(text), key=lambda text: text
    )
    seam("first")
    migration.flush()
    assert (Mail.sent, [run.verdict for run in runs]) == (["first"], ["match"])
    stages["CHANGEOVER_STAGE_S"] = later
    for text in ("second", "third"):
        seam(text)
    migration.close()
    made.close()
    assert Mail.sent == ["first", "second", "third"]
    assert {run.verdict for run in runs} == {"match"}


def test_what_a_replay_has_left_in_a_context_of_its_own_never_acts() -> None:
    class Mail:
        sent: list[str] = []  # noqa: RUF012

        def send(self, text: str) -> None:
            self.sent.append(text)

    waiting: list[Any] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, linger_s=0.01)
    migration.port("mail", Mail, effects={"send"})

    async def legacy(number: int) -> int:
        return number

    async def candidate(number: int) -> int:
        waiting[0].add_done_callback(lambda _: Mail().send("late"))
        return number

    seam: Any = migration.seam("s", legacy=legacy, candidate=candidate)
    other = migration.seam("other", legacy=lambda: waiting[0].set_result(1))

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        waiting.append(asyncio.get_running_loop().create_future())
        await seam(1)
        migration.flush()
        other()
        await asyncio.sleep(0)

    asyncio.run(main())
    assert Mail.sent == []
