"""A scenario of a path that changes rows is replayed where the database is not: by what each path sent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, sessionmaker

from changeover import Case, Migration, Run
from changeover.evidence.sources import SourceOptions
from changeover.record.codec import CodecError
from tests.changeover.support.alchemy_shop import DATABASES, contents, engine_of, place_by_orm, place_by_sql
from tests.changeover.support.scenario_lines import replayed_lines, scenario_lines

Path_ = Callable[..., Any]
ITEMS = [("s1", 2), ("s2", 1)]
REFS = ("r1", "r2", "r3")


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    with engine_of(request.param, tmp_path) as made:
        yield made


def elsewhere(engine: Any) -> Any:
    """An engine of the same kind that reaches nothing."""
    if engine.dialect.name == "sqlite":
        return sa.create_engine("sqlite:////nowhere/at/all/shop.db", future=True)
    return sa.create_engine(engine.url.set(host="127.0.0.1", port=1), future=True)


def with_session(engine: Any, path: Path_) -> Path_:
    """The path with a session of its own."""

    def placed(ref: str, items: Any) -> Any:
        with sessionmaker(engine, future=True)() as session:
            return path(session, ref, items)

    return placed


def seam_of(engine: Any, legacy: Path_, candidate: Path_) -> tuple[Migration, Any]:
    migration = Migration(environment={})
    migration.use("sqlalchemy", engine)
    paths = (with_session(engine, path) for path in (legacy, candidate))
    legacy, candidate = paths
    return migration, migration.seam("shop.place", legacy=legacy, candidate=candidate)


def lines_of(
    engine: Any,
    legacy: Path_,
    candidate: Path_,
    refs: Iterable[str] = REFS,
    items: Any = ITEMS,
    redact: Iterable[str] = (),
) -> list[bytes]:
    """The scenarios of a few cases, as they stand in a file."""
    migration, seam = seam_of(engine, legacy, candidate)

    @migration.source("orders", population="generated")
    def orders(options: SourceOptions) -> Iterator[Case]:
        for ref in refs:
            yield Case(ref, partial(seam, ref, items))

    return scenario_lines(migration, "orders", redact)


def replayed(engine: Any, lines: list[bytes], legacy: Path_, candidate: Path_, **options: Any) -> list[Run]:
    """What today's paths make of the lines, where there is no database."""
    migration, _ = seam_of(elsewhere(engine), legacy, candidate)
    return replayed_lines(migration, lines, **options)


def verdicts(runs: list[Run]) -> list[str]:
    return [str(run.verdict) for run in runs]


@pytest.mark.parametrize("is_alone", [False, True], ids=["both", "the candidate alone"])
@pytest.mark.parametrize("candidate", [place_by_sql, place_by_orm], ids=["same statements", "a rewrite"])
def test_a_rewrite_that_changed_the_same_rows_matches_without_the_database(
    engine: Any, candidate: Path_, is_alone: bool
) -> None:
    again = lambda *given: candidate(*given)  # noqa: E731  another function of the same code
    lines = lines_of(engine, place_by_sql, again)
    assert contents(engine)["orders"][1:] == [(ref, "placed") for ref in REFS]
    runs = replayed(engine, lines, place_by_sql, again, is_alone=is_alone)
    assert verdicts(runs) == ["match"] * 3, [run.reason or run.divergences for run in runs]
    assert contents(engine)["orders"][1:] == [(ref, "placed") for ref in REFS]


@pytest.mark.parametrize("is_alone", [False, True], ids=["both", "the candidate alone"])
@pytest.mark.parametrize("fault", ["quantity", "reference", "stock", "no commit"])
def test_a_candidate_that_differed_when_it_was_recorded_differs_again(
    engine: Any, fault: str, is_alone: bool
) -> None:
    candidate = lambda *given: place_by_orm(*given, fault=fault)  # noqa: E731
    lines = lines_of(engine, place_by_sql, candidate)
    runs = replayed(engine, lines, place_by_sql, candidate, is_alone=is_alone)
    assert verdicts(runs) == ["unsafe"] * 3, [run.reason for run in runs]
    places = {divergence.place for run in runs for divergence in run.divergences}
    assert all(place.startswith("effects.db.") for place in places), places


def by_sql_and(more: str, **values: Any) -> Path_:
    def place(db: Any, ref: str, items: Any) -> str:
        place_by_sql(db, ref, items, commits=False)
        db.execute(text(more), values)
        db.commit()
        return ref

    return place


def fewer(db: Any, ref: str, items: Any) -> str:
    return place_by_sql(db, ref, items[:1])


def never_commits(db: Any, ref: str, items: Any) -> str:
    place_by_sql(db, ref, items, commits=False)
    db.rollback()
    return ref


def other_values(db: Any, ref: str, items: Any) -> str:
    place_by_sql(db, f"{ref}x", items)
    return ref


def does_nothing(db: Any, ref: str, items: Any) -> str:
    return ref


CHANGED_SINCE = {
    "another statement": (by_sql_and("UPDATE stock SET on_hand = 0"), "it sends UPDATE stock"),
    "fewer statements": (fewer, "and when it was recorded UPDATE stock"),
    "no commit": (never_commits, "it sends rollback, and when it was recorded commit"),
    "other values": (
        other_values,
        "it sends other values than when it was recorded with INSERT INTO orders",
    ),
    "nothing at all": (does_nothing, "it no longer sends what was recorded: INSERT INTO"),
}


@pytest.mark.parametrize(("changed", "why"), CHANGED_SINCE.values(), ids=CHANGED_SINCE)
@pytest.mark.parametrize("changes", ["legacy", "candidate", "both"])
def test_a_path_that_sends_something_else_today_is_no_verdict_and_says_what(
    tmp_path: Path, changes: str, changed: Path_, why: str
) -> None:
    with engine_of("file", tmp_path) as engine:
        lines = lines_of(engine, place_by_sql, lambda *given: place_by_sql(*given))
        paths = [changed if changes in (side, "both") else place_by_sql for side in ("legacy", "candidate")]
        runs = replayed(engine, lines, *paths)
    assert verdicts(runs) == ["failed"] * 3
    assert all(why in str(run.reason) for run in runs), [run.reason for run in runs]
    assert all("changeover scenarios record" in str(run.reason) for run in runs)


def test_a_path_that_sends_more_than_it_did_is_no_verdict(tmp_path: Path) -> None:
    def again(db: Any, ref: str, items: Any) -> str:
        done = place_by_sql(db, ref, items)
        db.execute(text("UPDATE stock SET on_hand = 0"))
        db.commit()
        return done

    with engine_of("file", tmp_path) as engine:
        lines = lines_of(engine, place_by_sql, lambda *given: place_by_sql(*given))
        (run, *_) = replayed(engine, lines, place_by_sql, again)
    assert str(run.verdict) == "failed"
    assert "it sends more than when it was recorded: UPDATE stock" in str(run.reason)


def refused(db: Any, ref: str, items: Any) -> str:
    """The second insert of a reference is refused, which the path tells."""
    insert = text("INSERT INTO orders (ref, customer, status) VALUES (:ref, 'c1', 'new')")
    db.execute(insert, {"ref": ref})
    db.commit()
    try:
        db.execute(insert, {"ref": ref})
    except IntegrityError:
        db.rollback()
        return "twice"
    return "once"


def raising(db: Any, ref: str, items: Any) -> str:
    db.execute(text("INSERT INTO orders (ref, customer, status) VALUES (:ref, 'c1', 'new')"), {"ref": "old"})
    db.commit()
    return ref


def with_savepoint(db: Any, ref: str, items: Any) -> Any:
    db.execute(text("INSERT INTO orders (ref, status) VALUES (:ref, 'new')"), {"ref": ref})
    point = db.begin_nested()
    db.execute(text("UPDATE stock SET on_hand = on_hand - 1 WHERE sku = 's1'"))
    point.rollback()
    db.commit()
    return db.execute(text("SELECT on_hand FROM stock WHERE sku = 's1'")).scalar_one()


def out_of_stock(db: Any, ref: str, items: Any) -> str:
    return place_by_sql(db, ref, [("s1", 1), ("s2", 99)])


def many(db: Any, ref: str, items: Any) -> list[Any]:
    insert = text("INSERT INTO orders (ref, status) VALUES (:ref, :status)")
    db.execute(insert, [{"ref": f"{ref}-{number}", "status": "new"} for number in range(3)])
    db.commit()
    rows = db.execute(
        text("SELECT ref, status FROM orders WHERE ref LIKE :some ORDER BY ref"), {"some": "r%"}
    )
    return [tuple(row) for row in rows]


SHAPES = [refused, raising, with_savepoint, out_of_stock, many]


@pytest.mark.parametrize("path", SHAPES, ids=[path.__name__ for path in SHAPES])
def test_refused_statements_savepoints_rollbacks_and_many_rows_are_replayed_as_they_were(
    engine: Any, path: Path_
) -> None:
    again = lambda *given: path(*given)  # noqa: E731
    lines = lines_of(engine, path, again)
    for is_alone in (False, True):
        runs = replayed(engine, lines, path, again, is_alone=is_alone)
        assert verdicts(runs) == ["match"] * 3, [run.reason or run.divergences for run in runs]


def test_a_candidate_without_statements_of_its_own_may_send_those_of_legacy(tmp_path: Path) -> None:
    """As where its replay had failed when the scenario was recorded."""
    with engine_of("file", tmp_path) as engine:
        data = json.loads(lines_of(engine, place_by_sql, place_by_orm)[0])
        del data["scripts"]["candidate"]
        line = json.dumps(data).encode()
        (same,) = replayed(engine, [line], place_by_sql, lambda *given: place_by_sql(*given))
        (other,) = replayed(engine, [line], place_by_sql, place_by_orm)
    assert verdicts([same, other]) == ["match", "failed"]


GIVEN = {
    "a session": lambda engine: sessionmaker(engine, future=True)(),
    "a session of another class, with options": lambda engine: OwnSession(engine, autoflush=False),
    "a connection": lambda engine: engine.connect(),
    "a session deep in an object": lambda engine: Unit(sessionmaker(engine, future=True)()),
    "the engine": lambda engine: engine,
}


class OwnSession(Session):  # type: ignore[misc]
    """As programs derive theirs."""


@dataclass
class Unit:
    """A unit of work, as many programs have one."""

    db: Any


def of(given: Any) -> Any:
    """What a path gets its rows through."""
    return given.db if isinstance(given, Unit) else given


def given_sql(given: Any, ref: str) -> str:
    """Leaves the commit to its caller, but for an engine."""
    if isinstance(given, sa.engine.Engine):
        with given.begin() as db:
            return place_by_sql(db, ref, ITEMS, commits=False)
    return place_by_sql(of(given), ref, ITEMS, commits=False)


def given_orm(given: Any, ref: str) -> str:
    if isinstance(given, sa.engine.Engine):
        with sessionmaker(given, future=True)() as db:
            return place_by_orm(db, ref, ITEMS)
    if isinstance(given, sa.engine.Connection):
        given.execute(text("UPDATE stock SET on_hand = on_hand"))
        return given_sql(given, ref)
    return place_by_orm(of(given), ref, ITEMS, commits=False)


def given_wrong(given: Any, ref: str) -> str:
    done = given_sql(given, ref)
    if not isinstance(given, sa.engine.Engine):
        of(given).execute(text("UPDATE stock SET on_hand = 0 WHERE sku = 's3'"))
        return done
    with given.begin() as db:
        db.execute(text("UPDATE stock SET on_hand = 0 WHERE sku = 's3'"))
    return done


@pytest.mark.parametrize("make", GIVEN.values(), ids=GIVEN)
@pytest.mark.parametrize(
    ("candidate", "verdict"),
    [(given_orm, "match"), (given_wrong, "unsafe")],
    ids=["a rewrite", "one wrong row"],
)
@pytest.mark.parametrize("kind", ["file", "postgresql"])
def test_a_session_that_a_path_was_given_is_another_one_of_its_kind_elsewhere(
    tmp_path: Path, make: Any, candidate: Path_, verdict: str, kind: str
) -> None:
    def project(engine: Any) -> tuple[Migration, Any]:
        migration = Migration(environment={})
        migration.use("sqlalchemy", engine)
        return migration, migration.seam("shop.place", legacy=given_sql, candidate=candidate)

    with engine_of(kind, tmp_path) as engine:
        migration, seam = project(engine)

        def called(ref: str) -> None:
            given = make(engine)
            seam(given, ref)
            if given is not engine:
                of(given).commit()
                of(given).close()

        migration.source("orders", population="generated")(
            lambda _: [Case(ref, partial(called, ref)) for ref in REFS]
        )
        lines = scenario_lines(migration, "orders")
        assert contents(engine)["orders"][1:] == [(ref, "placed") for ref in REFS]
    nowhere = elsewhere(engine)
    for is_alone in (False, True):
        runs = replayed_lines(project(nowhere)[0], lines, is_alone=is_alone)
        assert verdicts(runs) == [verdict] * 3, [run.reason or run.divergences for run in runs]
    assert getattr(nowhere.pool, "checkedout", int)() == 0  # the one that 1.4 has for a file counts nothing


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "session", "class": {"$": "class", "t": "pathlib.Path"}},
        {"kind": "os.system", "class": None},
        {},
        [],
        "session",
    ],
    ids=str,
)
def test_data_that_describe_no_session_make_nothing(tmp_path: Path, data: Any) -> None:
    with engine_of("file", tmp_path) as engine:
        migration, _ = seam_of(engine, place_by_sql, place_by_orm)
        with pytest.raises(CodecError):
            migration.codec.decode({"$": "handle", "by": "sqlalchemy", "v": data})
        with pytest.raises(CodecError, match="does not use"):
            migration.codec.decode({"$": "handle", "by": "os", "v": {}})


HIDDEN = {
    "a value that is compared": "effects.db.insert[*].columns.customer",
    "a column that is only read": "reads.db.read[*].answer.on_hand",
    "whatever is called so": "arguments.customer",
    "anything": "reads.db.*",
}


@pytest.mark.parametrize("path", HIDDEN.values(), ids=HIDDEN)
def test_what_a_path_hides_stands_in_no_script(tmp_path: Path, path: str) -> None:
    with engine_of("file", tmp_path) as engine:
        lines = lines_of(engine, place_by_sql, place_by_orm, redact=[path])
        assert not any(b"INSERT INTO" in line or b"on_hand - " in line for line in lines)
        runs = replayed(engine, lines, place_by_sql, place_by_orm)
    assert verdicts(runs) == ["failed"] * 3
    assert all("would hold what is redacted" in str(run.reason) for run in runs), [run.reason for run in runs]


def test_paths_that_hide_something_else_leave_scripts_alone(tmp_path: Path) -> None:
    with engine_of("file", tmp_path) as engine:
        lines = lines_of(engine, place_by_sql, place_by_orm, redact=["arguments.password"])
        assert verdicts(replayed(engine, lines, place_by_sql, place_by_orm)) == ["match"] * 3


def test_only_scenarios_hold_what_was_sent(tmp_path: Path) -> None:
    """Runs that are compared here and now need none of it."""
    with engine_of("file", tmp_path) as engine:
        runs: list[Run] = []
        migration = Migration(environment={"CHANGEOVER_STAGE_SHOP_PLACE": "shadow"}, sink=runs.append)
        migration.use("sqlalchemy", engine, rows=True)
        place = with_session(engine, place_by_sql)
        seam = migration.seam("shop.place", legacy=place, candidate=lambda *given: place(*given))
        seam("r1", ITEMS)
    assert [run.tape.scripts for run in runs] == [None]


def read_in_parts(session: Session, ref: str, items: Any) -> Any:
    """A cursor of the driver's own, as large tables are read."""
    numbers = " UNION ".join(f"SELECT {number} AS n" for number in range(7))
    found = session.execute(text(f"SELECT n FROM ({numbers}) AS numbers ORDER BY n"))
    return [[row.n for row in found.fetchmany(2)] for _ in range(5)]


def refused_at_the_end(session: Session, ref: str, items: Any) -> Any:
    """What only the commit refuses, and what is done after that."""
    session.execute(text("INSERT INTO later (id, parent) VALUES (1, 99)"))
    try:
        session.commit()
    except IntegrityError:
        session.rollback()
    session.execute(text("UPDATE stock SET on_hand = on_hand - 1 WHERE sku = 's1'"))
    session.commit()
    return ref


@pytest.mark.parametrize("path", [read_in_parts, refused_at_the_end], ids=lambda path: path.__name__)
def test_the_same_code_matches_without_the_database(engine: Any, path: Path_) -> None:
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("PRAGMA foreign_keys=ON"))
        column = "parent INTEGER REFERENCES orders(id) DEFERRABLE INITIALLY DEFERRED"
        connection.execute(text(f"CREATE TABLE later (id INTEGER PRIMARY KEY, {column})"))
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", lambda made, _: made.execute("PRAGMA foreign_keys=ON"))
        engine.dispose()
    again = lambda *given: path(*given)  # noqa: E731  another function of the same code
    lines = lines_of(engine, path, again, refs=["r1"])
    for is_alone in (False, True):
        runs = replayed(engine, lines, path, again, is_alone=is_alone)
        assert verdicts(runs) == ["match"], [run.reason or run.divergences for run in runs]
