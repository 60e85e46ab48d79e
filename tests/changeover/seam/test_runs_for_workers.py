"""In the mode `worker` the program records, and the other path runs in another process or not at all."""

import asyncio
import json
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run, Side, fresh
from changeover.record.codec import CodecError
from changeover.record.recorded_run import RecordedRun
from changeover.record.recorded_run_reading import is_open, read_addendum, read_recorded
from changeover.seam.runs_for_workers import Digests, ElsewhereRuns, Taken
from changeover.spool.frame import FrameKind
from changeover.values.limits import Limits
from changeover.values.observation import Raised, Returned


class Depot:
    """The world."""

    def __init__(self) -> None:
        self.orders: list[tuple[str, int]] = []

    def held(self, item: str) -> int:
        return 3

    def order(self, item: str, quantity: int) -> str:
        self.orders.append((item, quantity))
        return f"order of {quantity}"


@dataclass
class Line:
    item: str
    price: Decimal


class Recorder:
    """A migration whose spool is a list; `full` lets it take nothing."""

    def __init__(self, *, in_process: bool = True, stage: str = "shadow", **options: Any) -> None:
        self.frames: list[tuple[FrameKind, bytes]] = []
        self.problem: str | None = None
        self.settled = 0
        self.runs: list[Run] = []
        self.full = False
        environment = {"CHANGEOVER_STAGE_S": stage}
        options = {"mode": "background", "environment": environment, "sink": self.runs.append, **options}
        self.migration = Migration(refresh_s=0, **options)
        self.depot = Depot()
        self.migration.port(
            "depot", self.depot, effects={"order": lambda item, quantity: item}, reads={"held"}
        )
        runtime = self.migration.runtime
        self.taken = ElsewhereRuns(
            runtime,
            self.migration.codec,
            self,
            Digests("all", {Side.LEGACY: "old"}),
            in_process=in_process,
        )
        runtime.recorded = self.taken

    def append(self, kind: FrameKind, payload: bytes) -> bool:
        if not self.full:
            self.frames.append((kind, payload))
        return not self.full

    def settle(self, *, elsewhere: int = 0, given_up: int = 0) -> None:
        self.settled += elsewhere

    def read(self, number: int = 0) -> RecordedRun:
        _, payload = self.frames[number]
        return read_recorded(payload, self.migration.codec, self.migration.runtime.book)

    def flush(self) -> None:
        self.migration.flush()


def _refused(*args: Any, **kwargs: Any) -> Any:
    raise AssertionError("the other path ran in the program")


refused: Any = _refused


def test_a_run_is_written_down_once_and_the_other_path_does_not_run() -> None:
    recorder = Recorder()

    def refill(line: Line, quantity: int, *, unit: str = "piece") -> dict[str, Any]:
        recorder.depot.held(line.item)
        recorder.depot.order(line.item, quantity)
        line.price += 1
        return {"line": line, "quantity": quantity}

    seam = recorder.migration.seam(
        "s",
        legacy=refill,
        candidate=refused,
        key=lambda line, *_, **__: line.item,
        tags=lambda *_, **__: ["usual"],
    )
    line = Line("nails", Decimal("2.50"))

    seam(line, 7, unit="box")
    recorder.flush()

    run = recorder.read()
    assert recorder.runs == []
    assert recorder.taken.counts == {("s", Taken.RECORDED): 1}
    assert (run.args, run.kwargs) == ((Line("nails", Decimal("2.50")), 7), {"unit": "box"})
    assert run.outcome == Returned({"line": Line("nails", Decimal("3.50")), "quantity": 7})
    assert run.changed == {"arguments": {"line": Line("nails", Decimal("3.50"))}}
    assert [(entry.method.full_name, entry.args) for entry in run.tape.entries] == [
        ("depot.held", ("nails",)),
        ("depot.order", ("nails", 7)),
    ]
    assert [entry.outcome for entry in run.tape.entries] == [Returned(3), Returned("order of 7")]
    passage = run.passage
    assert (passage.seam, passage.phase, passage.population) == ("s", "s", "production")
    assert (passage.answered_by, passage.code, passage.answering_code) == (Side.LEGACY, "all", "old")
    assert passage.tags == ("usual",)
    assert passage.pins.key == "nails"
    assert str(passage.pins.setting("s")) == "shadow"
    assert run.own_time_s > 0


def test_what_the_path_raised_is_written_with_its_place_and_the_caller_gets_it() -> None:
    recorder = Recorder()

    def fails(number: int) -> None:
        raise LookupError("no such shelf", number)

    seam = recorder.migration.seam("s", legacy=fails, candidate=refused)

    with pytest.raises(LookupError, match="no such shelf"):
        seam(4)

    outcome = recorder.read().outcome
    assert isinstance(outcome, Raised)
    assert outcome.error.args == ("no such shelf", 4)
    assert outcome.raised_at is not None
    assert "test_runs_for_workers.py" in outcome.raised_at


def test_random_numbers_and_decimal_settings_of_the_path_are_handed_over() -> None:
    import decimal
    import random

    recorder = Recorder()
    seam = recorder.migration.seam("s", legacy=lambda: random.random(), candidate=refused)  # noqa: S311

    with decimal.localcontext(prec=7):
        seam()

    run = recorder.read()
    assert run.tape.decimals is not None
    assert run.tape.decimals.prec == 7
    drawn = random.Random()  # noqa: S311
    drawn.setstate(run.tape.random_states["random"])
    assert run.outcome == Returned(drawn.random())


def cannot_be_written(recorder: Recorder) -> Callable[[], Any]:
    class Local:
        """No other process has it."""

        def __init__(self) -> None:
            self.number = 1

    seam = recorder.migration.seam("s", legacy=lambda given: 1, candidate=lambda given: 1)
    return lambda: seam(Local())


def is_a_method(recorder: Recorder) -> Callable[[], Any]:
    class Shelf:
        def refill(self, number: int) -> int:
            return number

    recorder.migration.wrap(Shelf, "refill", candidate=lambda self, number: number, name="s")
    shelf = Shelf()
    return lambda: shelf.refill(3)


@pytest.mark.parametrize("call_of", [cannot_be_written, is_a_method])
class TestWhatCannotBeReplayedElsewhere:
    def test_is_compared_in_the_program_and_counted_apart(
        self, call_of: Callable[[Recorder], Callable[[], Any]]
    ) -> None:
        recorder = Recorder()

        call_of(recorder)()
        recorder.flush()

        assert recorder.frames == []
        assert [run.verdict for run in recorder.runs] == ["match"]
        assert recorder.taken.counts == {("s", Taken.HERE): 1}
        assert any("cannot be replayed by a worker" in problem for problem in recorder.migration.problems)

    def test_has_failed_with_the_reason_where_the_program_may_not_compare(
        self, call_of: Callable[[Recorder], Callable[[], Any]]
    ) -> None:
        recorder = Recorder(in_process=False)

        call_of(recorder)()
        recorder.flush()

        assert recorder.frames == []
        assert [run.verdict for run in recorder.runs] == ["failed"]
        assert str(recorder.runs[0].reason).startswith("cannot be replayed elsewhere: ")
        assert recorder.taken.counts == {("s", Taken.REFUSED): 1}


def test_a_run_that_the_spool_does_not_take_is_counted_and_harms_no_caller() -> None:
    recorder = Recorder()
    recorder.full = True
    seam = recorder.migration.seam("s", legacy=lambda: 1, candidate=refused)

    assert seam() == 1
    recorder.flush()

    assert [(run.verdict, run.reason) for run in recorder.runs] == [
        ("unpaired", "dropped: it could not be written to the spool")
    ]
    assert recorder.taken.counts == {("s", Taken.DROPPED): 1}
    assert recorder.settled == 1


def test_a_spool_that_raises_harms_no_caller_and_the_run_has_failed() -> None:
    recorder = Recorder()
    seam = recorder.migration.seam("s", legacy=lambda: 1, candidate=refused)

    def broken(kind: FrameKind, payload: bytes) -> bool:
        raise OSError("no spool")

    recorder.append = broken  # type: ignore[method-assign]

    assert seam() == 1
    recorder.flush()

    assert [run.verdict for run in recorder.runs] == ["failed"]
    assert "no spool" in str(recorder.runs[0].reason)


def test_too_large_an_argument_costs_the_caller_no_more_than_the_budget_and_has_failed() -> None:
    recorder = Recorder(limits=Limits(record_seconds_max=1e-9))
    rows = [{"number": number, "name": f"row {number}", "price": Decimal(number)} for number in range(50_000)]
    seam = recorder.migration.seam("s", legacy=lambda given: len(given), candidate=refused)

    assert seam(rows) == 50_000
    recorder.flush()

    assert recorder.frames == []
    assert [run.verdict for run in recorder.runs] == ["failed"]
    assert "record_seconds_max" in str(recorder.runs[0].reason)


def test_work_that_outlives_the_answer_is_in_the_record() -> None:
    recorder = Recorder()
    go_on, ended = threading.Event(), threading.Event()

    def later() -> None:
        go_on.wait(60)
        recorder.depot.order("nails", 1)
        ended.set()

    def legacy() -> int:
        threading.Thread(target=later).start()
        return 1

    seam = recorder.migration.seam("s", legacy=legacy, candidate=refused)
    seam()
    assert [is_open(payload) for _, payload in recorder.frames] == [True]
    go_on.set()
    assert ended.wait(60)
    recorder.flush()

    run = recorder.read(1)
    assert [entry.method.name for entry in run.tape.entries] == ["order"]
    assert run.passage.id == read_addendum(recorder.frames[0][1]).passage.id


def test_work_that_acts_after_the_record_is_told_behind_it() -> None:
    recorder = Recorder(linger_s=0.0)
    go_on, ended = threading.Event(), threading.Event()

    def later() -> None:
        go_on.wait(60)
        recorder.depot.order("nails", 1)
        ended.set()

    def legacy() -> int:
        threading.Thread(target=later).start()
        return 1

    seam = recorder.migration.seam("s", legacy=legacy, candidate=refused)
    seam()
    recorder.flush()
    assert [kind for kind, _ in recorder.frames] == [FrameKind.RECORDED, FrameKind.ADDENDUM]
    go_on.set()
    assert ended.wait(60)

    assert [kind for kind, _ in recorder.frames][2:] == [FrameKind.ADDENDUM]
    added = read_addendum(recorder.frames[-1][1])
    assert added.passage.id == recorder.read(1).passage.id
    assert "depot.order" in str(added.reason)


def test_an_async_seam_is_recorded_as_well() -> None:
    recorder = Recorder()

    async def legacy(number: int) -> int:
        await asyncio.sleep(0)
        return recorder.depot.held("nails") + number

    seam = recorder.migration.seam("s", legacy=legacy, candidate=refused)

    assert asyncio.run(seam(4)) == 7
    assert recorder.read().outcome == Returned(7)


def test_a_path_that_is_built_anew_answers_and_is_recorded() -> None:
    recorder = Recorder(stage="live")
    seam: Any = recorder.migration.seam(
        "s", legacy=refused, candidate=fresh(lambda ports: lambda: ports.depot.held("nails"))
    )

    assert seam() == 3
    assert recorder.read().passage.answered_by is Side.CANDIDATE


def test_a_comparison_in_the_same_process_is_not_recorded() -> None:
    recorder = Recorder()
    seam = recorder.migration.seam("s", legacy=lambda number: 1, candidate=lambda number: 1)
    from changeover.evidence.program_interface import comparison_runtime

    with recorder.migration.runtime.replaced_by(comparison_runtime(recorder.migration, None)):
        seam(1)

    assert recorder.frames == []
    assert recorder.migration.counts == {("s", "match"): 1}


@pytest.mark.parametrize(("population", "records"), [("production", True), ("recorded", False)])
def test_a_program_under_test_compares_where_the_test_waits(
    tmp_path: Path, population: str, *, records: bool
) -> None:
    migration = Migration(
        directory=tmp_path / "migration", environment={"CHANGEOVER_POPULATION": population}, mode="worker"
    )
    assert (migration.runtime.recorded is not None) == records
    assert (migration.runtime.background is not None) == records


def test_without_a_folder_there_is_no_spool_and_runs_are_compared_in_the_background() -> None:
    migration = Migration(mode="worker", environment={})
    assert migration.runtime.recorded is None
    assert migration.runtime.background is not None
    assert "mode worker needs the folder of a migration" in migration.problems[0]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data | {"schema_version": 99},
        lambda data: data | {"calls": [{"port": "gone", "method": "held", "returned": 1}]},
        lambda data: data | {"args": {"$": "record", "t": "no.such.Class", "v": {}}},
        lambda data: data | {"stages": 7},
        lambda data: data | {"at": "yesterday"},
        lambda data: data | {"more": 1},
    ],
)
def test_a_damaged_record_is_said_to_be_one(damage: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    from changeover import ConfigurationError

    recorder = Recorder()
    recorder.migration.seam("s", legacy=lambda number: 1, candidate=refused)(5)
    damaged = json.dumps(damage(json.loads(recorder.frames[0][1]))).encode()

    with pytest.raises((ConfigurationError, CodecError)):
        read_recorded(damaged, recorder.migration.codec, recorder.migration.runtime.book)


def test_what_the_path_gave_to_a_thread_of_the_program_is_written_as_well() -> None:
    recorder = Recorder()
    jobs: queue.Queue[Any] = queue.Queue()
    worker = threading.Thread(target=lambda: [*iter(jobs.get, None)])
    worker.start()

    def gives(number: int) -> int:
        jobs.put(number)
        return number

    recorder.migration.seam("s", legacy=gives, candidate=refused)(1)
    recorder.flush()
    jobs.put(None)
    worker.join()
    what = "a thread of the program works off what the path puts into a Queue"
    assert recorder.read().tape.handed_over == (what,)
