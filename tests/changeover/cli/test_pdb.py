"""`compare --run X --pdb` stops in the replayed path where it parts from the other one."""

import sys
from io import StringIO
from pathlib import Path

import pytest

from tests.changeover.support.production_runs import runs_of, sell
from tests.changeover.support.projects import Answer, Shop, shop_in

ASYNC = """
from decimal import Decimal
from pathlib import Path
from changeover import Case, Migration


class Depot:
    def __init__(self):
        self.orders = []

    async def held(self, item):
        return 4

    async def order(self, item, quantity):
        self.orders.append((item, quantity))


depot = Depot()
migration = Migration.load(Path(__file__).parent / "migration")
migration.port("depot", depot, effects={"order": lambda item, quantity: item}, reads={"held"})


async def legacy(item):
    held = await depot.held(item)
    await depot.order(item, 10 - held)
    return {"cost": Decimal("1.00")}


async def candidate(item):
    held = await depot.held(item)
    wanted = 10 if item == "pears" else 10 - held
    await depot.order(item, wanted)
    if item == "plums":
        raise LookupError("no plums")
    rounded = Decimal("1.05")
    return {"cost": rounded}


refill = migration.seam("shelf.refill", legacy=legacy, candidate=candidate)


@migration.source("days", population="generated", unit="days")
def days(options):
    import asyncio

    for item in ("apples", "pears", "plums"):
        yield Case(item, lambda item=item: asyncio.run(refill(item)))
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


@pytest.fixture
def async_shop(tmp_path: Path) -> Shop:
    shop = shop_in(tmp_path)
    (tmp_path / "shop.py").write_text(ASYNC)
    return shop


def typed(
    patch: pytest.MonkeyPatch, shop: Shop, *lines: str, run: str = "days/day-01", planted: str = ""
) -> Answer:
    patch.setattr(sys, "stdin", StringIO("".join(f"{line}\n" for line in lines)))
    return shop.run("compare", "--run", run, "--pdb", planted=planted)


def test_it_stops_at_the_effect_that_differs_in_the_frame_that_makes_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = typed(monkeypatch, shop, "p 'missing', missing", "where", "c", planted="whole")
    assert done.code == 1
    assert "shelf.refill: the candidate path, replayed, at its call 3" in done.err
    assert "effects.depot.order[apples].quantity   42 -> 60" in done.err
    assert "('missing', 60)" in done.err
    assert "-> depot.order(item, missing)" in done.err
    assert "shelf.refill" in done.out
    assert "UNSAFE" in done.out


def test_it_goes_on_step_by_step_in_the_programs_own_lines(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = typed(monkeypatch, shop, "n", "n", "p 'left'", "q", planted="whole")
    assert '-> depot.note(f"{item}: {missing}")' in done.err
    assert '-> return {"item": item' in done.err
    assert "'left'" in done.err


def test_where_the_result_alone_differs_it_stops_at_the_return(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = shop.root / "shop.py"
    before, candidate = app.read_text().split("def candidate")
    app.write_text(f"{before}def candidate{candidate.replace('cost}', 'cost + 1}')}")
    done = typed(monkeypatch, shop, "p 'more', __return__['cost'] - cost", "c")
    assert "shelf.refill: the candidate path, replayed, at its return" in done.err
    assert "('more', Decimal('1.00'))" in done.err


def test_where_a_path_raises_it_stops_there(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    done = typed(monkeypatch, shop, "p 'target', target", planted="raises")
    assert "where it raised LookupError" in done.err
    assert '-> raise LookupError("no such shelf")' in done.err
    assert "('target', 60)" in done.err


def test_a_question_without_an_answer_is_stopped_at(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    done = typed(monkeypatch, shop, "c", planted="question")
    assert done.code == 3
    assert "not compared: read-missing depot.held" in done.err
    assert '-> held = depot.held(item, unit="crate")' in done.err


def test_what_is_called_at_the_prompt_reaches_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    done = typed(
        monkeypatch,
        shop,
        "p depot.order('apples', 999)",
        "p 'really', [one for one in depot.orders if one[1] == 999]",
        "c",
        planted="whole",
    )
    assert "('really', [])" in done.err


def test_where_nothing_differs_it_does_not_stop(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    done = typed(monkeypatch, shop, "p 'asked'")
    assert done.code == 0
    assert "'asked'" not in done.err


@pytest.mark.parametrize(
    ("item", "where", "line"),
    [
        ("pears", "at its call 2", "-> await depot.order(item, wanted)"),
        ("apples", "at its return", '-> return {"cost": rounded}'),
        ("plums", "where it raised LookupError", '-> raise LookupError("no plums")'),
    ],
)
def test_a_coroutine_is_stopped_likewise(
    async_shop: Shop, item: str, where: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = typed(monkeypatch, async_shop, "p 'held', held", "c", run=f"days/{item}")
    assert f"shelf.refill: the candidate path, replayed, {where}" in done.err
    assert line in done.err
    assert "('held', 4)" in done.err


def test_a_stored_run_of_production_is_stopped_likewise(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    sell(shop, 18, planted="whole")
    done = typed(monkeypatch, shop, "p 'missing', missing", "c", run=runs_of(shop)[0].name, planted="whole")
    assert "the candidate path, replayed, at its call 3" in done.err
    assert "('missing', 60)" in done.err


def test_it_goes_with_one_case_in_this_process_alone(shop: Shop) -> None:
    alone = shop.run("compare", "--pdb")
    assert (alone.code, "--run" in alone.err) == (2, True)
    jobs = shop.run("compare", "--run", "days/day-01", "--pdb", "--jobs", "2")
    assert (jobs.code, "--jobs" in jobs.err) == (2, True)
