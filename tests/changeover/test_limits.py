"""What `docs/limits.md` says cannot be promised, where no other test shows it; each row has a test."""

from __future__ import annotations

import asyncio
import contextvars
import ctypes
import functools
import json
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.evidence.scenario_replay import codec_of, replayed_scenarios, stored_scenarios
from changeover.record.codec import Codec
from changeover.record.scenario_file import scenario_of, to_line, write_lines
from changeover.redaction.redactor import Redactor
from changeover.seam.judge import Judgement
from changeover.values.copying import snapshot
from changeover.values.libraries import numpy_values
from changeover.values.limits import Limits
from changeover.values.verdict import Verdict
from tests.changeover.support.doc_pages import DOCS
from tests.changeover.support.named_tests import existing_tests, named_tests, rows_of_tables
from tests.changeover.support.projects import Shop

LIMITS = "limits.md"
SECRET = "hunter22"


def test_every_row_of_every_table_names_a_test_that_there_is() -> None:
    rows = rows_of_tables(LIMITS)
    assert len(rows) > 30
    assert [row for row in rows if not named_tests(row)] == []
    assert named_tests((DOCS / LIMITS).read_text("utf-8")) - existing_tests() == set()


def shadowing(legacy: Any, candidate: Any, **options: Any) -> tuple[Any, list[Run]]:
    runs: list[Run] = []
    options = {
        "environment": {"CHANGEOVER_STAGE_S": "shadow"},
        "refresh_s": 0,
        "sink": runs.append,
        **options,
    }
    return Migration(**options).seam("s", legacy=legacy, candidate=candidate), runs


def redacted(value: Any, *paths: str) -> str:
    """How the answer of a run is written, where the environment holds the secret."""
    seam, runs = shadowing(lambda given: value, lambda given: value)
    seam(1)
    run = Redactor.of(paths, {"SHOP_TOKEN": SECRET}, None).run(runs[0])
    return to_line(scenario_of(run), Codec())


def test_a_client_in_c_acts_by_itself(tmp_path: Path) -> None:
    made = str(tmp_path / "made").encode()
    library = ctypes.CDLL(None)
    seam, runs = shadowing(lambda number: 0, lambda number: library.mkdir(made, 0o700))
    seam(3)
    assert (tmp_path / "made").is_dir()
    assert runs[0].verdict is Verdict.MATCH


def test_a_clock_past_a_port_is_a_difference_that_no_code_explains() -> None:
    seam, runs = shadowing(lambda number: time.perf_counter_ns(), lambda number: time.perf_counter_ns())
    seam(3)
    assert [found.place for found in runs[0].divergences] == ["result"]


def test_looks_of_the_toolkit_move_a_clock_that_ticks_with_each_look() -> None:
    freezegun = pytest.importorskip("freezegun")
    seam, runs = shadowing(lambda number: time.time(), lambda number: time.time())
    with freezegun.freeze_time("2024-01-01", auto_tick_seconds=15):
        first, second = seam(3), seam(3)
    assert second - first > 15
    assert {run.verdict for run in runs} == {Verdict.DIVERGED}
    off, _ = shadowing(
        lambda number: time.time(), lambda number: 0, environment={"CHANGEOVER_STAGE_S": "off"}
    )
    with freezegun.freeze_time("2024-01-01", auto_tick_seconds=15):
        assert off(3) + 15 == off(3)


def test_an_object_that_is_asked_by_is_is_another_one_in_a_replay() -> None:
    class Mode:
        """Made at run time: it stands in no module."""

    fast = Mode()
    seam, runs = shadowing(lambda mode: mode is fast, lambda mode: mode is fast)
    assert seam(fast) is True
    assert runs[0].verdict is Verdict.DIVERGED


class Part:
    pass


class Named:
    def __init__(self) -> None:
        self.orders = [Part()]
        self.by_id = {id(order): 7 for order in self.orders}


def test_an_object_that_is_named_by_its_id_is_another_one_in_a_replay() -> None:
    seam, runs = shadowing(
        lambda given: [given.by_id[id(order)] for order in given.orders],
        lambda given: [*(given.by_id[id(order)] for order in given.orders)],
    )
    assert seam(Named()) == [7]
    assert runs[0].verdict is Verdict.DIVERGED


REGISTRY: dict[Part, int] = {}


def test_what_is_kept_for_an_object_outside_of_it_is_not_there_for_its_copy() -> None:
    part = Part()
    REGISTRY[part] = 7
    seam, runs = shadowing(lambda given: REGISTRY.get(given), lambda given: REGISTRY.get(given))
    assert seam(part) == 7
    assert runs[0].verdict is Verdict.DIVERGED


KEPT: list[int] = []


def test_what_only_one_path_keeps_in_its_module_is_in_no_run() -> None:
    def candidate(number: int) -> int:
        KEPT.append(number)
        return number

    seam, runs = shadowing(lambda number: number, candidate)
    seam(1)
    assert runs[0].verdict is Verdict.MATCH
    assert KEPT == [1]


TENANT: contextvars.ContextVar[str] = contextvars.ContextVar("tenant", default="nobody")


def test_a_context_variable_that_a_path_sets_is_not_compared_and_stays_as_it_was_answered() -> None:
    def path(name: str) -> Callable[[int], int]:
        def called(number: int) -> int:
            TENANT.set(name)
            return number

        return called

    seam, runs = shadowing(path("a"), path("b"))

    def program() -> str:
        seam(3)
        return TENANT.get()

    assert contextvars.copy_context().run(program) == "a"
    assert runs[0].verdict is Verdict.MATCH


def test_a_logger_module_class_function_or_loop_is_handed_over_as_it_is() -> None:
    loop = asyncio.new_event_loop()
    try:
        for inert in (logging.getLogger("shop"), json, Clock, shadowing, len, loop):
            assert snapshot([inert])[0] is inert
    finally:
        loop.close()


def test_what_a_frozen_object_remembers_beside_its_fields_is_remembered_for_all() -> None:
    @dataclass(frozen=True)
    class Order:
        number: int

        @cached_property
        def twice(self) -> int:
            return 2 * self.number

    order = Order(1)
    seam, runs = shadowing(lambda order: 2, lambda order: order.twice)
    seam(order)
    assert (vars(order)["twice"], runs[0].verdict) == (2, Verdict.MATCH)


def test_the_hash_of_a_copied_key_is_asked() -> None:
    hashed: list[int] = []

    class Key:
        def __hash__(self) -> int:
            hashed.append(id(self))
            return 1

    key = Key()
    snapshot({key: 1})
    assert set(hashed) - {id(key)}


def test_large_views_and_columns_of_a_table_are_copied_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    monkeypatch.setattr(numpy_values, "SHARED_BYTES_MAX", 16)
    whole = numpy.zeros(4)
    first, part = snapshot((whole[:3], whole[1:]))
    first[1] = 5
    assert part[0] == 0
    table = pandas.DataFrame({"a": [1, 2]})
    row = table["a"].to_numpy(copy=False)
    assert numpy.shares_memory(row, table["a"].to_numpy(copy=False))
    copied, column = snapshot((table, row))
    assert not numpy.shares_memory(column, copied["a"].to_numpy(copy=False))


@pytest.mark.parametrize("mode", ["inline", "background"])
def test_copies_that_take_too_long_fail_the_run_of_a_program_that_serves(mode: str) -> None:
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": "shadow"}
    migration = Migration(
        limits=Limits(record_seconds_max=0.0),
        environment=environment,
        refresh_s=0,
        sink=runs.append,
        mode=mode,
    )
    seam = migration.seam("s", legacy=len, candidate=len)
    assert seam([[number] for number in range(5_000)]) == 5_000
    migration.close()
    assert runs[0].verdict is Verdict.FAILED
    assert "record_seconds_max" in (runs[0].reason or "")


def test_a_judge_of_ones_own_is_not_sealed() -> None:
    rung: list[int] = []

    class Bell:
        def ring(self) -> None:
            rung.append(1)

    bell = Bell()
    runs: list[Run] = []

    def judge(facts: object) -> Judgement:
        bell.ring()
        return Judgement(Verdict.MATCH, ())

    environment = {"CHANGEOVER_STAGE_S": "shadow"}
    migration = Migration(judge=judge, environment=environment, refresh_s=0, sink=runs.append)
    migration.port("bell", bell, effects={"ring"})
    migration.seam("s", legacy=lambda number: number, candidate=lambda number: number)(3)
    assert rung == [1]
    assert runs[0].verdict is Verdict.MATCH


class Clock:
    def now(self) -> float:
        return 1.0


def test_a_clock_that_was_never_asked_is_not_on_a_stored_tape(tmp_path: Path) -> None:
    clock, asks = Clock(), [False]
    runs: list[Run] = []

    def candidate(number: int) -> int:
        return number + int(clock.now()) if asks[0] else number

    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    migration.port("clock", clock, clock={"now"})
    migration.seam("s", legacy=lambda number: number, candidate=candidate)(3)
    write_lines(tmp_path / "kept.jsonl", [to_line(scenario_of(runs[0]), codec_of(migration))])
    asks[0] = True
    scenarios, _ = stored_scenarios(migration, tmp_path)
    [(_, run)] = replayed_scenarios(migration, scenarios)
    assert run.verdict is Verdict.FAILED
    assert "clock.now" in str(run.divergences)


def test_what_late_work_does_past_every_port_is_in_no_run() -> None:
    go, done = threading.Event(), []
    threads: list[threading.Thread] = []

    def leaving(what: str) -> Callable[[int], int]:
        def late() -> None:
            go.wait(5)
            done.append(what)

        def path(number: int) -> int:
            threads.append(threading.Thread(target=late))
            threads[-1].start()
            return number

        return path

    runs: list[Run] = []
    migration = Migration(
        environment={"CHANGEOVER_STAGE_S": "shadow"},
        refresh_s=0,
        sink=runs.append,
        mode="background",
        linger_s=0.01,
    )
    migration.seam("s", legacy=leaving("sent"), candidate=leaving("forgotten"))(3)
    migration.close()
    go.set()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["forgotten", "sent"]
    assert [run.verdict for run in runs] == [Verdict.MATCH]


def test_a_secret_that_nothing_names_is_not_found() -> None:
    assert "geheim99" in redacted({"note": "geheim99"})


def test_a_secret_that_was_transformed_is_not_found() -> None:
    assert SECRET[::-1] in redacted({"note": SECRET[::-1]})
    assert SECRET not in redacted({"note": SECRET})


def test_a_secret_in_the_name_of_a_type_is_not_found() -> None:
    seam, runs = shadowing(lambda number: 1, lambda number: 2)
    seam(type(SECRET, (), {})())
    arguments = Redactor.of((), {"SHOP_TOKEN": SECRET}, None).run(runs[0]).arguments
    assert type(arguments["number"]).__name__ == SECRET


def test_a_secret_that_an_error_keeps_in_c_is_found() -> None:
    """It was a limit once."""
    for error in (ImportError("no", name=SECRET), OSError(2, "no", SECRET), StopIteration(SECRET)):
        assert SECRET not in redacted(error)


def test_files_that_are_compared_are_shown_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", SECRET)
    for name, token in (("old", SECRET), ("new", "other")):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"id": 1, "token": token}) + "\n")
    assert SECRET in Shop(tmp_path).run("diff", "old.jsonl", "new.jsonl", "--by", "id").out


def test_lines_of_the_program_are_written_as_they_are(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", SECRET)

    def path(number: int) -> int:
        logging.getLogger("shop").warning("with %s", SECRET)
        return number

    shadowing(path, path)[0](3)
    assert [line for line in caplog.messages if SECRET in line] == [f"with {SECRET}"]


class Rates:
    def __init__(self) -> None:
        self.asked = 0

    @functools.cache  # noqa: B019  this is what is shown
    def rate(self, country: str) -> int:
        self.asked += 1
        return self.asked


def test_a_cached_method_computes_anew_for_the_copy_of_its_object() -> None:
    rates = Rates()
    seam, runs = shadowing(lambda given: given.rate("DE"), lambda given: given.rate("DE"))
    assert (seam(rates), seam(rates)) == (1, 1)
    assert [run.verdict for run in runs] == [Verdict.MATCH, Verdict.DIVERGED]
    assert rates.asked == 1


def test_the_copy_of_an_entity_knows_no_session() -> None:
    orm = pytest.importorskip("sqlalchemy.orm")
    sqlalchemy = pytest.importorskip("sqlalchemy")
    base = orm.declarative_base()
    row = type(
        "Row",
        (base,),
        {"__tablename__": "rows", "id": sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)},
    )
    engine = sqlalchemy.create_engine("sqlite://")
    base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        session.add(row(id=1))
        session.commit()
        seam, runs = shadowing(
            lambda given: orm.object_session(given) is not None,
            lambda given: bool(orm.object_session(given)),
        )
        assert seam(session.get(row, 1)) is True
    assert runs[0].verdict is Verdict.DIVERGED
