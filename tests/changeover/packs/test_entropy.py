"""`migration.use("entropy")`: a replay has the identifiers and bytes of the answering path."""

from __future__ import annotations

import os
import random
import secrets
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from os import urandom as imported
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from changeover import Migration, Run
from changeover.errors import DeclarationError
from changeover.values.pins import Pins
from changeover.values.stage import Setting, Stage
from tests.programs.process import run_python

HELD = uuid.uuid4  # taken before any pack was in use


@dataclass
class Order:
    """As a class of a program, imported before the migration."""

    id: uuid.UUID = field(default_factory=uuid.uuid4)


class Invoice(BaseModel):
    id: uuid.UUID = Field(default_factory=uuid.uuid4)


WAYS: dict[str, Callable[[], Any]] = {
    "os.urandom": lambda: os.urandom(8),
    "an imported name": lambda: imported(8),
    "secrets.token_hex": lambda: secrets.token_hex(8),
    "secrets.choice": lambda: secrets.choice(range(10**12)),
    "SystemRandom": lambda: random.SystemRandom().random(),
}


def replayed(
    way: Callable[[], Any], run: str = "a" * 32, *, candidate: Callable[[], Any] | None = None
) -> tuple[Any, Any, Run]:
    """What the answering path and the replay got in this run; the candidate is the same way unless given."""
    other = candidate or way
    runs: list[Run] = []
    migration = Migration(environment={}, sink=runs.append)
    migration.use("entropy")
    seam = migration.seam("s", legacy=lambda _: way(), candidate=lambda _: other())
    with migration.resume(Pins({"s": Setting(Stage.SHADOW)}, None, run)):
        answer = seam(1)
    assert runs[-1].candidate is not None
    return answer, getattr(runs[-1].candidate.outcome, "value", None), runs[-1]


@pytest.mark.parametrize("way", sorted(WAYS))
def test_a_replay_in_this_process_draws_what_the_answering_path_drew(way: str) -> None:
    first, given, run = replayed(lambda: f"token {WAYS[way]()}")
    second, _, _ = replayed(lambda: f"token {WAYS[way]()}")
    assert first == given
    assert first != second, "the program draws as ever"
    assert run.verdict == "match", run.divergences


@pytest.mark.parametrize("way", sorted(WAYS))
def test_beyond_that_a_replay_mints_the_same_each_time_and_another_run_something_else(way: str) -> None:
    def minted(run: str) -> Any:
        return replayed(lambda: None, run, candidate=WAYS[way])[1]

    assert minted("a" * 32) == minted("a" * 32) != minted("b" * 32)


def test_a_path_that_draws_something_else_in_between_differs() -> None:
    def path(sizes: list[int]) -> Callable[[], Any]:
        return lambda: [secrets.token_hex(size) for size in sizes]

    _, _, run = replayed(path([8, 4, 8]), candidate=path([8, 8, 4]))
    assert run.verdict == "diverged"
    _, _, run = replayed(path([8, 8]), candidate=lambda: [secrets.token_hex(4), *path([8])()])
    assert run.verdict == "diverged"


def test_each_thread_draws_in_an_order_of_its_own() -> None:
    def work() -> list[str]:
        def drawn_after(wait: float) -> str:
            time.sleep(wait)
            return secrets.token_hex(8)

        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(drawn_after, [0.02, 0.0]))

    _, _, run = replayed(work)
    assert run.verdict == "match", run.divergences


def test_a_seam_inside_of_another_one_draws_for_both() -> None:
    runs: list[Run] = []
    migration = Migration(environment={}, sink=runs.append)
    migration.use("entropy")
    inner = migration.seam(
        "inner", legacy=lambda _: secrets.token_hex(8), candidate=lambda _: secrets.token_hex(8)
    )

    def both(number: int) -> Any:
        return secrets.token_hex(8), inner(number)

    outer = migration.seam("outer", legacy=both, candidate=lambda number: both(number))
    shadow = Setting(Stage.SHADOW)
    with migration.resume(Pins({"inner": shadow, "outer": shadow}, None, "a" * 32)):
        outer(1)
    assert [str(run.verdict) for run in runs] == ["match", "match"], [run.divergences for run in runs]


def test_two_values_of_one_replay_are_not_the_same() -> None:
    _, minted, _ = replayed(lambda: (os.urandom(8), os.urandom(8)))
    assert minted[0] != minted[1]


@pytest.mark.parametrize(
    "make", [lambda: uuid.uuid4(), lambda: uuid.uuid1(), lambda: f"order:{uuid.uuid4()}"]
)
def test_the_same_code_has_the_same_uuids(make: Callable[[], Any]) -> None:
    answer, given, run = replayed(lambda: (make(), make()))
    assert (answer, run.verdict) == (given, "match")
    assert answer[0] != answer[1]


@pytest.mark.parametrize("make", [HELD, lambda: Order().id, lambda: Invoice().id, lambda: partial(HELD)()])
def test_a_uuid_is_the_same_however_its_maker_is_held(make: Callable[[], Any]) -> None:
    answer, given, run = replayed(make)
    assert run.verdict == "match", run.divergences
    assert answer == given


def test_beyond_those_that_were_made_a_replay_makes_new_ones() -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("entropy")
    made: list[list[uuid.UUID]] = []

    def path(count: int) -> None:
        made.append([uuid.uuid4() for _ in range(count)])

    migration.seam("s", legacy=lambda n: path(n), candidate=lambda n: path(n + 2))(2)
    first, second = made
    assert second[:2] == first
    assert len({*second}) == 4


def test_each_thread_has_its_own_order() -> None:
    """Whichever comes first in time."""

    def work(_: int) -> list[str]:
        def made_after(wait: float) -> str:
            time.sleep(wait)
            return str(uuid.uuid4())

        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(made_after, [0.02, 0.0]))

    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("entropy")
    migration.seam("s", legacy=work, candidate=lambda n: work(n))(1)
    assert runs[-1].verdict == "match", runs[-1].divergences or runs[-1].reason


def test_what_the_answering_path_drew_is_on_no_tape() -> None:
    _, _, run = replayed(lambda: secrets.token_bytes(16) and None)
    assert len(run.tape) == 0


def test_an_identifier_made_of_the_time_is_one_of_its_kind() -> None:
    """Also where the answering path made none."""
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.use("entropy")
    found: list[uuid.UUID] = []
    both: tuple[Callable[[], uuid.UUID], ...] = (uuid.uuid1, lambda: uuid.uuid1(7, 9))
    migration.seam("s", legacy=lambda _: None, candidate=lambda _: found.extend(make() for make in both))(1)
    minted, given = found
    assert (minted.version, minted.variant) == (1, uuid.RFC_4122)
    assert minted.node & (1 << 40)
    assert (given.node, given.clock_seq) == (7, 9)


def test_an_order_of_a_new_number_is_found_again_by_both_paths() -> None:
    class Orders:
        def __init__(self) -> None:
            self.known: dict[str, str] = {}

        def place(self, name: str) -> None:
            self.known[name] = "open"

        def state(self, name: str) -> str:
            return self.known[name]

    runs: list[Run] = []
    orders = Orders()
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.port("orders", orders, effects={"place": lambda name: name}, reads={"state": None})
    migration.use("entropy")

    def path(_: int) -> str:
        name = f"order:{uuid.uuid4()}"
        orders.place(name)
        return orders.state(name)

    migration.seam("s", legacy=path, candidate=lambda n: path(n))(1)
    assert (len(orders.known), runs[-1].verdict) == (1, "match")


def test_outside_of_replays_the_system_answers() -> None:
    migration = Migration()
    migration.use("entropy")
    assert os.urandom(16) != os.urandom(16)
    with pytest.raises(ValueError, match="negative"):
        os.urandom(-1)
    assert uuid.uuid1().version == 1


def test_the_pack_has_no_options() -> None:
    with pytest.raises(DeclarationError, match="no option"):
        Migration().use("entropy", seed=3)


SHOP = """
import secrets
from changeover import Case, Migration

migration = Migration()
migration.use("entropy")


def token(number):
    return f"order {number}: {secrets.token_hex(8)}"


seam = migration.seam("shop.token", legacy=token, candidate=lambda number: token(number))


@migration.source("orders", population="generated")
def orders(options):
    for number in range(6):
        yield Case(f"order-{number}", lambda number=number: seam(number))
"""


def test_with_more_processes_a_comparison_says_the_same(tmp_path: Path) -> None:
    """What was drawn is in the memory of one process: those that replay are forked from it."""
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "pyproject.toml").write_text('[tool.changeover]\napp = "shop:migration"\n')
    compare = ["-m", "changeover", "compare", "--source", "orders", "--jobs", "2", "-q"]
    done = run_python(compare, cwd=tmp_path, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
