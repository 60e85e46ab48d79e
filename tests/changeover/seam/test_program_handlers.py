"""What a path gives to a handler, past all loggers, happens once and is kept once."""

import asyncio
import logging
import queue
from collections.abc import Callable, Iterator
from logging.handlers import MemoryHandler
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict

LOG = logging.getLogger("shop.handlers")


class Kept(logging.Handler):
    """A handler of the program."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[str] = []
        self.acts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record.getMessage())

    def flush(self) -> None:
        self.acts.append("flush")

    def close(self) -> None:
        self.acts.append("close")
        super().close()


class Above(Kept):
    """Its own way goes on in that of its base."""

    def handle(self, record: logging.LogRecord) -> Any:
        return super().handle(record)

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)


@pytest.fixture(params=[Kept, Above])
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    handler: Kept = request.param()
    LOG.addHandler(handler)
    yield handler
    LOG.removeHandler(handler)


def record() -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": LOG.name, "msg": "said %d", "args": (1,), "levelno": 30, "levelname": "WARNING"}
    )


def by_memory(kept: Kept) -> None:
    memory = MemoryHandler(10, target=kept)
    memory.handle(record())
    memory.flush()


WAYS: dict[str, Callable[[Kept], object]] = {
    "handle": lambda kept: kept.handle(record()),
    "emit": lambda kept: kept.emit(record()),
    "a logger's handlers": lambda kept: LOG.callHandlers(record()),
    "a logger": lambda kept: LOG.warning("said %d", 1),
    "a listener of a queue": lambda kept: logging.handlers.QueueListener(queue.Queue(), kept).handle(
        record()
    ),
    "a handler with a target": by_memory,
}


def shadowed(path: Callable[[], object], *, is_async: bool = False, **environment: str) -> list[Run]:
    runs: list[Run] = []
    migration = Migration(
        environment={"CHANGEOVER_STAGE_S": "shadow"} | environment, refresh_s=0, sink=runs.append
    )

    def legacy() -> str:
        return repr(path())

    def candidate() -> str:
        return repr(path())

    async def legacy_async() -> str:
        return repr(path())

    async def candidate_async() -> str:
        return repr(path())

    if is_async:
        asyncio.run(migration.seam("s", legacy=legacy_async, candidate=candidate_async)())
    else:
        migration.seam("s", legacy=legacy, candidate=candidate)()
    return runs


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_record_reaches_the_program_once_and_is_kept_once_of_each_path(
    way: Callable[[Kept], object], stage: str, is_async: bool, kept: Kept
) -> None:
    (run,) = shadowed(lambda: way(kept), is_async=is_async, CHANGEOVER_STAGE_S=stage)

    assert kept.records == ["said 1"]
    assert run.legacy is not None
    assert run.candidate is not None
    said = [f"WARNING {LOG.name}: said 1"]
    assert [list(map(str, one.logged)) for one in (run.legacy, run.candidate)] == [said, said]
    assert run.verdict is Verdict.VACUOUS


def test_a_handler_of_the_program_is_neither_flushed_closed_nor_configured_by_a_replayed_path(
    kept: Kept,
) -> None:
    def path() -> None:
        kept.flush()
        kept.setLevel("ERROR")
        kept.addFilter(lambda _: False)
        kept.close()

    def nothing() -> None: ...

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    migration.seam("s", legacy=nothing, candidate=path)()
    LOG.warning("said")

    assert kept.records == ["said"]
    assert kept.acts == []


def test_a_replayed_path_has_the_handlers_that_it_makes() -> None:
    def path() -> list[str]:
        own = Kept()
        own.handle(record())
        own.flush()
        own.close()
        return [*own.records, *own.acts]

    (run,) = shadowed(path)

    assert run.verdict is Verdict.VACUOUS
    assert run.answered is not None
    assert "['said 1', 'flush', 'close']" in str(run.answered.outcome)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_a_line_that_is_an_effect_is_one_however_it_is_logged(
    way: Callable[[Kept], object], kept: Kept
) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    migration.use("logging", effects=[LOG.name])

    def legacy() -> None:
        way(kept)

    def candidate() -> None: ...

    migration.seam("s", legacy=legacy, candidate=candidate)()

    assert [str(one.kind) for one in runs[0].divergences] == ["effect-missing"]
