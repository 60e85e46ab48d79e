"""`migration.use("logging")`: lines of loggers that are named are effects, and more lines are kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.errors import DeclarationError

AUDIT = logging.getLogger("audit.money")
SHOP = logging.getLogger("shop")


class Written(logging.Handler):
    """Keeps what reaches a handler of the program."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def written() -> Iterator[Written]:
    handler = Written()
    for logger in (AUDIT, SHOP):
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    yield handler
    for logger in (AUDIT, SHOP):
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


def run_of(legacy: Callable[[], Any], candidate: Callable[[], Any], **options: Any) -> Run:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("logging", **{"effects": ["audit"], **options})
    migration.seam("s", legacy=lambda _: legacy(), candidate=lambda _: candidate())(1)
    return runs[-1]


def pays(cents: int) -> Callable[[], int]:
    """A path that writes to the audit log."""

    def path() -> int:
        AUDIT.info("paid %s", cents)
        return 1

    return path


def test_the_same_line_matches_and_is_written_once(written: Written) -> None:
    run = run_of(pays(5), pays(5))
    assert (run.verdict, written.lines) == ("match", ["paid 5"])


def test_another_line_is_unsafe_and_is_not_written(written: Written) -> None:
    run = run_of(pays(5), pays(6))
    assert (run.verdict, written.lines) == ("unsafe", ["paid 5"])
    assert [(one.place, one.legacy, one.candidate) for one in run.divergences] == [
        ('effects.logging.line["audit.money"].text', "paid 5", "paid 6")
    ]


def test_one_line_more_and_one_less_are_unsafe(written: Written) -> None:
    assert run_of(pays(5), lambda: pays(5)() and pays(5)()).verdict == "unsafe"
    assert run_of(pays(5), lambda: 1).verdict == "unsafe"
    assert run_of(lambda: 1, pays(5)).verdict == "unsafe"
    assert written.lines == ["paid 5", "paid 5"]


def test_another_level_is_unsafe(written: Written) -> None:
    def warns() -> int:
        AUDIT.warning("paid %s", 5)
        return 1

    run = run_of(pays(5), warns)
    assert "level" in " ".join(one.place for one in run.divergences)


def test_a_field_is_compared_where_it_is_named(written: Written) -> None:
    def path(user: str) -> Callable[[], int]:
        def logs() -> int:
            AUDIT.info("paid", extra={"user": user})
            return 1

        return logs

    assert run_of(path("ann"), path("bob")).verdict == "match"
    assert run_of(path("ann"), path("bob"), fields=["user"]).verdict == "unsafe"


def test_lines_of_other_loggers_are_no_effects(written: Written) -> None:
    def path(text: str) -> Callable[[], int]:
        def logs() -> int:
            SHOP.info(text)
            logging.getLogger("auditor").error(text)
            return 1

        return logs

    run = run_of(path("a"), path("b"))
    assert not [one for one in run.divergences if one.place.startswith("effects")]


def test_a_logger_that_is_off_writes_nothing_and_does_nothing(written: Written) -> None:
    AUDIT.setLevel(logging.ERROR)
    assert run_of(pays(5), pays(6)).verdict == "match"
    AUDIT.setLevel(logging.DEBUG)
    AUDIT.disabled = True

    def handled(text: str) -> int:
        AUDIT.handle(AUDIT.makeRecord(AUDIT.name, logging.INFO, "shop.py", 1, text, (), None))
        return 1

    try:
        assert run_of(pays(5), pays(6)).verdict == "match"
        assert run_of(lambda: handled("a"), lambda: handled("b")).verdict == "match"
    finally:
        AUDIT.disabled = False


def test_lines_of_pools_and_of_async_paths_are_effects(written: Written) -> None:
    def pooled() -> int:
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(pays(5)).result()

    async def awaited(cents: int) -> int:
        await asyncio.sleep(0)
        return pays(cents)()

    assert run_of(pooled, pooled).verdict == "match"
    assert run_of(pooled, lambda: 1).verdict == "unsafe"

    async def other(cents: int) -> int:
        return await awaited(cents + 1)

    stages = {"CHANGEOVER_STAGE_S": "shadow", "CHANGEOVER_STAGE_T": "shadow"}
    runs: list[Run] = []
    migration = Migration(environment=stages, sink=runs.append)
    migration.use("logging", effects=["audit"])
    asyncio.run(migration.seam("s", legacy=awaited, candidate=awaited)(5))
    asyncio.run(migration.seam("t", legacy=awaited, candidate=other)(5))
    assert [str(run.verdict) for run in runs] == ["match", "unsafe"]


def test_all_lines_of_a_logger_are_kept_where_that_is_asked(written: Written) -> None:
    def path() -> int:
        SHOP.debug("looks")
        SHOP.warning("low on stock")
        return 1

    def kept(run: Run) -> tuple[list[str], list[str]]:
        assert run.legacy is not None
        assert run.candidate is not None
        return [one.text for one in run.legacy.logged], [one.text for one in run.candidate.logged]

    assert kept(run_of(path, path)) == (["low on stock"], ["looks", "low on stock"])
    assert kept(run_of(path, path, keeps=["shop"])) == (["looks", "low on stock"],) * 2


def test_outside_of_runs_lines_go_where_they_go(written: Written) -> None:
    Migration().use("logging", effects=["audit"])
    pays(5)()
    assert written.lines == ["paid 5"]


@pytest.mark.parametrize("option", ["effects", "fields", "keeps"])
@pytest.mark.parametrize("names", ["audit", [3], [""]])
def test_names_that_are_none_are_refused(option: str, names: Any) -> None:
    with pytest.raises(DeclarationError, match=f"{option} was"):
        Migration().use("logging", **{option: names})
