"""Cuts of the sweeps that kill a trading process anywhere, and proofs that they would see a fault."""

import inspect
import shutil
from collections.abc import Iterator
from random import Random
from uuid import uuid4

import pytest

from tests.sweeps import file_kills, schedules
from tests.sweeps.line_kills import LineKills
from tests.sweeps.two_runners import Case, Pause, TwoRunners
from tests.trading.support.deaths import SECOND, open_account, trade
from tests.trading.support.forked import scratch_in_memory
from tests.trading.support.judged import Wrong
from tests.trading.support.rebuilt import drain_from_the_journal
from tests.trading.support.traced import LineMoment
from trading.domain.plan import RebalancePlan
from trading.events.bus.deliveries import Deliveries
from trading.events.journal.memory import MemoryJournal
from trading.events.journal.sqlite import SqliteJournal
from trading.execution.executor import PlanExecutor

SEED = 20_200_121
EXECUTOR = "execution/executor.py"


@pytest.fixture(scope="module")
def lines() -> Iterator[LineKills]:
    with scratch_in_memory() as scratch:
        yield LineKills(scratch)


def where_the_first_order_is_placed(lines: LineKills) -> LineMoment:
    """The broker has the order, and nothing is kept of that yet."""
    source, first = inspect.getsourcelines(PlanExecutor._place)
    inside = range(first, first + len(source))
    return LineMoment(
        EXECUTOR, max(line for file, line in lines.counts if file == EXECUTOR and line in inside), 1
    )


def test_a_process_killed_at_any_line_leaves_a_run_that_the_next_one_finishes(lines: LineKills) -> None:
    drawn = Random(SEED).sample(lines.moments(2), 1)  # noqa: S311  (a seeded cut)
    for moment in (where_the_first_order_is_placed(lines), *drawn):
        tried = lines.try_at(moment, SEED)
        assert not tried.is_wrong, str(tried)
        assert tried.kills >= 1


def test_every_file_of_journal_execution_and_workflow_that_a_run_needs_has_lines_to_be_killed_at(
    lines: LineKills,
) -> None:
    assert {
        *("events/journal/sqlite.py", "events/journal/claim.py", "execution/orders.py", EXECUTOR),
        *("handlers/execution_handler.py", "handlers/trading_workflow_handler.py", "handlers/steps.py"),
        *("handlers/transitions.py", "handlers/notification_handler.py"),
    } <= {moment.file for moment in lines.moments(1)}


def test_an_order_that_a_repeat_would_name_anew_is_reported_as_ordered_twice(
    lines: LineKills, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        RebalancePlan, "client_order_id", lambda plan, item: f"{plan.plan_id}.{item.symbol}.{uuid4().hex}"
    )
    tried = lines.try_at(where_the_first_order_is_placed(lines), SEED)
    after_one, after_two = tried.findings, tried.found_after_second
    assert Wrong.ORDERED_TWICE in {finding.wrong for finding in after_one}
    assert Wrong.ORDERED_TWICE in {finding.wrong for finding in after_two}


@pytest.mark.skipif(shutil.which("gcc") is None, reason="the library in front of libc is compiled with gcc")
def test_a_process_killed_or_refused_at_a_call_to_the_file_system_leaves_a_run_that_the_next_one_finishes(
    capfd: pytest.CaptureFixture[str],
) -> None:
    modes = [file_kills.Mode.KILL, file_kills.Mode.EIO, file_kills.Mode.FULL]
    drawn = ["--count", "1", "--seed", str(SEED), "--jobs", "1"]
    assert file_kills.main(["--modes", *modes, *drawn]) == 0
    said = capfd.readouterr().out
    assert [line.split()[0] for line in said.splitlines() if " calls   " in line] == modes
    assert "'pwrite': " in said, "the calls of SQLite are among those that were counted"


@pytest.mark.parametrize("case", list(Case))
def test_a_runner_that_was_paused_and_thought_dead_places_nothing_when_it_wakes(case: Case) -> None:
    with scratch_in_memory() as scratch:
        runners = TwoRunners(scratch, parts=("execution",))  # in no transaction: there nobody else gets in
        line = Random(SEED).randint(1, runners.lines)  # noqa: S311  (a seeded cut)
        trial = runners.try_at(Pause(case, line))
    assert not trial.findings, str(trial)
    assert trial.over == (case is not Case.CLAIMED), "only who loses its claim is passed over"


@pytest.mark.parametrize("journal_is_whole", [True, False])
def test_a_run_goes_on_from_what_the_journal_says_alone_after_every_event(
    journal_is_whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The switch of `python -m tests.sweeps rebuilt`; a journal that forgets what waits stops the run."""
    monkeypatch.setattr(Deliveries, "drain", drain_from_the_journal)
    if not journal_is_whole:
        monkeypatch.setattr(SqliteJournal, "undelivered", lambda _journal: [])
    with scratch_in_memory() as scratch:
        account = scratch / "account"
        account.mkdir()
        trade(account, SECOND)
        desk, _ = open_account(account, None)
        with desk:
            ended = [record.state for record in desk.journal.workflows()] == ["COMPLETED"]
            assert ended == bool(desk.broker.orders()) == journal_is_whole


@pytest.mark.parametrize("seed", range(3))
def test_what_is_lost_late_twice_or_restarted_has_finished_when_it_is_quiet_again(seed: int) -> None:
    _, did, problem = schedules.try_schedule(SEED + seed)
    assert problem == ""
    assert min(did[what] for what in ("lost", "twice", "restart", "order")) > 0


def test_a_bus_that_does_not_take_up_what_was_lost_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryJournal, "undelivered", lambda _journal: [])
    assert schedules.try_schedule(SEED)[2] != ""
