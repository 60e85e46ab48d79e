"""Ways to change rows that differ in everything but the rows, and what cannot be compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import exc, text
from sqlalchemy.orm import sessionmaker

from changeover import Migration, Run
from changeover.packs.host import outside
from tests.changeover.support.alchemy_shop import (
    DATABASES,
    Order,
    as_under_a_test,
    contents,
    engine_of,
    judged,
    open_transactions,
    place_by_sql,
    shadowed,
)
from tests.changeover.support.stores import sql

BOTH = pytest.mark.parametrize("engine", ["file", "postgresql"], indirect=True)
POSTGRES = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    with engine_of(request.param, tmp_path) as made:
        yield made
        if request.param == "postgresql":
            assert open_transactions(made) == []


def statements(engine: Any, *texts: str, options: Any = None) -> Callable[[], None]:
    """A path that sends these in a transaction of its own."""

    def path() -> None:
        with engine.connect() as connection:
            if options is not None:
                connection = connection.execution_options(**options)
            for one in texts:
                connection.execute(text(one))
            if options is None:
                connection.commit()

    return path


def insert(ref: str, **more: Any) -> str:
    names, values = ["ref", *more], [f"'{ref}'", *map(str, more.values())]
    return f"INSERT INTO orders ({', '.join(names)}) VALUES ({', '.join(values)})"


def test_an_upsert_and_a_refused_insert_with_an_update_match(engine: Any) -> None:
    def tried() -> None:
        with sessionmaker(engine)() as session:
            try:
                session.execute(text(insert("old")))
            except exc.IntegrityError:
                session.rollback()
                session.execute(text("UPDATE orders SET status = 'again' WHERE ref = 'old'"))
            session.commit()

    upsert = statements(engine, insert("old") + " ON CONFLICT (ref) DO UPDATE SET status = 'again'")
    run = judged(engine, upsert, tried)
    assert run.verdict == "match", run.reason or run.divergences


def test_savepoints_of_the_candidate_are_its_own(engine: Any) -> None:
    def nested() -> None:
        with sessionmaker(engine)() as session:
            try:
                with session.begin_nested():
                    session.execute(text(insert("old")))
            except exc.IntegrityError:
                session.execute(text("UPDATE orders SET status = 'again' WHERE ref = 'old'"))
            session.commit()

    run = judged(engine, statements(engine, "UPDATE orders SET status = 'again'"), nested)
    assert run.verdict == "match", run.reason or run.divergences


def test_many_rows_at_once_and_one_by_one_match(engine: Any) -> None:
    def many() -> None:
        with engine.begin() as connection:
            made = text("INSERT INTO orders (ref, customer) VALUES (:ref, 'c')")
            connection.execute(made, [{"ref": f"m{number}"} for number in range(3)])

    single = [insert(f"m{number}", customer="'c'") for number in range(3)]
    run = judged(engine, statements(engine, *single), many)
    assert run.verdict == "match", run.reason or run.divergences


def test_statements_without_a_transaction_match_those_of_one(engine: Any) -> None:
    alone = statements(engine, insert("a1"), options={"isolation_level": "AUTOCOMMIT"})
    run = judged(engine, alone, statements(engine, insert("a1")))
    assert run.verdict == "match", run.reason or run.divergences
    assert ("a1", None) in contents(engine)["orders"]


def test_a_transaction_matches_statements_without_one(engine: Any) -> None:
    alone = statements(engine, insert("a1"), options={"isolation_level": "AUTOCOMMIT"})
    run = judged(engine, statements(engine, insert("a1")), alone)
    assert run.verdict == "match", run.reason or run.divergences


def test_rows_that_are_rolled_back_are_no_changes(engine: Any) -> None:
    def rolled_back() -> None:
        with sessionmaker(engine)() as session:
            session.execute(text(insert("gone")))
            session.rollback()

    assert judged(engine, rolled_back, lambda: None).verdict == "vacuous"


def test_rows_that_only_the_candidate_keeps_differ_and_are_not_there(engine: Any) -> None:
    run = judged(engine, lambda: None, statements(engine, insert("extra")))
    assert run.verdict == "unsafe"
    assert contents(engine)["orders"] == [("old", "new")]


def test_ids_that_statements_give_are_compared_as_they_are(engine: Any) -> None:
    run = judged(
        engine,
        statements(engine, insert("given", id=500)),
        statements(engine, insert("given", id=501)),
    )
    assert run.verdict == "unsafe"


def test_a_cascade_and_deletes_by_hand_match(engine: Any) -> None:
    with sessionmaker(engine)() as session:
        place_by_sql(session, "r1", [("s1", 1), ("s2", 1)])
    by_hand = statements(
        engine,
        "DELETE FROM lines WHERE order_id = (SELECT id FROM orders WHERE ref = 'r1')",
        "DELETE FROM orders WHERE ref = 'r1'",
    )

    def by_orm() -> None:
        with sessionmaker(engine)() as session:
            session.delete(session.scalars(sa.select(Order).filter_by(ref="r1")).one())
            session.commit()

    run = judged(engine, by_hand, by_orm)
    assert run.verdict == "match", run.reason or run.divergences


def test_a_raw_connection_of_the_driver_is_seen_in_a_replay(engine: Any) -> None:
    def raw() -> None:
        connection = engine.raw_connection()
        connection.cursor().execute(insert("raw"))
        connection.commit()
        connection.close()

    run = judged(engine, statements(engine, insert("raw")), raw)
    assert run.verdict == "match", run.reason or run.divergences


def test_a_raw_connection_of_the_answering_path_fails_with_the_reason(engine: Any) -> None:
    def raw() -> None:
        connection = engine.raw_connection()
        connection.cursor().execute(insert("raw"))
        connection.commit()
        connection.close()

    run = judged(engine, raw, lambda: None)
    assert (run.verdict, "past SQLAlchemy" in str(run.reason)) == ("failed", True)


@pytest.mark.parametrize(
    "definition", ["CREATE TABLE other (a INT)", "ALTER TABLE orders ADD COLUMN extra INT"]
)
def test_a_candidate_that_changes_the_schema_fails_and_changes_nothing(engine: Any, definition: str) -> None:
    run = judged(engine, statements(engine, insert("d1")), statements(engine, definition))
    assert (run.verdict, "changes the schema" in str(run.reason)) == ("failed", True)
    assert not sa.inspect(engine).has_table("other")
    assert "extra" not in {column["name"] for column in sa.inspect(engine).get_columns("orders")}


def test_legacy_that_changes_the_schema_is_not_compared(engine: Any) -> None:
    run = judged(engine, statements(engine, "CREATE TABLE other (a INT)"), lambda: None)
    assert (run.verdict, "changes the schema" in str(run.reason)) == ("failed", True)
    assert sa.inspect(engine).has_table("other")


@BOTH
def test_two_connections_at_once_fail_with_the_reason(engine: Any) -> None:
    def two() -> None:
        with engine.connect() as one, engine.connect() as other:
            other.execute(text("SELECT 1"))
            one.execute(text(insert("t1")))
            one.commit()

    run = judged(engine, statements(engine, insert("t1")), two)
    assert (run.verdict, "two connections at once" in str(run.reason)) == ("failed", True)


@BOTH
def test_a_session_of_the_program_used_past_the_copy_is_refused(engine: Any) -> None:
    with sessionmaker(engine)() as session:
        session.execute(text("SELECT 1"))

        def past() -> None:
            session.execute(text(insert("past")))
            session.commit()

        run = judged(engine, statements(engine, insert("p1")), past)
        assert (run.verdict, "past the copy" in str(run.reason)) == ("failed", True)
    assert [ref for ref, _ in contents(engine)["orders"]] == ["old", "p1"]


def test_a_table_without_a_key_fails_with_the_reason(engine: Any) -> None:
    note = statements(engine, "INSERT INTO logs (text) VALUES ('x')")
    run = judged(engine, note, note)
    assert (run.verdict, "no primary key" in str(run.reason)) == ("failed", True)


def test_changes_that_a_session_has_not_flushed_are_no_match_by_silence(engine: Any) -> None:
    seam, runs = shadowed(engine, lambda db: db.add(Order(ref="u1")), lambda db: None)
    with sessionmaker(engine)() as session:
        seam(session)
        session.commit()
    assert (runs[-1].verdict, "unflushed" in str(runs[-1].reason)) == ("failed", True)
    assert ("u1", None) in contents(engine)["orders"]


@BOTH
def test_a_row_that_somebody_else_changed_meanwhile_fails_with_the_reason(engine: Any) -> None:
    other = statements(engine, "UPDATE orders SET status = 'of others' WHERE ref = 'old'")

    def legacy() -> None:
        statements(engine, "UPDATE orders SET status = 'placed' WHERE ref = 'old'")()
        with ThreadPoolExecutor(1) as pool:
            pool.submit(unfollowed, other).result()

    run = judged(engine, legacy, lambda: None)
    assert run.verdict == "failed"
    assert "rows changed by others: orders/1" in str(run.reason)


def unfollowed(path: Callable[[], None]) -> None:
    """What belongs to no run."""
    with outside():
        path()


@POSTGRES
def test_a_row_that_somebody_else_holds_fails_with_the_reason_and_waits_for_nobody(engine: Any) -> None:
    with engine.connect() as holder:

        def legacy() -> None:
            statements(engine, "UPDATE orders SET status = 'placed' WHERE ref = 'old'")()
            with ThreadPoolExecutor(1) as pool:
                pool.submit(
                    unfollowed, lambda: holder.execute(text("SELECT * FROM orders FOR UPDATE")).all()
                ).result()

        run = judged(engine, legacy, lambda: None)
        holder.rollback()
    assert (run.verdict, "rows changed by others" in str(run.reason)) == ("failed", True)


@POSTGRES
def test_a_table_that_is_emptied_at_once_fails_with_the_reason(engine: Any) -> None:
    run = judged(engine, statements(engine, "DELETE FROM lines"), statements(engine, "TRUNCATE lines"))
    assert (run.verdict, "TRUNCATE changes the schema" in str(run.reason)) == ("failed", True)


@POSTGRES
def test_a_table_that_a_function_empties_is_noticed(engine: Any) -> None:
    statements(
        engine,
        "CREATE FUNCTION emptied() RETURNS int LANGUAGE plpgsql AS $$ BEGIN TRUNCATE lines; RETURN 1; END $$",
    )()
    with sessionmaker(engine)() as session:
        place_by_sql(session, "r1", [("s1", 1)])
    run = judged(
        engine, statements(engine, "SELECT emptied()", insert("f1")), statements(engine, insert("f1"))
    )
    assert run.verdict == "failed", run.divergences


@POSTGRES
def test_a_table_of_too_many_rows_fails_with_the_reason(engine: Any) -> None:
    statements(engine, *(insert(f"n{number}") for number in range(20)))()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE orders"))
    one = statements(engine, "UPDATE orders SET status = 'x' WHERE ref = 'old'")
    run = judged(engine, one, one, rows_max=10)
    assert (run.verdict, "more than the 10 that can be read" in str(run.reason)) == ("failed", True)


@BOTH
def test_the_time_of_a_copy_ends_it_and_leaves_nothing(engine: Any) -> None:
    wait = "SELECT pg_sleep(5)" if engine.dialect.name == "postgresql" else None

    def slow() -> None:
        with engine.connect() as connection:
            connection.execute(text(insert("slow")))
            if wait:
                connection.execute(text(wait))
            else:
                time.sleep(0.4)
                connection.execute(text("SELECT 1"))
            connection.commit()

    run = judged(
        engine, statements(engine, insert("slow")), slow, own_traffic=True, rows=True, deadline_ms=250
    )
    assert run.verdict == "failed", run.divergences
    assert "the time for a copy of the database is up" in str(run.reason)
    assert [ref for ref, _ in contents(engine)["orders"]] == ["old", "slow"]
    statements(engine, "UPDATE orders SET status = 'free'")()


@POSTGRES
def test_a_deferred_constraint_is_checked_where_the_candidate_commits(engine: Any) -> None:
    statements(
        engine,
        "CREATE TABLE child (id INT PRIMARY KEY, "
        "parent INT REFERENCES orders(id) DEFERRABLE INITIALLY DEFERRED)",
    )()

    def broken() -> None:
        with engine.connect() as connection:
            connection.execute(text("INSERT INTO child VALUES (1, 99999)"))
            connection.commit()

    def tried() -> str:
        try:
            broken()
        except exc.IntegrityError:
            return "refused"
        return "kept"

    run = judged(engine, tried, tried)
    assert (run.verdict, run.reason) in (("match", None), ("vacuous", None)), run.divergences
    run = judged(engine, statements(engine, "INSERT INTO child VALUES (2, 1)"), broken)
    assert run.verdict == "unsafe", run.reason


@POSTGRES
def test_a_statement_that_fails_leaves_the_transaction_of_the_program_as_it_would_be(engine: Any) -> None:
    def legacy() -> str:
        with engine.connect() as connection:
            try:
                connection.execute(text("SELECT no_such_column FROM orders"))
            except exc.ProgrammingError:
                connection.rollback()
            connection.execute(text(insert("after")))
            connection.commit()
        return "done"

    run = judged(engine, legacy, legacy)
    assert run.verdict == "match", run.reason or run.divergences


def test_the_same_refusal_of_other_statements_is_the_same_error(engine: Any) -> None:
    def by_orm() -> None:
        with sessionmaker(engine)() as session:
            session.add(Order(ref="old"))
            session.commit()

    def by_sql() -> None:
        statements(engine, insert("old"))()

    seam, runs = shadowed(engine, lambda given: by_sql(), lambda given: by_orm())
    with pytest.raises(exc.IntegrityError):
        seam(1)
    assert runs[-1].verdict == "match", runs[-1].reason or runs[-1].divergences


@POSTGRES
def test_a_replay_that_stands_still_holds_no_row_beyond_the_time_of_its_copy(engine: Any) -> None:
    order: list[str] = []
    update = "UPDATE orders SET status = 'placed' WHERE ref = 'old'"

    def still() -> None:
        limits = ("idle_in_transaction_session_timeout", "statement_timeout")
        statements(engine, *(f"SET LOCAL {limit} = 0" for limit in limits), update)()
        time.sleep(1.5)
        order.append("the replay ends")

    def others() -> None:
        with engine.begin() as connection:
            connection.execute(text("UPDATE orders SET status = 'of others' WHERE ref = 'old'"))
        order.append("others have the row")

    def later() -> None:
        time.sleep(0.4)
        others()

    with ThreadPoolExecutor(1) as pool:

        def legacy() -> None:
            statements(engine, update)()
            with outside():
                pool.submit(later)

        run = judged(engine, legacy, still, own_traffic=True, rows=True, deadline_ms=700)
    assert run.verdict == "failed", run.divergences
    assert order == ["others have the row", "the replay ends"]


@POSTGRES
def test_a_role_that_may_not_rest_triggers_is_told_what_to_grant(engine: Any) -> None:
    statements(
        engine,
        "CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN NEW.customer := 'touched'; RETURN NEW; END $$",
        "CREATE TRIGGER touched BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touched()",
    )()
    update = statements(engine, "UPDATE orders SET status = 'placed' WHERE ref = 'old'")
    assert judged(engine, update, update).verdict == "match"
    with role_without_rights(engine) as limited:
        again = statements(limited, "UPDATE orders SET status = 'again' WHERE ref = 'old'")
        run = judged(limited, again, again)
    assert (run.verdict, "GRANT SET ON PARAMETER" in str(run.reason)) == ("failed", True)


@contextmanager
def role_without_rights(engine: Any) -> Iterator[Any]:
    """An engine of the same shop, whose role may use its tables and nothing else."""
    name = f"r_{uuid4().hex[:12]}"
    schema = engine.changeover_test_name
    sql(
        f"CREATE ROLE {name} NOLOGIN",
        f"GRANT USAGE ON SCHEMA {schema} TO {name}",
        f"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {name}",
        f"GRANT ALL ON ALL SEQUENCES IN SCHEMA {schema} TO {name}",
    )
    options = {"options": f"-c search_path={schema} -c role={name}"}
    made = sa.create_engine(engine.url, connect_args=options, future=True)
    try:
        yield made
    finally:
        made.dispose()
        sql(f"DROP OWNED BY {name}", f"DROP ROLE {name}")


@POSTGRES
def test_a_role_without_rights_compares_rows(engine: Any) -> None:
    with role_without_rights(engine) as limited:

        def by_orm() -> None:
            with sessionmaker(limited)() as session:
                session.add(Order(ref="r1"))
                session.commit()

        run = judged(limited, statements(limited, insert("r1")), by_orm)
    assert run.verdict == "match", run.reason or run.divergences


def test_the_rows_of_a_seam_inside_another_one_belong_to_the_run_around_it(engine: Any) -> None:
    runs: list[Run] = []
    migration = Migration(sink=runs.append)
    migration.use("sqlalchemy", engine)
    inner = migration.seam(
        "inner",
        legacy=lambda ref: statements(engine, insert(ref))(),
        candidate=lambda ref: statements(engine, insert(ref))(),
    )
    outer = migration.seam(
        "outer", legacy=lambda ref: inner(ref), candidate=lambda ref: statements(engine, insert(ref))()
    )
    with as_under_a_test():
        outer("n1")
    verdicts = {run.seam: str(run.verdict) for run in runs}
    assert verdicts == {"inner": "match", "outer": "match"}, [(run.reason, run.divergences) for run in runs]
    assert [call.method for run in runs if run.seam == "outer" for call in effects_of(run)] == ["insert"]


def effects_of(run: Run) -> Sequence[Any]:
    return () if run.legacy is None else run.legacy.effects


def test_a_second_migration_on_the_same_engine_sees_each_row_once(engine: Any) -> None:
    judged(engine, statements(engine, insert("s1")), statements(engine, insert("s1")))
    run = judged(engine, statements(engine, insert("s2")), statements(engine, insert("s2")))
    assert run.verdict == "match", run.reason or run.divergences
    assert [call.method for call in effects_of(run)] == ["insert"]


def test_outside_of_runs_nothing_is_different(engine: Any) -> None:
    judged(engine, statements(engine, insert("o1")), statements(engine, insert("o1")))
    statements(engine, insert("o2"))()
    statements(engine, "ALTER TABLE logs ADD COLUMN more INT")()
    assert [ref for ref, _ in contents(engine)["orders"]] == ["old", "o1", "o2"]


@BOTH
def test_a_difference_in_what_others_wrote_meanwhile_proves_nothing(engine: Any) -> None:
    def read() -> Any:
        with engine.connect() as connection:
            found = connection.execute(text("SELECT status FROM orders WHERE ref = 'old'")).scalar_one()
            connection.execute(text("UPDATE stock SET on_hand = 1 WHERE sku = 's1'"))
            connection.commit()
            return found

    def legacy() -> Any:
        found = read()
        with ThreadPoolExecutor(1) as pool:
            change = statements(engine, "UPDATE orders SET status = 'of others'")
            pool.submit(unfollowed, change).result()
        return found

    run = judged(engine, legacy, read, own_traffic=True, rows=True, deadline_ms=20_000)
    assert run.verdict == "failed", run.divergences


@BOTH
def test_the_same_rows_match_in_the_own_traffic_as_well(engine: Any) -> None:
    one = statements(engine, insert("o1"))
    run = judged(
        engine, one, statements(engine, insert("o1")), own_traffic=True, rows=True, deadline_ms=20_000
    )
    assert run.verdict == "match", run.reason or run.divergences


@BOTH
def test_rows_of_others_that_hang_on_rows_of_the_path_fail_with_the_reason(engine: Any) -> None:
    def legacy() -> None:
        statements(engine, insert("r1"))()
        with ThreadPoolExecutor(1) as pool:
            line = "INSERT INTO lines (order_id, sku, qty) SELECT id, 's1', 1 FROM orders WHERE ref = 'r1'"
            pool.submit(unfollowed, statements(engine, line)).result()

    sa.event.listen(engine, "connect", with_foreign_keys)
    engine.dispose()
    run = judged(engine, legacy, statements(engine, insert("r1")))
    assert (run.verdict, "more changed than was turned back" in str(run.reason)) == ("failed", True), (
        run.reason
    )
    assert contents(engine)["lines"] == [("s1", 1)]


def with_foreign_keys(connection: Any, _: Any) -> None:
    """As programs on SQLite switch them on."""
    if type(connection).__module__.startswith("sqlite3"):
        connection.execute("PRAGMA foreign_keys=ON")
