"""Entities, rows and statements of SQLAlchemy: what is loaded, without a query."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from changeover import Migration
from changeover.errors import NotLoadedError
from changeover.record.codec import Codec
from changeover.values.content_key import digest, frozen, same_content
from changeover.values.copying import SnapshotError, snapshot
from changeover.values.form import leaves, plain, token
from changeover.values.not_loaded import NotLoaded

sqlalchemy = pytest.importorskip(
    "sqlalchemy", reason="SQLAlchemy is not installed, so its entities are not tried"
)
orm = pytest.importorskip("sqlalchemy.orm")
mutable = pytest.importorskip("sqlalchemy.ext.mutable")


class Base(orm.DeclarativeBase):  # type: ignore[misc,name-defined]
    pass


class Person(Base):
    __tablename__ = "persons"
    id = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
    name = sqlalchemy.Column(sqlalchemy.String)
    data = sqlalchemy.Column(mutable.MutableDict.as_mutable(sqlalchemy.JSON))
    orders = orm.relationship("Order", back_populates="person", order_by="Order.id")
    by_name = orm.relationship("Tag", collection_class=orm.attribute_keyed_dict("name"))

    @property
    def shouted(self) -> str:
        raise RuntimeError("a property was asked for")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("an entity was compared by itself")

    __hash__ = Base.__hash__


class Order(Base):
    __tablename__ = "orders"
    id = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
    person_id = sqlalchemy.Column(sqlalchemy.ForeignKey("persons.id"))
    person = orm.relationship(Person, back_populates="orders")


class Tag(Base):
    __tablename__ = "tags"
    id = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
    name = sqlalchemy.Column(sqlalchemy.String)
    person_id = sqlalchemy.Column(sqlalchemy.ForeignKey("persons.id"))


class Database:
    def __init__(self) -> None:
        self.engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.pool.StaticPool)
        Base.metadata.create_all(self.engine)
        self.session = orm.Session(self.engine)
        person = Person(id=1, name="kim", data={"a": [1]})
        person.orders = [Order(id=1), Order(id=2)]
        person.by_name = {"vip": Tag(id=1, name="vip")}
        self.session.add_all([person, Person(id=2, name="lee")])
        self.session.commit()
        self.session.expunge_all()
        self.queries = 0
        sqlalchemy.event.listen(self.engine, "before_cursor_execute", self._count)

    def _count(self, *_: object) -> None:
        self.queries += 1

    def get(self, number: int) -> Any:
        self.session.expunge_all()
        return self.session.get(Person, number)

    def whole(self) -> Any:
        self.session.expunge_all()
        loaded = [orm.selectinload(Person.orders).joinedload(Order.person), orm.selectinload(Person.by_name)]
        return self.session.get(Person, 1, options=loaded)

    def row(self) -> Any:
        return self.session.execute(sqlalchemy.select(Person.id, Person.name)).first()


@pytest.fixture
def database() -> Iterator[Database]:
    made = Database()
    yield made
    made.session.close()
    made.engine.dispose()


VALUES: dict[str, Callable[[Database], Any]] = {
    "an entity": lambda database: database.get(1),
    "an entity with all that belongs to it": lambda database: database.whole(),
    "a list of entities": lambda database: database.whole().orders,
    "a dict of entities": lambda database: database.whole().by_name,
    "a dict that tells of changes": lambda database: database.get(1).data,
    "an entity in no database": lambda _: Person(name="new", orders=[Order(id=9)]),
    "a row": lambda database: database.row(),
    "a row by names": lambda database: database.row()._mapping,
    "a statement": lambda _: sqlalchemy.select(Person.id).where(Person.id.in_([1, 2])),
    "a condition": lambda _: Person.id == 1,
    "a text with parameters": lambda _: sqlalchemy.text("select :x").bindparams(x=1),
    "a query that has not run": lambda database: database.session.query(Person).filter(Person.id == 1),
    "a table": lambda _: Person.__table__,
    "a column": lambda _: Person.name,
}


@pytest.mark.parametrize("name", VALUES)
def test_equal_values_are_alike_and_nothing_is_loaded_to_know_it(database: Database, name: str) -> None:
    value = VALUES[name](database)
    before = database.queries
    copy = snapshot(value)
    assert same_content(copy, value)
    assert token(copy) == token(value)
    assert frozen(copy) == frozen(value)
    assert digest(copy) == digest(value)
    assert database.queries == before


@pytest.mark.parametrize(
    "change",
    [
        lambda person: setattr(person, "name", "other"),
        lambda person: person.orders.pop(),
        lambda person: person.by_name.clear(),
        lambda person: person.data.update(b=2),
        lambda person: setattr(person.orders[0], "id", 7),
    ],
    ids=["a column", "a list", "a dict", "a document", "what belongs to it"],
)
def test_a_change_of_the_copy_is_a_difference_and_none_of_the_original(
    database: Database, change: Callable[[Any], Any]
) -> None:
    person = database.whole()
    copy = snapshot(person)
    change(copy)
    assert not same_content(copy, person)
    assert token(copy) != token(person)
    assert same_content(snapshot(person), person)
    assert not database.session.dirty
    assert copy.orders[0].person is copy


def test_what_is_not_loaded_stands_under_its_name(database: Database) -> None:
    found = plain(database.get(1))
    assert found["orders"] == NotLoaded(f"{__name__}.Person", "1", "orders")
    assert found["name"] == "kim"
    assert "shouted" not in found


def test_a_copy_that_is_asked_for_more_ends_the_replay(database: Database) -> None:
    before = database.get(1), database.queries
    with pytest.raises(NotLoadedError, match=r"Person\.orders"):
        _ = snapshot(before[0]).orders
    with pytest.raises(NotLoadedError):
        snapshot(database.session.query(Person)).all()
    assert database.queries == before[1]


def test_owner_and_list_are_one_in_the_copy_as_well(database: Database) -> None:
    person = database.whole()
    copy, orders = snapshot((person, person.orders))
    assert copy.orders is orders


@pytest.mark.parametrize("handle", ["session", "engine"])
def test_what_reaches_the_database_is_a_handle(database: Database, handle: str) -> None:
    with pytest.raises(SnapshotError, match="handle"):
        snapshot(getattr(database, handle))


def test_a_result_that_is_being_read_is_a_handle(database: Database) -> None:
    result = database.session.execute(sqlalchemy.select(Person))
    with pytest.raises(SnapshotError, match="handle"):
        snapshot(result)
    result.close()


@pytest.mark.parametrize("name", ["an entity", "an entity with all that belongs to it", "a row"])
def test_entities_and_rows_are_written_and_read_back(database: Database, name: str) -> None:
    assert Codec().problem_of(VALUES[name](database)) is None


def _run(database: Database, legacy: Callable[[Any], Any], candidate: Callable[[Any], Any]) -> Any:
    class Persons:
        def get(self, number: int) -> Any:
            return database.get(number)

    persons = Persons()
    runs: list[Any] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0)
    migration.port("persons", Persons, reads={"get"})
    migration.seam(
        "s", legacy=lambda n: legacy(persons.get(n)), candidate=lambda n: candidate(persons.get(n))
    )(1)
    migration.close()
    return runs[0]


@pytest.mark.parametrize(
    ("legacy", "candidate", "verdict", "named"),
    [
        (lambda one: one.name, lambda one: one.name, "match", ""),
        (lambda one: one, lambda one: one, "match", ""),
        (lambda one: one.name, lambda one: one.name.upper(), "diverged", ""),
        (lambda one: len(one.orders), lambda one: len(one.orders), "failed", "Person.orders"),
        (lambda one: len(one.orders) and one, lambda one: one, "failed", "orders"),
    ],
    ids=["a column", "the entity", "another answer", "loaded late by both", "loaded late by one"],
)
def test_a_verdict_says_only_what_is_known(
    database: Database,
    legacy: Callable[[Any], Any],
    candidate: Callable[[Any], Any],
    verdict: str,
    named: str,
) -> None:
    run = _run(database, legacy, candidate)
    assert run.verdict == verdict
    assert named in (run.reason or "") or any(named in found.place for found in run.divergences)


def test_leaves_of_entities_that_lead_back_to_each_other_come_to_an_end(database: Database) -> None:
    assert len([*leaves(database.whole())]) < 20


def test_an_address_of_a_database_is_copied_and_told_apart() -> None:
    def address(mode: str) -> Any:
        return sqlalchemy.engine.make_url(f"sqlite:///shop.db?mode={mode}")

    copy = snapshot([address("ro")])
    assert copy == [address("ro")]
    assert same_content(copy, [address("ro")])
    assert not same_content(copy, [address("rw")])
