"""The rows that two paths change through Django are compared, whatever statements they send."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from changeover import Migration, Run
from changeover.errors import DeclarationError
from tests.changeover.support.alchemy_shop import as_under_a_test
from tests.changeover.support.django_shop import (
    DATABASES,
    FAULTS,
    Line,
    Order,
    Stock,
    contents,
    place_by_orm,
    place_by_sql,
    shadowed,
    shop_in,
)

ITEMS = [("s1", 2), ("s2", 1)]
PLACED = {
    "stock": {"s0": 6, "s1": 4, "s2": 5, "s3": 6},
    "orders": [("old", "new"), ("r1", "placed")],
    "lines": [("s1", 2), ("s2", 1)],
}


@pytest.fixture(params=DATABASES)
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with shop_in(request.param, tmp_path):
        yield request.param


def as_in_a_test_case() -> AbstractContextManager[None]:
    """What `django.test.TestCase` opens around every test, and rolls back after it."""
    block: Any = transaction.atomic()
    block._from_testcase = True
    return block  # type: ignore[no-any-return]


@pytest.fixture(params=["the program commits", "in a TestCase"])
def around(request: pytest.FixtureRequest, shop: str) -> Any:
    return as_in_a_test_case if request.param == "in a TestCase" else nullcontext


def run_of(legacy: Any, candidate: Any, *given: Any) -> Run:
    seam, runs = shadowed(lambda *_: legacy(), lambda *_: candidate())
    seam(*given or (1,))
    run: Run = runs[-1]
    return run


def test_sql_and_orm_match(around: Any) -> None:
    seam, runs = shadowed(place_by_sql, place_by_orm)
    with around():
        assert seam("r1", ITEMS) == "r1"
        assert contents() == PLACED
        seam("r2", ITEMS)
    assert [run.verdict for run in runs] == ["match", "match"], runs[0].reason or runs[0].divergences


@pytest.mark.parametrize("fault", FAULTS)
def test_each_planted_fault_is_found_as_a_row_and_never_kept(around: Any, fault: str) -> None:
    seam, runs = shadowed(place_by_sql, lambda *given: place_by_orm(*given, fault=fault))
    with around():
        seam("r1", ITEMS)
        assert contents() == PLACED
    assert runs[-1].verdict == "unsafe", runs[-1].reason
    assert all(one.place.startswith("effects.db.") for one in runs[-1].divergences)


def test_an_error_of_both_paths_with_nothing_kept_is_no_difference(around: Any) -> None:
    seam, runs = shadowed(place_by_sql, place_by_orm)
    with around():
        before = contents()
        with pytest.raises(ValueError, match="out of stock"):
            seam("r1", [("s1", 2), ("s2", 100)])
        assert contents() == before
    assert runs[-1].verdict in ("match", "vacuous")


def test_a_candidate_that_keeps_rows_where_legacy_raised_differs(around: Any) -> None:
    seam, runs = shadowed(place_by_sql, lambda *given: place_by_orm(*given, fault="keeps going"))
    with around(), pytest.raises(ValueError, match="out of stock"):
        seam("r1", [("s1", 2), ("s2", 100)])
    assert runs[-1].verdict == "unsafe"


def test_a_candidate_that_answers_is_compared_with_legacy_on_the_copy(around: Any) -> None:
    seam, runs = shadowed(place_by_sql, place_by_orm, stage="live")
    with around():
        seam("r1", ITEMS)
        assert contents() == PLACED
    assert [run.verdict for run in runs] == ["match"], runs[0].reason or runs[0].divergences


def test_what_the_caller_did_before_is_no_change_of_the_path(around: Any) -> None:
    seam, runs = shadowed(place_by_sql, place_by_orm)
    with around():
        Stock.objects.filter(sku="s0").update(on_hand=1)
        seam("r1", ITEMS)
        assert contents()["stock"]["s0"] == 1
    assert runs[-1].verdict == "match", runs[-1].reason or runs[-1].divergences


def test_statements_that_commit_by_themselves_are_compared(around: Any) -> None:
    def legacy() -> None:
        made = Order.objects.create(ref="r1", status="new")
        made.status = "placed"
        made.save()

    def candidate() -> None:
        with connection.cursor() as db:
            db.execute("INSERT INTO orders (ref, status) VALUES ('r1', 'placed')")

    with around():
        assert run_of(legacy, candidate).verdict == "match"
        Order.objects.filter(ref="r1").delete()
        assert run_of(legacy, lambda: None).verdict == "unsafe"


def test_a_refused_statement_that_is_caught_leaves_what_it_leaves(around: Any) -> None:
    def legacy() -> str:
        try:
            with transaction.atomic():
                Order.objects.create(ref="old", status="twice")
        except IntegrityError as error:
            Stock.objects.filter(sku="s0").update(on_hand=0)
            return type(error).__name__
        return "taken"

    def candidate() -> str:
        with connection.cursor() as db:
            try:
                with transaction.atomic():
                    db.execute("INSERT INTO orders (ref, status) VALUES ('old', 'twice')")
            except IntegrityError as error:
                db.execute("UPDATE stock SET on_hand = 0 WHERE sku = 's0'")
                return type(error).__name__
        return "taken"

    with around():
        run = run_of(legacy, candidate)
        assert contents()["stock"]["s0"] == 0
    assert run.verdict == "match", run.reason or run.divergences


def test_a_statement_refused_outside_of_any_block_lets_the_next_ones_run(shop: str) -> None:
    def path() -> str:
        try:
            Order.objects.create(ref="old", status="twice")
        except IntegrityError as error:
            Stock.objects.filter(sku="s0").update(on_hand=0)
            return type(error).__name__
        return "taken"

    run = run_of(path, path)
    assert run.verdict == "match", run.reason or run.divergences
    assert contents()["stock"]["s0"] == 0


def test_what_was_kept_before_a_block_stays_where_that_is_rolled_back(shop: str) -> None:
    def path() -> None:
        Stock.objects.filter(sku="s0").update(on_hand=1)
        with transaction.atomic():
            Stock.objects.filter(sku="s1").update(on_hand=1)
            transaction.set_rollback(True)

    run = run_of(path, path)
    assert run.verdict == "match", run.reason or run.divergences
    assert contents()["stock"] == {"s0": 1, "s1": 6, "s2": 6, "s3": 6}


def test_a_foreign_key_that_only_the_commit_refuses_is_refused_in_the_copy(shop: str) -> None:
    def path() -> str:
        try:
            with transaction.atomic():
                Line.objects.create(order_id=999, stock_id="s0", qty=1)
        except IntegrityError as error:
            return type(error).__name__
        return "kept"

    run = run_of(path, path)
    assert run.verdict == "match", run.reason or run.divergences
    assert contents()["lines"] == []


def test_a_caller_s_transaction_that_the_path_dooms_is_a_difference(around: Any) -> None:
    def dooms() -> None:
        try:
            with transaction.atomic(savepoint=False):
                raise ValueError
        except ValueError:
            pass

    if around is nullcontext:
        pytest.skip("there is no transaction of a caller")
    with around(), transaction.atomic():
        run = run_of(lambda: None, dooms)
        assert not transaction.get_rollback()
    assert run.verdict == "unsafe"
    assert [one.place for one in run.divergences] == ['effects.db.set_rollback["the caller"]']


def test_on_commit_runs_in_the_replay_with_its_effects_withheld(shop: str) -> None:
    sent: list[str] = []

    class Post:
        def send(self, to: str) -> None:
            sent.append(to)

    def path(to: str) -> Any:
        def placed(_: int) -> None:
            with transaction.atomic():
                Order.objects.create(ref="r1", status="placed")
                transaction.on_commit(lambda: post.send(to))

        return placed

    for other, verdict in (("a", "match"), ("b", "unsafe")):
        Order.objects.filter(ref="r1").delete()
        sent.clear()
        post: Any = Post()
        runs: list[Run] = []
        migration = Migration(sink=runs.append)
        migration.use("django")
        migration.port("post", post, effects={"send"})
        with as_under_a_test():
            migration.seam("s", legacy=path("a"), candidate=path(other))(1)
        assert sent == ["a"]
        assert runs[-1].verdict == verdict, runs[-1].reason or runs[-1].divergences


def test_functions_that_wait_for_the_caller_s_commit_never_run_for_the_replay(shop: str) -> None:
    ran: list[str] = []

    def path(name: str) -> Any:
        return lambda: transaction.on_commit(lambda: ran.append(name))

    with as_in_a_test_case():
        both = run_of(path("legacy"), path("candidate"))
        one = run_of(path("legacy"), lambda: None)
        assert len(connection.run_on_commit) == 2
    assert (both.verdict, one.verdict) == ("unsafe", "unsafe")
    assert [one.place.partition("[")[0] for one in both.divergences] == ["effects.db.on_commit"]
    assert "candidate" not in ran


def test_a_change_of_the_schema_is_no_verdict(shop: str) -> None:
    def alters() -> None:
        with connection.cursor() as db:
            db.execute("CREATE TABLE more (n INTEGER)")

    run = run_of(lambda: None, alters)
    assert run.verdict == "failed"
    assert "CREATE changes the schema" in str(run.reason)
    assert "more" not in connection.introspection.table_names()


def test_a_commit_that_is_a_statement_is_no_verdict(shop: str) -> None:
    def commits() -> None:
        with connection.cursor() as db:
            db.execute("COMMIT")

    with transaction.atomic():
        run = run_of(lambda: None, commits)
    assert run.verdict == "failed"
    assert "COMMIT as a statement" in str(run.reason)


def test_a_schema_is_changed_between_runs_as_ever(shop: str) -> None:
    run_of(lambda: Order.objects.create(ref="r1", status="x"), lambda: None)
    with connection.schema_editor() as editor:
        editor.remove_field(Order, Order._meta.get_field("paid_on"))
        editor.add_field(Order, Order._meta.get_field("paid_on"))
    assert Order.objects.filter(paid_on=None).count() == 2


def test_rows_that_are_gone_through_piece_by_piece_are_the_same(around: Any) -> None:
    def path() -> list[str]:
        return [article.sku for article in Stock.objects.order_by("sku").iterator(chunk_size=2)]

    with around():
        run = run_of(path, path)
    assert run.verdict == "match", run.reason or run.divergences


def test_seams_see_the_same_ids_and_rows_as_without_them(shop: str) -> None:
    found: list[Any] = []

    def reads() -> list[Any]:
        return list(Order.objects.values_list("ref", "status"))

    run_of(lambda: found.append(reads()), lambda: found.append(reads()))
    assert found == [[("old", "new")], [("old", "new")]]


@pytest.mark.parametrize(
    ("option", "value"), [("alias", 3), ("rows", 1), ("deadline_ms", 0), ("rows_max", "many")]
)
def test_an_option_that_is_none_is_refused_with_what_is_allowed(option: str, value: Any) -> None:
    with pytest.raises(DeclarationError, match=option):
        Migration().use("django", **{option: value})
