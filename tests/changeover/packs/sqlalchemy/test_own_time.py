"""What the database takes is none of the path's own time, in rows and in statements alike."""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text

from changeover import Migration, Run
from tests.changeover.support.alchemy_shop import as_under_a_test

TAKES_S = 0.05


@pytest.mark.parametrize("as_in", ["a test", "traffic"])
def test_the_time_of_a_slow_statement_is_that_of_the_database(tmp_path: Path, as_in: str) -> None:
    """However slow the machine is, the statement takes at least so long."""
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")

    def slow(value: int) -> int:
        time.sleep(TAKES_S)
        return value

    def opened(connection: Any, _: object) -> None:
        connection.create_function("slow", 1, slow)

    event.listen(engine, "connect", opened)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE t (id INTEGER PRIMARY KEY, n INT)"))
    runs: list[Run] = []
    environment = {} if as_in == "a test" else {"CHANGEOVER_STAGE_S": "shadow"}
    migration = Migration(environment=environment, sink=runs.append)
    migration.use("sqlalchemy", engine)

    def path(number: int) -> None:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO t (n) VALUES (slow(:n))"), {"n": number})

    seam = migration.seam("s", legacy=path, candidate=lambda number: path(number))
    with as_under_a_test() if as_in == "a test" else nullcontext():
        seam(1)
    engine.dispose()
    assert runs[-1].verdict == "match", runs[-1].reason or runs[-1].divergences
    assert runs[-1].legacy is not None
    assert runs[-1].tape.seconds - runs[-1].legacy.own_time_s >= TAKES_S
