"""Runs that are compared beside the program; each was seen to fail with what it says broken on purpose."""

import asyncio
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changeover import Migration, Run
from changeover.errors import DeclarationError
from changeover.evidence.case_runner import Selection, compared_cases
from changeover.evidence.sources import Case, Source, SourceOptions
from changeover.evidence.store.store import store_path
from changeover.rollout.test_override import StageOverride, override_stages
from changeover.seam.background import REPLACED_MAX, Background
from changeover.values.stage import Setting, Stage
from tests.changeover.support.background_seam import beside, done, holding, same
from tests.changeover.support.counted_runs import runs_in
from tests.changeover.support.live_program import LiveDesk, sells
from tests.changeover.support.small_trade import Trade


def test_the_caller_has_its_answer_before_the_other_path_ends() -> None:
    with holding() as held:
        migration, seam, runs = beside(held, same)
        assert seam(7) == 7
        assert held.began.acquire(timeout=60)
        assert runs == []
    done(migration)
    assert [(run.verdict, run.arguments) for run in runs] == [("match", {"number": 7})]
    assert held.threads[0] is not threading.current_thread()
    assert held.threads[0].daemon


def test_a_full_queue_drops_the_run_and_counts_it() -> None:
    with holding() as held:
        migration, seam, runs = beside(held, same)
        migration.runtime.background = Background(migration.runtime.hand_on, queue_max=2)
        seam(0)
        assert held.began.acquire(timeout=60)
        assert [seam(number) for number in (1, 2, 3, 4)] == [1, 2, 3, 4]
        assert migration.counts == {("s", "unpaired"): 2}
        assert {run.reason for run in runs} == {"dropped: the queue of replays was full"}
        assert migration.problems == ("background: 2 runs were dropped (at most 2 may wait)",)
    done(migration)
    assert migration.counts == {("s", "unpaired"): 2, ("s", "match"): 3}
    assert [run.arguments["number"] for run in runs] == [3, 4, 0, 1, 2]


def test_closing_compares_what_waits_and_later_runs_are_compared_inline() -> None:
    threads: list[str] = []

    def candidate(number: int) -> int:
        threads.append(threading.current_thread().name)
        return number

    migration, seam, runs = beside(candidate, same)
    for number in range(50):
        seam(number)
    migration.close()
    migration.close()
    assert [run.arguments["number"] for run in runs] == list(range(50))
    assert set(threads) == {"changeover-background"}
    seam(50)
    assert runs[-1].arguments == {"number": 50}
    assert threads[-1] == threading.current_thread().name


def test_what_is_not_compared_in_time_is_dropped_at_the_end_and_comes_no_more() -> None:
    with holding() as held:
        migration, seam, runs = beside(held, same)
        seam(0)
        assert held.began.acquire(timeout=60)
        seam(1)
        assert migration.runtime.background is not None
        migration.runtime.background.close(seconds=0)
        assert [run.verdict for run in runs] == ["unpaired", "unpaired"]
    held.threads[0].join(60)
    assert [run.verdict for run in runs] == ["unpaired", "unpaired"]


def test_a_hung_replay_is_counted_and_its_thread_replaced_up_to_a_limit() -> None:
    now = [0.0]
    with holding() as held:
        migration, seam, runs = beside(lambda number: held(number) if number else 0, same)
        migration.runtime.background = Background(
            migration.runtime.hand_on, hung_after_s=120, monotonic=lambda: now[0]
        )
        for number in range(1, REPLACED_MAX + 2):
            seam(number)
            assert held.began.acquire(timeout=60)
            now[0] += 121
            if number <= REPLACED_MAX:
                seam(0)  # the replaced thread does what comes next
                done(migration)
        assert migration.counts == {("s", "failed"): REPLACED_MAX, ("s", "match"): REPLACED_MAX}
        assert seam(0) == 0
        assert [run.reason for run in runs[-2:]] == [
            "hung: its replay did not end within 120 s",
            "dropped: no thread is left to replay it",
        ]
        assert "background: 4 replays hung, and their threads were given up" in migration.problems
        before = len(runs)
    for thread in held.threads:
        thread.join(60)
    assert len(runs) == before  # what the hung ones came to in the end is nobody's


def nested(mode: str, numbers: list[int]) -> list[tuple[str, object, str]]:
    runs: list[Run] = []
    environment = {f"CHANGEOVER_STAGE_{seam}": "shadow" for seam in ("OUTER", "INNER")}
    migration = Migration(sink=runs.append, environment=environment, refresh_s=0, mode=mode)
    inner = migration.seam("inner", legacy=lambda number: number, candidate=lambda number: number % 5)
    outer = migration.seam(
        "outer",
        legacy=lambda number: inner(number) + inner(number + 1),
        candidate=lambda number: inner(number + 1) + inner(number),
    )
    for number in numbers:
        outer(number)
    migration.close()
    return [(run.seam, run.arguments["number"], run.verdict) for run in runs]


def test_runs_inside_others_come_in_the_order_in_which_they_come_inline() -> None:
    inline = nested("inline", [1, 4, 9])
    assert [seam for seam, _, _ in inline] == ["inner", "inner", "outer"] * 3
    assert nested("background", [1, 4, 9]) == inline


STEPS: dict[str, Callable[[Trade], Any]] = {
    "look": lambda trade: trade.broker.positions(),
    "buy": lambda trade: trade.broker.submit(trade.ids.new(), "SPY", "BUY", 3).quantity,
    "buy more": lambda trade: trade.broker.submit(trade.ids.new(), "SPY", "BUY", 4).quantity,
    "sell": lambda trade: trade.broker.submit(trade.ids.new(), "TLT", "SELL", 1).status,
    "rejected": lambda trade: trade.broker.submit("x", "XXX", "BUY", 1),
    "mail": lambda trade: trade.mailbox.send("me", "done"),
    "wait": lambda trade: trade.clock.sleep(1),
    "time": lambda trade: trade.clock.now(),
    "draw": lambda trade: random.choice([0]),  # noqa: S311
}
PROGRAM = st.lists(st.sampled_from(sorted(STEPS)), max_size=6)


def compared(mode: str, legacy: list[str], candidate: list[str]) -> Any:
    trade = Trade(mode=mode)
    seam = trade.migration.seam(
        "trade",
        legacy=lambda day: [STEPS[step](trade) for step in legacy],
        candidate=lambda day: [STEPS[step](trade) for step in candidate],
    )
    for day in ("2020-01-02", "2020-01-03"):
        with suppress(Exception):  # an answer like any other
            seam(day)
    trade.migration.close()
    # Names are counted up by both paths together: which of them a replay gets depends on when it runs.
    return [
        (run.verdict, [(found.place, found.kind, found.position) for found in run.divergences], run.reason)
        for run in trade.runs
    ]


@settings(max_examples=40, deadline=None)
@given(PROGRAM, PROGRAM)
def test_verdicts_are_those_of_inline(legacy: list[str], candidate: list[str]) -> None:
    assert compared("background", legacy, candidate) == compared("inline", legacy, candidate)


def test_the_tripwire_moves_a_phase_back_from_beside_the_program(tmp_path: Path) -> None:
    desk = LiveDesk(tmp_path, mode="background")
    desk.candidate = sells(312)
    desk.order("account 7")
    done(desk.migration)
    assert (desk.stage, desk.kinds, desk.fresh_process().stage) == ("shadow", ["tripped"], "shadow")


def test_evidence_is_kept_when_the_migration_is_closed(tmp_path: Path) -> None:
    (tmp_path / "migration").mkdir()
    migration, seam, _ = beside(lambda number: number % 3, same, directory=tmp_path / "migration")
    for number in range(5):
        seam(number)
    migration.close()
    assert (
        sorted(run.verdict for run in runs_in(store_path(tmp_path, {}))) == ["diverged"] * 2 + ["match"] * 3
    )


def test_an_async_seam_is_compared_beside_its_loop() -> None:
    with holding() as held:

        async def candidate(number: int) -> int:
            await asyncio.sleep(0)
            return held(number)

        async def legacy(number: int) -> int:
            await asyncio.sleep(0)
            return number

        migration, seam, runs = beside(candidate, legacy)
        assert asyncio.run(seam(3)) == 3
        assert held.began.acquire(timeout=60)
        assert runs == []
    done(migration)
    assert [run.verdict for run in runs] == ["match"]


def test_a_wrong_mode_is_refused_where_it_is_written_and_noted_where_it_is_set() -> None:
    with pytest.raises(DeclarationError, match="mode was 'process', allowed: inline, background"):
        Migration(mode="process")
    for word, expected in (("background", True), ("inline", False), ("", True), ("both", False)):
        migration = Migration(mode="background", environment={"CHANGEOVER_MODE": word})
        assert (migration.runtime.background is not None) == expected
        assert bool(migration.problems) == (word == "both")
    assert migration.problems == (
        "CHANGEOVER_MODE was 'both', allowed: inline, background, worker; runs are compared inline",
    )
    assert Migration(environment={}).runtime.background is None


def test_tests_and_comparisons_wait_for_what_they_ask_for() -> None:
    threads: list[threading.Thread] = []

    def candidate(number: int) -> int:
        threads.append(threading.current_thread())
        return number

    migration, seam, runs = beside(candidate, same)
    watched: list[Run] = []
    with override_stages(StageOverride(Setting(Stage.SHADOW), watched.append)):
        seam(1)
        assert [run.verdict for run in watched] == ["match"]
    seam(2)  # waits, or not, when the comparison begins: it is not among its runs
    source = Source("days", "generated", lambda options: [Case("one", lambda: seam(3))])
    cases = compared_cases(
        migration, source, SourceOptions(), Selection(frozenset({"s"}), ("s",)), rules=None, noise=False
    )
    assert [run.arguments for case in cases for run in case.runs] == [{"number": 3}]
    assert [run.arguments["number"] for run in runs] == [1, 2]
    assert threads[0] is threads[2] is threading.current_thread()
