"""What a port does to the objects that it is handed, and which object it gives, is the same in a replay."""

from __future__ import annotations

import asyncio
from array import array
from collections import ChainMap, Counter, OrderedDict, UserDict, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from random import Random
from typing import Any

import numpy
import pytest
import sqlalchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from changeover import Migration, Run
from changeover.values.verdict import Verdict

MODES, STAGES = ["inline", "background"], ["shadow", "live"]


def compared(
    port: Any,
    paths: tuple[Any, Any],
    *arguments: Any,
    stage: str = "shadow",
    mode: str = "inline",
    **classes: Any,
) -> Run:
    """The run of one call of a seam beside this port."""
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": stage}
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode)
    migration.port("port", port, **classes)
    seam: Any = migration.seam("s", legacy=paths[0], candidate=paths[1])
    asyncio.run(seam(*arguments)) if asyncio.iscoroutinefunction(paths[0]) else seam(*arguments)
    migration.flush()
    migration.close()
    return runs[0]


class Order:
    id: int | None = None


class Slotted:
    __slots__ = ("id",)
    id: int


@dataclass
class Basket:
    lines: list[Any] = field(default_factory=list)
    paid: bool = False


class Broker:
    """Writes what it did into what it is handed."""

    def submit(self, order: Any) -> None:
        order.id = 7

    async def submit_later(self, order: Any) -> None:
        await asyncio.sleep(0)
        order.id = 7

    def fill(self, rows: Any) -> None:
        rows.extend([1, 2])

    def answer(self, form: dict[str, Any]) -> None:
        form["answer"] = [1]
        form.pop("question", None)

    def pay(self, basket: Basket) -> None:
        basket.paid = True
        basket.lines[0]["paid"] = True

    def refuse(self, order: Any) -> None:
        order.id = 7
        raise ValueError("refused")

    def mark(self, names: set[str]) -> None:
        names.add("marked")

    def write(self, buffer: bytearray) -> None:
        buffer[:] = b"written"

    def scale(self, numbers: Any) -> None:
        numbers *= 2


CLASSES: dict[str, Any] = {
    "effects": {"submit", "submit_later", "pay", "refuse", "mark"},
    "reads": {"fill", "answer", "write", "scale"},
}


def submitted(number: int) -> int | None:
    order = Order()
    Broker().submit(order)
    return order.id


async def submitted_later(number: int) -> int | None:
    order = Order()
    await Broker().submit_later(order)
    return order.id


def slotted(number: int) -> int:
    order = Slotted()
    Broker().submit(order)
    return order.id


def filled(number: int) -> list[int]:
    rows = [0]
    Broker().fill(rows)
    return rows


def queued(number: int) -> Any:
    rows: deque[int] = deque([0])
    Broker().fill(rows)
    return rows


def answered(number: int) -> dict[str, Any]:
    form: dict[str, Any] = {"question": 1, "kept": 2}
    Broker().answer(form=form)
    return form


def paid(number: int) -> tuple[bool, Any, bool]:
    line = {"n": 1}
    basket = Basket([line])
    Broker().pay(basket)
    return basket.paid, line["paid"], basket.lines[0] is line


def refused(number: int) -> int | None:
    order = Order()
    try:
        Broker().refuse(order)
    except ValueError:
        return order.id
    return None


def marked(number: int) -> set[str]:
    names: set[str] = set()
    Broker().mark(names)
    return names


def written(number: int) -> bytes:
    buffer = bytearray(3)
    Broker().write(buffer)
    return bytes(buffer)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "path",
    [submitted, submitted_later, slotted, filled, queued, answered, paid, refused, marked, written],
    ids=lambda path: path.__name__,
)
def test_what_a_call_writes_into_its_arguments_is_there_in_the_replay_too(
    path: Any, mode: str, stage: str
) -> None:
    run = compared(Broker, (path, path), 1, stage=stage, mode=mode, **CLASSES)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


def test_what_a_path_does_with_it_is_compared_as_before() -> None:
    def forgets(number: int) -> int | None:
        order = Order()
        Broker().submit(order)
        order.id = 8
        return order.id

    run = compared(Broker, (submitted, forgets), 1, **CLASSES)
    assert [(found.place, found.legacy, found.candidate) for found in run.divergences] == [("result", 7, 8)]


class Titled(OrderedDict[str, int]):
    pass


class Letter(StringIO):
    title = ""


def printed(file: Any) -> None:
    file.write("two")
    file.title = "second"


KEPT_IN_C: dict[str, tuple[Callable[[], Any], Callable[[Any], Any], Callable[[Any], Any]]] = {
    "OrderedDict": (lambda: OrderedDict(a=1), lambda made: made.update(b=2), lambda made: [*made.items()]),
    "its subclass": (lambda: Titled(a=1), lambda made: made.update(b=2), lambda made: [*made.items()]),
    "defaultdict": (lambda: defaultdict(list), lambda made: made["a"].append(1), dict),
    "Counter": (lambda: Counter("a"), lambda made: made.update("ab"), dict),
    "UserDict": (lambda: UserDict(a=1), lambda made: made.update(b=2), dict),
    "ChainMap": (lambda: ChainMap({}, {"a": 1}), lambda made: made.update(b=2), dict),
    "StringIO": (StringIO, lambda made: made.write("two"), lambda made: (made.getvalue(), made.tell())),
    "its subclass with attributes": (Letter, printed, lambda made: (made.getvalue(), made.title)),
    "BytesIO": (lambda: BytesIO(b"abc"), lambda made: made.read(2), lambda made: made.read()),
    "array": (lambda: array("d", [1.0]), lambda made: made.append(2.0), list),
    "Random": (lambda: Random(3), lambda made: made.random(), lambda made: made.random()),  # noqa: S311
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KEPT_IN_C)
def test_what_a_call_writes_into_what_is_kept_in_c_is_there_too(kind: str, mode: str, stage: str) -> None:
    make, change, see = KEPT_IN_C[kind]

    class Port:
        def fill(self, what: Any) -> None:
            change(what)

    def path(number: int) -> Any:
        made = make()
        Port().fill(made)
        return see(made)

    run = compared(Port, (path, path), 1, stage=stage, mode=mode, reads={"fill": lambda what: "all"})
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


def test_a_change_that_cannot_be_written_is_named() -> None:
    class Port:
        def fill(self, error: Exception) -> None:
            error.args = ("changed",)

    def path(number: int) -> Any:
        error = ValueError("made")
        Port().fill(error)
        return error.args

    run = compared(Port, (path, path), 1, reads={"fill": lambda error: "all"})
    assert run.verdict is Verdict.FAILED
    assert "ValueError keeps its content where nobody can write" in str(run.reason)


def scaled(number: int) -> float:
    numbers = numpy.array([1.0, 2.0])
    Broker().scale(numbers)
    return float(numbers.sum())


def test_what_cannot_be_written_into_fails_the_run_and_is_named() -> None:
    run = compared(Broker, (scaled, scaled), 1, **CLASSES)
    assert run.verdict is Verdict.FAILED
    assert "what the call has changed in its arguments" in str(run.reason)


class Base(DeclarativeBase):  # type: ignore[misc,unused-ignore]
    pass


class Row(Base):
    __tablename__ = "rows"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Rows:
    """A repository that gives what it was handed, with the number that the database made."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: Row) -> Row:
        self._session.add(row)
        self._session.flush()
        return row


@pytest.fixture
def session() -> Any:
    engine = sqlalchemy.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine, expire_on_commit=False) as opened:
        yield opened


def test_an_entity_has_the_number_that_a_repository_gave_it(session: Session) -> None:
    rows = Rows(session)

    def added(name: str) -> tuple[int, bool]:
        row = Row(name=name)
        return rows.add(row).id, row.id is not None

    run = compared(Rows, (added, added), "a", effects={"add"})
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


def test_what_a_port_changes_in_what_an_earlier_call_was_handed_fails_the_run(session: Session) -> None:
    def added(name: str) -> int:
        row = Row(name=name)
        session.add(row)
        session.flush()
        return int(row.id)

    run = compared(session, (added, added), "a", effects={"add", "flush"})
    assert run.verdict is Verdict.FAILED
    assert str(run.reason).startswith("a port changed what it had given to the path, or was handed by it")


def test_what_a_port_changes_in_an_earlier_argument_hides_no_difference(session: Session) -> None:
    def adds(answer: int) -> Callable[[str], int]:
        def added(name: str) -> int:
            session.add(Row(name=name))
            session.flush()
            return answer

        return added

    run = compared(session, (adds(1), adds(2)), "a", effects={"add", "flush"})
    assert run.verdict is Verdict.DIVERGED


Numbers = dict[str, int]


class Repository:
    """Has one row, and gives it as it is."""

    def __init__(self) -> None:
        self.kept: Numbers = {"n": 0}

    def save(self, row: Numbers) -> Numbers:
        return row

    def get(self, number: int) -> Numbers:
        return self.kept

    def refresh(self) -> None:
        self.kept["n"] = 9

    def all(self) -> list[Numbers]:
        return [self.kept]

    async def get_later(self, number: int) -> Numbers:
        await asyncio.sleep(0)
        return self.kept


REPOSITORY: dict[str, Any] = {"reads": {"get", "get_later", "all"}, "effects": {"save", "refresh"}}


def saved(row: Numbers, repository: Repository) -> int:
    made = {"n": 1}
    repository.save(made)["n"] = 5
    return made["n"]


def twice(row: Numbers, repository: Repository) -> int:
    repository.get(1)["n"] = 5
    return repository.get(2)["n"]


def in_a_list(row: Numbers, repository: Repository) -> bool:
    return repository.all()[0] is repository.get(1)


def given(row: Numbers, repository: Repository) -> int:
    repository.get(1)["n"] = 5
    return row["n"]


async def given_later(row: Numbers, repository: Repository) -> int:
    (await repository.get_later(1))["n"] = 5
    return row["n"]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "path", [saved, twice, in_a_list, given, given_later], ids=lambda path: path.__name__
)
def test_one_object_at_a_port_is_one_object_in_the_replay(path: Any, mode: str, stage: str) -> None:
    repository = Repository()
    arguments = repository.kept, repository
    run = compared(Repository, (path, path), *arguments, stage=stage, mode=mode, **REPOSITORY)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


def test_a_replay_that_gets_its_own_object_changes_nothing_of_the_program() -> None:
    repository = Repository()

    def sets(number: int) -> Callable[[Numbers, Repository], None]:
        def path(row: Numbers, repository: Repository) -> None:
            repository.get(1)["n"] = number

        return path

    run = compared(Repository, (sets(5), sets(9)), repository.kept, repository, **REPOSITORY)
    assert repository.kept == {"n": 5}
    assert {found.place for found in run.divergences} == {"arguments.row.n"}


def test_what_a_port_has_changed_in_it_meanwhile_is_seen_when_it_is_given_again() -> None:
    repository = Repository()

    def path(number: int) -> tuple[int, int]:
        before = repository.get(number)["n"]
        repository.refresh()
        return before, repository.get(number)["n"]

    assert compared(repository, (path, path), 1, **REPOSITORY).verdict is Verdict.MATCH


def test_two_objects_of_the_same_content_are_two_in_the_replay() -> None:
    class Makes:
        def get(self, number: int) -> Basket:
            return Basket()

    port = Makes()

    def path() -> bool:
        return port.get(1) is port.get(1)

    assert compared(port, (path, path), reads={"get"}).verdict is Verdict.MATCH


class Query:
    """Gives itself, and other objects of ports."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.limit = 0

    def where(self, name: str) -> Any:
        return self

    def parts(self) -> list[Any]:
        return [self, {"query": self}]

    def joined(self, other: Any) -> Any:
        return other

    def send(self, what: Any) -> Any:
        self.sent.append(what)
        return self


def chained(query: Any) -> bool:
    return query.where("a").send(1).where("b") is query


def in_parts(query: Any) -> bool:
    first, second = query.parts()
    first.send(1)
    return first is query is second["query"]


def handed(query: Any) -> bool:
    return query.joined(query).send(2) is query


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("path", [chained, in_parts, handed], ids=lambda path: path.__name__)
def test_an_object_of_a_port_in_an_answer_is_that_object(path: Any, mode: str, stage: str) -> None:
    query = Query()
    classes: dict[str, Any] = {"effects": {"send"}, "reads": {"where", "parts", "joined"}}
    run = compared(Query, (lambda _: path(query),) * 2, 1, stage=stage, mode=mode, **classes)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)
    assert len(query.sent) == 1


class Settings:
    def __init__(self) -> None:
        self.limits = [1]


HELD: dict[str, tuple[Callable[[], Any], Callable[[Any], list[Any]]]] = {
    "dict": (lambda: {"limits": [1]}, lambda held: held["limits"]),
    "list": (lambda: [1], lambda held: held),
    "object": (Settings, lambda held: held.limits),
}


class Office:
    def __init__(self, held: Any) -> None:
        self.held = held

    def settings(self) -> Any:
        return self.held

    async def settings_later(self) -> Any:
        await asyncio.sleep(0)
        return self.held


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("kind", HELD)
def test_a_replay_changes_nothing_of_what_a_fixed_call_gives(
    kind: str, is_async: bool, mode: str, stage: str
) -> None:
    make, items = HELD[kind]
    office = Office(make())

    def path(number: int) -> int:
        items(office.settings()).append(number)
        return len(items(office.settings()))

    async def path_later(number: int) -> int:
        items(await office.settings_later()).append(number)
        return len(items(await office.settings_later()))

    chosen = path_later if is_async else path
    fixed = {"settings", "settings_later"}
    run = compared(Office, (chosen, chosen), 7, stage=stage, mode=mode, fixed=fixed)

    assert items(office.held) == [1, 7]
    assert run.verdict is Verdict.FAILED  # it is not fixed
    assert "a port changed what it had given to the path" in str(run.reason)


def test_one_object_that_a_fixed_call_gives_twice_is_one_in_a_replay() -> None:
    office = Office({"limits": [1]})

    def path(number: int) -> bool:
        return office.settings() is office.settings()

    run = compared(Office, (path, path), 1, fixed={"settings"})
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)
