"""What a store counts of its runs is what a full count of them gives, whatever was done to it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, groupby
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from changeover.evidence.store.draining import drain
from changeover.evidence.store.joining import join
from changeover.evidence.store.maintenance import StoreLimits, check_store, prune, usual_limits
from changeover.evidence.store.place import StorePlace, store_path
from changeover.evidence.store.production import DifferingInput, LateTimes, Met, beyond_rank, late_time
from changeover.evidence.store.production_reading import ProductionCounts, production_in
from changeover.evidence.store.records import StoredRun
from changeover.evidence.store.run_payload import run_payload
from changeover.evidence.store.store import reading, spool_folder, writing
from changeover.evidence.store.writing import add_runs, renew_runs
from changeover.spool.frame import FrameKind
from changeover.spool.writer import SpoolWriter
from changeover.values.observation import Side
from changeover.values.verdict import Verdict
from tests.changeover.support.counted_runs import count, runs_in
from tests.changeover.support.evidence_rows import BEGAN, a_run, store_of
from tests.changeover.support.projects import shop_in
from tests.changeover.support.stores import KINDS, in_schema, why_no_server

TODAY = ("c", "r")
UNTIL = BEGAN + timedelta(days=2)


@st.composite
def runs(draw: st.DrawFn) -> StoredRun:
    """One of twelve runs in one of many states."""
    verdict = draw(st.sampled_from(Verdict))
    differs = verdict in (Verdict.UNSAFE, Verdict.DIVERGED, Verdict.WAIVED)
    clusters = draw(st.sampled_from([(), ("ab",), ("ab", "cd")])) if differs else ()
    return a_run(
        draw(st.integers(0, 11)),
        at=BEGAN + timedelta(hours=draw(st.integers(0, 100))),
        seam=draw(st.sampled_from(["till.pay", "till.refund"])),
        stage=draw(st.sampled_from(["shadow", "ramp:5", "live", "off", "sideways"])),
        answered_by=draw(st.sampled_from(Side)),
        verdict=verdict,
        code=draw(st.sampled_from(["c", "d", None])),
        world=draw(st.sampled_from([None, "2:a", "2:b", "1:a", "a"])),
        clusters=clusters,
        unsafe=clusters[:1] if verdict is Verdict.UNSAFE else (),
        reason="dropped" if verdict is Verdict.UNPAIRED else None,
        gave_up=verdict is Verdict.MATCH and draw(st.booleans()),
        legacy_s=draw(st.sampled_from([None, 0.5, 0.25, 1.0])),
        candidate_s=draw(st.sampled_from([None, 0.5, 2.0])),
        renewed_at=draw(st.sampled_from([None, BEGAN])),
    )


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(runs(), min_size=1, max_size=6)),
        st.tuples(st.just("spool"), st.lists(runs(), min_size=1, max_size=6)),
        st.tuples(st.just("renew"), st.lists(runs(), min_size=1, max_size=3)),
        st.tuples(st.just("import"), st.lists(runs(), min_size=1, max_size=3)),
        st.tuples(st.just("forget"), st.integers(1, 4)),
    ),
    min_size=1,
    max_size=8,
)


def counts_of(place: StorePlace, until: datetime | None) -> ProductionCounts:
    with reading(place) as connection:
        return production_in(connection, until, TODAY)


def cut(counts: ProductionCounts) -> tuple[object, ...]:
    """What is asked of the counts, in an order of its own."""
    differing: dict[DifferingInput, int] = {}
    for part in counts.differing:  # those of which the input is not known may come in several parts
        about = replace(part, runs=0)
        differing[about] = differing.get(about, 0) + part.runs
    return (
        sorted(map(repr, counts.groups)),
        sorted(map(repr, counts.inputs)),
        sorted((repr(one), runs_) for one, runs_ in differing.items()),
        late_times(counts.times),
        counts.of_the_future,
    )


def late_times(times: Sequence[LateTimes]) -> dict[object, float]:
    """The time that most runs stay under, of every kind of runs, of every two and of all of a seam.

    What was written at several moments may come in several parts.
    """
    found: dict[object, float] = {}
    for seam in {one.seam for one in times}:
        of_seam = sorted((one for one in times if one.seam == seam), key=lambda one: repr(about(one)))
        kinds = [list(parts) for _, parts in groupby(of_seam, about)]
        for some in (*((one,) for one in kinds), *combinations(kinds, 2), tuple(kinds)):
            parts = [part for kind in some for part in kind]
            for name in ("legacy", "candidate"):
                longest = [getattr(one, name) for one in parts]
                key = (name, *(about(kind[0]) for kind in some))
                found[key] = late_time(longest, sum(one.runs for one in parts))
    return found


def about(one: LateTimes) -> object:
    return (one.seam, one.stage, one.answered_by, one.verdict, one.clusters)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_after_any_course_the_counts_are_those_of_the_runs(
    kind: str, steps: list[tuple[str, object]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp()
    place = empty_store(kind, folder)
    for what, given_ in steps:
        if what == "spool":
            leave_in_spool(place, given_)  # type: ignore[arg-type]
            drain(spool_folder(place), lambda: writing(place))
            continue
        if what == "import":
            join(place, [store_of(folder / f"{uuid4().hex}.db", *given_)])  # type: ignore[misc]
            continue
        with writing(place) as connection:
            if isinstance(given_, int):
                prune(connection, StoreLimits(BEGAN + timedelta(hours=60)), most=given_)
            elif what == "add":
                add_runs(connection, given_)  # type: ignore[arg-type]
            else:
                renew_runs(connection, given_)  # type: ignore[arg-type]
    for until in (None, UNTIL):
        assert cut(counts_of(place, until)) == cut(count(runs_in(place), until, TODAY))
    assert check_store(place).wrong == 0
    assert cut(counts_of(place, UNTIL)) == cut(count(runs_in(place), UNTIL, TODAY))


def leave_in_spool(place: StorePlace, runs_: list[StoredRun]) -> None:
    """As a process does that ends before it wrote anything into the store."""
    writer = SpoolWriter(spool_folder(place).path)
    for run in runs_:
        assert writer.append(FrameKind.VERDICT, run_payload(run)), writer.problem
    writer.close()


def empty_store(kind: str, folder: Path) -> StorePlace:
    """One that a test before this one may have filled."""
    if kind == "sqlite":
        return folder / f"{uuid4().hex}.db"
    if why := why_no_server():
        pytest.skip(why)
    place = store_path(folder, {"CHANGEOVER_STORE": in_schema("counts_of_runs")})
    with writing(place) as connection:
        for table in ("runs", "tallies", "inputs", "kinds", "eras"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608  a name of a table
    return place


def test_a_wrong_count_is_found_and_mended(place: StorePlace) -> None:
    store_of(place, *map(a_run, range(5)))
    assert check_store(place).wrong == 0
    with writing(place) as connection:
        connection.execute("UPDATE tallies SET runs = runs + 1")
        connection.execute("DELETE FROM inputs")
    assert check_store(place).wrong > 0
    assert check_store(place).wrong == 0
    assert cut(counts_of(place, None)) == cut(count(runs_in(place), None, TODAY))


def test_the_command_says_whether_the_counts_were_right(address: str, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    shop = shop_in(tmp_path / "shop")
    place = store_path(tmp_path, {"CHANGEOVER_STORE": address})
    store_of(place, *map(a_run, range(5)))
    answer = shop.run("evidence", "check", CHANGEOVER_STORE=address)
    assert answer.code == 0
    assert "5 runs in production" in answer.out
    assert "every count is right" in answer.out
    with writing(place) as connection:
        connection.execute("UPDATE tallies SET runs = runs + 1")
    found = shop.run("evidence", "check", "--format", "json", CHANGEOVER_STORE=address)
    assert found.out, found.err
    assert (found.code, json.loads(found.out)["wrong"] > 0) == (1, True)
    assert shop.run("evidence", "check", CHANGEOVER_STORE=address).code == 0


def test_the_time_that_95_percent_stay_under_is_that_of_a_sorted_list() -> None:
    for runs_ in (20, 99, 1_000):
        times = [float((number * 7_919) % runs_) for number in range(runs_)]
        half = runs_ // 2
        longest = [
            tuple(sorted(part, reverse=True)[: beyond_rank(runs_)]) for part in (times[:half], times[half:])
        ]
        assert late_time(longest, runs_) == sorted(times)[95 * runs_ // 100]


def test_how_an_input_was_met_is_one_bit_for_stage_and_side() -> None:
    assert Met.of("ramp:5", "legacy", "match") is Met.RAMP_LEGACY
    assert Met.of("complete", "candidate", "tolerated") is Met.OTHER_CANDIDATE
    assert Met.of("shadow", "legacy", "vacuous") is Met.VACUOUS
    assert Met.of("shadow", "legacy", "diverged") == Met(0)


def test_how_much_is_kept_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.combine(date(2026, 3, 1), datetime.min.time(), UTC)
    assert (usual_limits(now).runs_max, usual_limits(now).bytes_max) == (1_000_000, 4 * 1024**3)
    monkeypatch.setenv("CHANGEOVER_STORE_RUNS_MAX", "5")
    monkeypatch.setenv("CHANGEOVER_STORE_BYTES_MAX", "no number")
    assert (usual_limits(now).runs_max, usual_limits(now).bytes_max) == (5, 4 * 1024**3)
