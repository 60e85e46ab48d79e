"""Classes of SQLModel are entities, whatever else pydantic keeps of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.copying import snapshot
from changeover.values.equality import strictly_same
from tests.changeover.support.alchemy_shop import as_under_a_test

sqlmodel = pytest.importorskip("sqlmodel")


class Person(sqlmodel.SQLModel, table=True):  # type: ignore[misc, call-arg, name-defined]
    __tablename__ = "sqlmodel_person"

    id: int | None = sqlmodel.Field(default=None, primary_key=True)
    name: str
    mail: str = ""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Any]:
    made = sqlmodel.create_engine(f"sqlite:///{tmp_path / 'people.db'}")
    Person.metadata.create_all(made, tables=[Person.__table__])
    with sqlmodel.Session(made) as session:
        session.add(Person(name="ann", mail="a@x.org"))
        session.commit()
    yield made
    made.dispose()


def test_one_that_is_loaded_is_the_same_as_one_that_is_made(engine: Any) -> None:
    with sqlmodel.Session(engine) as session:
        loaded = session.get(Person, 1)
    assert strictly_same(loaded, Person(id=1, name="ann", mail="a@x.org"))
    assert not strictly_same(loaded, Person(id=1, name="bob", mail="a@x.org"))


def test_a_copy_is_a_model_of_its_own(engine: Any) -> None:
    with sqlmodel.Session(engine) as session:
        loaded = session.get(Person, 1)
    copy = snapshot(loaded)
    copy.name = "bob"
    assert (loaded.name, copy.model_dump()) == ("ann", {"id": 1, "name": "bob", "mail": "a@x.org"})


@pytest.mark.parametrize(("mail", "verdict"), [("new@x.org", "match"), ("other@x.org", "unsafe")])
def test_a_path_works_with_one_and_its_session(engine: Any, mail: str, verdict: str) -> None:
    def change(mail: str) -> Any:
        def path(*, session: Any, person: Any) -> Any:
            person.sqlmodel_update({"mail": mail})
            session.add(person)
            session.commit()
            session.refresh(person)
            return person.name

        return path

    runs: list[Run] = []
    migration = Migration(environment={}, sink=runs.append)
    migration.use("sqlalchemy", engine)
    seam: Any = migration.seam("s", legacy=change("new@x.org"), candidate=change(mail))
    with sqlmodel.Session(engine) as session, as_under_a_test():
        assert seam(session=session, person=session.get(Person, 1)) == "ann"
    assert runs[-1].verdict == verdict, runs[-1].reason or runs[-1].divergences
    with sqlmodel.Session(engine) as session:
        assert session.get(Person, 1).mail == "new@x.org"
