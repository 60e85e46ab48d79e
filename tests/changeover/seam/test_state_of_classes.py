"""What a class keeps for all of its objects is in no copy: a run that changes it is no comparison."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict

STAGES, MODES = ["shadow", "live"], ["inline", "background"]


class Totals:
    def __init__(self) -> None:
        self.made = 0


class Base:
    below: list[int] = []  # noqa: RUF012  what this is about


def made() -> Any:
    class Shop(Base):
        count = 0
        first = True
        names: list[str] = []  # noqa: RUF012
        rows: dict[str, list[int]] = {"a": []}  # noqa: RUF012
        last: deque[int] = deque()  # noqa: RUF012
        totals = Totals()

        def answer(self, number: int) -> Any:
            return number

        @classmethod
        def asked(cls, number: int) -> Any:
            return number

    Base.below = []
    return Shop


Change = Callable[[Any, int], Any]


def counts(cls: Any, number: int) -> None:
    cls.count += 1


def appends(cls: Any, number: int) -> None:
    cls.names.append("one")


def fills(cls: Any, number: int) -> None:
    cls.rows["a"].append(number)


def remembers(cls: Any, number: int) -> None:
    cls.last.append(number)


def totals(cls: Any, number: int) -> None:
    cls.totals.made += 1


def of_base(cls: Any, number: int) -> None:
    Base.below.append(number)


def once(cls: Any, number: int) -> Any:
    was = cls.first
    cls.first = False
    return was


def put_back(cls: Any, number: int) -> None:
    cls.names.append("one")
    cls.names.pop()


def compared(seam: str, legacy: Change, candidate: Change, stage: str, mode: str) -> Run:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append, mode=mode)
    cls = made()

    def path(change: Change) -> Any:
        return lambda owner, number: change(owner if isinstance(owner, type) else type(owner), number)

    static = classmethod(path(legacy)) if seam == "asked" else path(legacy)
    setattr(cls, seam, static)
    migration.wrap(cls, seam, candidate=path(candidate), name="s")
    getattr(cls if seam == "asked" else cls(), seam)(1)
    migration.flush()
    migration.close()
    return runs[0]


CHANGES = [counts, appends, fills, remembers, totals, of_base, once]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seam", ["answer", "asked"], ids=["method", "class method"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_run_that_changes_it_has_failed_and_names_it(
    change: Change, seam: str, mode: str, stage: str
) -> None:
    run = compared(seam, change, change, stage, mode)
    assert run.verdict is Verdict.FAILED
    assert "is kept by the class, which is handed over as it is" in str(run.reason)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("side", ["legacy", "candidate"])
def test_what_one_path_alone_changes_there_is_no_match(side: str, stage: str) -> None:
    def nothing(cls: Any, number: int) -> None:
        return None

    paths = (counts, nothing) if side == "legacy" else (nothing, counts)
    assert compared("answer", *paths, stage, "inline").verdict is Verdict.FAILED


def test_what_stands_there_and_does_not_change_fails_nothing() -> None:
    def reads(cls: Any, number: int) -> Any:
        return [cls.count, cls.names, cls.rows, cls.first]

    for change in (reads, put_back):
        run = compared("answer", change, change, "shadow", "inline")
        assert run.verdict is not Verdict.FAILED, run.reason
