"""What a path changes in what a port gave it is what it left behind: an entity, which is then kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from changeover import Migration, Run
from changeover.compare.mutations import blind_spots
from changeover.compare.rules import STRICT
from changeover.redaction.redactor import Redactor
from changeover.values.limits import Limits
from changeover.values.verdict import Verdict

MODES, STAGES = ["inline", "background"], ["shadow", "live"]


class Account:
    def __init__(self) -> None:
        self.balance = 100
        self.owner = "Ann Miller"


class Accounts:
    """A repository whose entities are changed where they are, and then kept."""

    def __init__(self) -> None:
        self.kept = {1: Account(), 2: Account()}

    def get(self, number: int) -> Account:
        return self.kept[number]

    def by_owner(self, owner: str) -> Account:
        return self.kept[1]

    async def get_later(self, number: int) -> Account:
        await asyncio.sleep(0)
        return self.kept[number]

    def commit(self) -> None:
        return None


def compared(
    paths: tuple[Any, Any], *arguments: Any, stage: str = "shadow", mode: str = "inline", **options: Any
) -> tuple[Any, Run]:
    """The answer and the run of one call of a seam whose port is the class Accounts."""
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": stage}
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode, **options)
    migration.port("accounts", Accounts, reads={"get", "get_later", "by_owner"}, effects={"commit"})
    seam: Any = migration.seam("s", legacy=paths[0], candidate=paths[1])
    answer = asyncio.run(seam(*arguments)) if asyncio.iscoroutinefunction(paths[0]) else seam(*arguments)
    migration.flush()
    migration.close()
    return answer, runs[0]


def booking(accounts: Accounts, amount: int) -> Callable[[int], None]:
    def booked(number: int) -> None:
        accounts.get(number).balance += amount
        accounts.commit()

    return booked


def booking_later(accounts: Accounts, amount: int) -> Callable[[int], Any]:
    async def booked(number: int) -> None:
        (await accounts.get_later(number)).balance += amount
        accounts.commit()

    return booked


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("book", [booking, booking_later])
def test_another_amount_booked_on_what_was_read_differs_at_the_place_of_the_read(
    book: Any, mode: str, stage: str
) -> None:
    accounts = Accounts()
    _, run = compared((book(accounts, 10), book(accounts, -999)), 1, stage=stage, mode=mode)
    method = "get_later" if book is booking_later else "get"
    assert run.verdict is Verdict.DIVERGED
    assert [found.place for found in run.divergences] == [f"answers.accounts.{method}.1.balance"]
    assert {run.divergences[0].legacy, run.divergences[0].candidate} == {110, -899}
    assert accounts.kept[1].balance == (110 if stage == "shadow" else -899)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("book", [booking, booking_later])
def test_the_same_amount_booked_on_what_was_read_matches(book: Any, mode: str, stage: str) -> None:
    accounts = Accounts()
    _, run = compared((book(accounts, 10), book(accounts, 10)), 1, stage=stage, mode=mode)
    assert (run.verdict, accounts.kept[1].balance) == (Verdict.MATCH, 110)


@pytest.mark.parametrize("stage", STAGES)
def test_what_only_one_path_changes_differs_from_how_it_was_given(stage: str) -> None:
    accounts = Accounts()
    _, run = compared((booking(accounts, 10), booking(accounts, 0)), 1, stage=stage)
    found = run.divergences[0]
    assert (found.place, found.legacy, found.candidate) == ("answers.accounts.get.1.balance", 110, 100)
    assert run.verdict is Verdict.DIVERGED


def test_what_a_candidate_does_not_even_read_differs_from_how_it_was_given() -> None:
    accounts = Accounts()
    _, run = compared((booking(accounts, 10), lambda number: accounts.commit()), 1)
    found = run.divergences[0]
    assert (found.place, found.legacy, found.candidate) == ("answers.accounts.get.1.balance", 110, 100)


def test_a_change_under_another_key_is_another_change() -> None:
    accounts = Accounts()

    def both(changed: int) -> Callable[[], None]:
        def path() -> None:
            found = [accounts.get(1), accounts.get(2)]
            found[changed].balance = 0

        return path

    _, run = compared((both(0), both(1)))
    assert {found.place for found in run.divergences} == {
        "answers.accounts.get.1.balance",
        "answers.accounts.get.2.balance",
    }


def test_an_entity_that_is_asked_for_in_two_ways_is_one() -> None:
    accounts = Accounts()

    def by_number_and_name() -> None:
        accounts.get(1).balance += 10
        accounts.by_owner("Ann Miller").balance += 5

    def by_number_alone() -> None:
        accounts.get(1).balance += 15

    _, run = compared((by_number_and_name, by_number_alone))
    assert run.verdict is Verdict.MATCH


def test_a_candidate_that_changed_what_it_read_is_not_answered_for_by_legacy() -> None:
    accounts = Accounts()

    def changes_and_raises(number: int) -> None:
        accounts.get(number).balance = 0
        raise ValueError(number)

    paths = booking(accounts, 10), changes_and_raises
    with pytest.raises(ValueError, match="1"):
        compared(paths, 1, stage="live")
    assert accounts.kept[1].balance == 0


class Positions:
    """A broker that gives its own list, and goes on writing into it."""

    def __init__(self) -> None:
        self.kept: list[str] = []

    def all(self) -> list[str]:
        return self.kept

    def submit(self, order: str) -> None:
        self.kept.append(order)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("seen", "verdict"), [(lambda known: 0, Verdict.MATCH), (len, Verdict.FAILED)], ids=["not", "seen"]
)
def test_what_a_port_itself_changes_in_its_answer_is_no_difference_of_the_paths(
    seen: Callable[[list[str]], int], verdict: Verdict, mode: str
) -> None:
    broker, runs = Positions(), list[Run]()
    migration = Migration(
        environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append, mode=mode
    )
    migration.port("broker", broker, reads={"all"}, effects={"submit"})

    def path(order: str) -> int:
        known = broker.all()
        broker.submit(order)
        return seen(known)

    migration.seam("s", legacy=path, candidate=path)("SPY")
    migration.flush()
    assert runs[0].verdict is verdict
    assert (runs[0].reason or "a port changed").startswith("a port changed")


def test_what_a_port_changes_besides_hides_no_difference() -> None:
    broker, runs = Positions(), list[Run]()
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    migration.port("broker", broker, reads={"all"}, effects={"submit"})

    def path(noted: str) -> Callable[[str], None]:
        def placed(order: str) -> None:
            known = broker.all()
            broker.submit(order)
            known.append(noted)

        return placed

    migration.seam("s", legacy=path("a"), candidate=path("b"))("SPY")
    assert runs[0].verdict is Verdict.DIVERGED


class Base(DeclarativeBase):  # type: ignore[misc,unused-ignore]
    pass


class Row(Base):
    __tablename__ = "accounts"
    id: Mapped[int] = mapped_column(primary_key=True)
    balance: Mapped[int]


@pytest.mark.parametrize("expires", [False, True])
@pytest.mark.parametrize(("amount", "verdict"), [(10, Verdict.MATCH), (-999, Verdict.DIVERGED)])
def test_what_a_session_commits_is_compared(amount: int, verdict: Verdict, expires: bool) -> None:
    engine, runs = sqlalchemy.create_engine("sqlite://"), list[Run]()
    Base.metadata.create_all(engine)
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    with Session(engine, expire_on_commit=expires) as session:
        session.add(Row(id=1, balance=100))
        session.commit()
        migration.port("session", session, reads={"get"}, effects={"commit"})

        def path(booked: int) -> Callable[[int], None]:
            def committed(number: int) -> None:
                row = session.get(Row, number)
                assert row is not None
                row.balance += booked
                session.commit()

            return committed

        migration.seam("s", legacy=path(10), candidate=path(amount))(1)
        found = session.get(Row, 1)
        assert found is not None
        assert found.balance == 110
    assert runs[0].verdict is verdict
    assert [found.place.split(".")[-1] for found in runs[0].divergences] == ["balance"] * (amount != 10)


def test_what_a_path_of_the_plan_hides_in_an_answer_is_hidden_where_it_was_changed_too() -> None:
    accounts = Accounts()

    def renames(name: str) -> Callable[[int], None]:
        def renamed(number: int) -> None:
            accounts.get(number).owner = name

        return renamed

    _, run = compared((renames("Bea Stone"), renames("Cid Brown")), 1)
    redacted = Redactor.of(["reads.accounts.get[*].answer.owner"], {}, None).run(run)
    assert run.divergences[0].place == "answers.accounts.get.1.owner"
    shown = repr((redacted.divergences, redacted.legacy and redacted.legacy.changed, redacted.candidate))
    assert "Stone" not in shown
    assert "Brown" not in shown
    assert redacted.divergences[0].legacy != redacted.divergences[0].candidate


def test_no_change_of_an_answer_is_a_blind_spot_without_a_rule() -> None:
    accounts = Accounts()
    _, run = compared((booking(accounts, 10), booking(accounts, 10)), 1)
    assert run.legacy is not None
    assert run.legacy.changed is not None
    assert "answers" in run.legacy.changed
    assert blind_spots(run.legacy, STRICT, "s").spots == ()


def test_looking_at_answers_takes_no_more_time_than_copies_may() -> None:
    accounts = Accounts()
    accounts.kept = {number: Account() for number in range(2)}
    _, run = compared(
        (booking(accounts, 10), booking(accounts, 10)), 1, limits=Limits(record_seconds_max=0.0)
    )
    assert run.verdict is Verdict.FAILED
    assert "record_seconds_max" in str(run.reason)


class Catalogue:
    """Gives lists and dicts: some are made for the call, some are its own."""

    def __init__(self) -> None:
        self.names = ["b", "a"]
        self.stock = {"a": 1}
        self.accounts = [Account()]
        self.rows = [{"n": 0}]

    def fresh(self) -> list[str]:
        return [*self.names]

    def own(self) -> dict[str, int]:
        return self.stock

    def all(self) -> list[Account]:
        return [*self.accounts]

    def all_rows(self) -> list[dict[str, int]]:
        return [*self.rows]

    def row_copies(self) -> list[dict[str, int]]:
        return [dict(row) for row in self.rows]

    async def fresh_later(self) -> list[str]:
        await asyncio.sleep(0)
        return [*self.names]


def one_changes(change: Callable[[Catalogue], object]) -> Run:
    catalogue, runs = Catalogue(), list[Run]()
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    migration.port("catalogue", catalogue, reads={"fresh", "own", "all", "all_rows", "row_copies"})

    def reads() -> int:
        catalogue.fresh(), catalogue.own(), catalogue.all(), catalogue.all_rows(), catalogue.row_copies()
        return 1

    def changes() -> int:
        change(catalogue)
        return 1

    migration.seam("s", legacy=reads, candidate=changes)()
    return runs[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda catalogue: catalogue.fresh().sort(),
        lambda catalogue: catalogue.all().clear(),
        lambda catalogue: catalogue.all_rows().clear(),
        lambda catalogue: catalogue.row_copies()[0].update(n=9),
    ],
    ids=["sort", "entities", "rows", "copies"],
)
def test_a_list_that_nobody_but_the_path_holds_is_its_own(change: Callable[[Catalogue], object]) -> None:
    assert one_changes(change).verdict is Verdict.MATCH


def test_a_list_that_was_waited_for_is_the_paths_own_too() -> None:
    catalogue, runs = Catalogue(), list[Run]()
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    migration.port("catalogue", catalogue, reads={"fresh_later"})

    def path(sorts: bool) -> Callable[[], Any]:
        async def told() -> int:
            found = await catalogue.fresh_later()
            if sorts:
                found.sort()
            return 1

        return told

    seam: Any = migration.seam("s", legacy=path(False), candidate=path(True))
    asyncio.run(seam())
    assert runs[0].verdict is Verdict.MATCH


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda catalogue: catalogue.own().update(a=9), "answers.catalogue.own.().a"),
        (
            lambda catalogue: vars(catalogue.all()[0]).update(balance=9),
            'answers.catalogue.all."()[0]".balance',
        ),
        (lambda catalogue: catalogue.all_rows()[0].update(n=9), 'answers.catalogue.all_rows."()[0]".n'),
    ],
    ids=["own", "entity", "row"],
)
def test_what_somebody_else_holds_is_compared_wherever_it_stands_in_an_answer(
    change: Callable[[Catalogue], object], place: str
) -> None:
    run = one_changes(change)
    assert [found.place for found in run.divergences] == [place]
    assert run.verdict is Verdict.DIVERGED


def test_what_a_candidate_reaches_for_besides_is_not_hidden_by_an_answer_that_both_change(
    tmp_path: Path,
) -> None:
    accounts = Accounts()

    def reaching(number: int) -> None:
        booking(accounts, 5)(number)
        with suppress(BaseException):
            (tmp_path / "booked").write_text("yes")

    _, run = compared((booking(accounts, 5), reaching), 1)
    assert run.verdict is Verdict.UNSAFE
    assert not [*tmp_path.iterdir()]
