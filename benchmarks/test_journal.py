"""What durability costs: a handling, against plain SQLite that commits the same rows the same way."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from trading.database import open_database
from trading.events.journal import rows as sql
from trading.events.journal.records import Delivery, Outcome, Outgoing, Settlement, WorkflowRecord
from trading.events.journal.sqlite import SqliteJournal
from trading.events.messages.portfolio import AccountDataRequested
from trading.events.schema.catalogue import VERSIONS

NOW = datetime(2016, 3, 1, tzinfo=UTC)
COMMITS = 200
ROUNDS = 12
STATE = '{"awaited": ["account", "analysis"], "mode": "full_trading"}'


def build(number: int) -> AccountDataRequested:
    return AccountDataRequested(
        event_id=f"event-{number:012}",
        correlation_id=f"run-{number // 20}",
        causation_id="event-cause",
        timestamp=NOW,
        source_module="benchmarks",
        source_component="journal",
    )


def chain(numbers: Iterator[int]) -> list[AccountDataRequested]:
    return [build(next(numbers)) for _ in range(COMMITS)]


@pytest.mark.parametrize("durable", [False, True], ids=["normal", "full"])
@pytest.mark.benchmark(group="200 commits of inbox mark, state, event and outbox")
class TestSettle:
    def test_ours(self, benchmark: BenchmarkFixture, tmp_path: Path, durable: bool) -> None:
        journal = SqliteJournal(tmp_path / "ours.db", durable=durable)
        numbers, present = count(1), build(0)
        seq = journal.append(Outgoing(present, ("handler",)), NOW)
        assert seq is not None
        last: list[Any] = [seq, present, WorkflowRecord("run", "going", STATE, "paper", "s", NOW, NOW, 0)]

        def settle_all(events: list[AccountDataRequested]) -> None:
            seq, present, record = last
            for event in events:
                record = record.advanced(state="going", body=STATE, at=NOW)
                (seq,) = journal.settle(
                    Settlement(
                        Delivery(seq, present, "handler"),
                        Outcome.HANDLED,
                        NOW,
                        workflows=(record,),
                        published=(Outgoing(event, ("handler",)),),
                    )
                )
                present = event
            last[:] = seq, present, record

        benchmark.pedantic(settle_all, setup=lambda: ((chain(numbers),), {}), rounds=ROUNDS)  # type: ignore[no-untyped-call]
        journal.close()

    def test_plain_sqlite(self, benchmark: BenchmarkFixture, tmp_path: Path, durable: bool) -> None:
        connection = open_database(
            tmp_path / "plain.db", kind=sql.KIND, version=sql.VERSION, schema=sql.SCHEMA, durable=durable
        )
        execute, numbers, at = connection.execute, count(1), "2016-03-01T00:00:00.000000+00:00"
        seq = execute(sql.INSERT_EVENT, ("event-0", "AccountDataRequested", "run-0", at, "{}")).lastrowid
        execute(sql.INSERT_DELIVERY, (seq, 0, "handler", None))
        execute(sql.INSERT_WORKFLOW, ("going", "paper", "s", at, 0, STATE, at, "run", 1))
        last = [seq, 1]

        def prepare() -> tuple[tuple[list[tuple[str, ...]]], dict[str, Any]]:
            rows: list[tuple[str, ...]] = [
                (event.event_id, event.event_type, event.correlation_id, at, VERSIONS.write(event))
                for event in chain(numbers)
            ]
            return (rows,), {}

        def commit_all(rows: list[tuple[str, ...]]) -> None:
            seq, sequence = last
            for row in rows:
                sequence = (sequence or 0) + 1
                execute("BEGIN IMMEDIATE")
                execute(sql.SETTLE_DELIVERY, ("handled", 1, None, None, None, at, 0.0, seq, "handler", 1))
                execute(sql.ADVANCE_WORKFLOW, ("going", "paper", "s", at, 0, STATE, at, "run", sequence))
                seq = execute(sql.INSERT_EVENT, row).lastrowid
                execute(sql.INSERT_DELIVERY, (seq, 0, "handler", None))
                execute("COMMIT")
            last[:] = seq, sequence

        benchmark.pedantic(commit_all, setup=prepare, rounds=ROUNDS)  # type: ignore[no-untyped-call]
        connection.close()
