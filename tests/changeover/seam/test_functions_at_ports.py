"""Functions that a path makes and hands to a port: they are their code and what they hold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict

Path = Callable[[int], Any]


class Broker:
    """Calls back, as brokers do."""

    def submit(self, order: int, callback: Callable[[int], Any]) -> Any:
        return callback(order)

    def ask(self, order: int, callback: Callable[[int], Any]) -> Any:
        return callback(order)

    async def submit_later(self, order: int, callback: Callable[[int], Any]) -> Any:
        await asyncio.sleep(0)
        return callback(order)

    def send(self, order: int) -> int:
        return 2


def compared(
    broker: Broker, legacy: Any, candidate: Any, *, stage: str = "shadow", mode: str = "inline"
) -> Run:
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": stage}
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode)
    migration.port("broker", broker, effects={"submit", "submit_later", "send"}, reads={"ask"})
    seam: Any = migration.seam("s", legacy=legacy, candidate=candidate)
    asyncio.run(seam(1)) if asyncio.iscoroutinefunction(legacy) else seam(1)
    migration.flush()
    migration.close()
    return runs[0]


def plain(broker: Broker) -> Path:
    return lambda number: broker.submit(number, lambda order: order)


def read(broker: Broker) -> Path:
    return lambda number: broker.ask(number, lambda order: order + 1)


def with_closure(broker: Broker) -> Path:
    return lambda number: broker.submit(number, lambda order: (order, number))


def with_default(broker: Broker) -> Path:
    def path(number: int) -> Any:
        def answered(order: int, kept: int = number) -> tuple[int, int]:
            return order, kept

        return broker.submit(number, answered)

    return path


def calls_port(broker: Broker) -> Path:
    return lambda number: broker.submit(number, lambda order: broker.send(order))


def nested(broker: Broker) -> Path:
    def path(number: int) -> Any:
        def outer(order: int) -> Any:
            return (lambda: order + number)()

        return broker.submit(number, outer)

    return path


def calls_itself(broker: Broker) -> Path:
    def path(number: int) -> Any:
        def down(order: int) -> int:
            return 0 if order == 0 else down(order - 1)

        return broker.submit(number, down)

    return path


def method(broker: Broker) -> Path:
    return lambda number: broker.submit(number, broker.send)


def later(broker: Broker) -> Any:
    async def path(number: int) -> Any:
        return await broker.submit_later(number, lambda order: (order, number))

    return path


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize(
    "make",
    [plain, read, with_closure, with_default, calls_port, nested, calls_itself, method, later],
    ids=lambda make: make.__name__,
)
def test_the_same_function_made_by_both_paths_is_one_argument(make: Any, mode: str, stage: str) -> None:
    broker = Broker()
    run = compared(broker, make(broker), make(broker), mode=mode, stage=stage)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)


def test_where_it_was_written_and_what_it_is_called_is_no_part_of_a_function() -> None:
    broker = Broker()

    def other(number: int) -> Any:
        def doubled(order: int) -> int:
            return order * 2

        return broker.submit(number, doubled)

    run = compared(broker, lambda number: broker.submit(number, lambda order: order * 2), other)
    assert run.verdict is Verdict.MATCH


def times(broker: Broker, factor: Any) -> Path:
    return lambda number: broker.submit(number, lambda order: (order, factor))


class Buy:
    def __init__(self) -> None:
        self.symbol = "SPY"


class Sell:
    def __init__(self) -> None:
        self.symbol = "SPY"


@pytest.mark.parametrize("factors", [(2, 3), (1, True), (Buy(), Sell())], ids=["value", "type", "class"])
def test_a_function_that_holds_something_else_fails_the_run_in_words_that_people_know(
    factors: tuple[Any, Any],
) -> None:
    broker = Broker()
    run = compared(broker, times(broker, factors[0]), times(broker, factors[1]))
    assert run.verdict is Verdict.FAILED
    assert "both paths made a function for it" in str(run.reason)


def test_a_function_of_other_code_fails_the_run() -> None:
    broker = Broker()
    run = compared(
        broker,
        lambda number: broker.submit(number, lambda order: order),
        lambda number: broker.submit(number, lambda order: -order),
    )
    assert run.verdict is Verdict.FAILED
    assert "both paths made a function for it" in str(run.reason)


def test_another_order_with_the_same_function_is_another_effect() -> None:
    broker = Broker()
    run = compared(
        broker,
        lambda number: broker.submit(number, lambda order: 0),
        lambda number: broker.submit(number + 1, lambda order: 0),
    )
    assert run.verdict is Verdict.UNSAFE


def test_the_same_effect_once_more_is_one_too_many() -> None:
    broker = Broker()

    def again(number: int) -> Any:
        broker.submit(number, lambda order: 0)
        return broker.submit(number, lambda order: 0)

    run = compared(broker, lambda number: broker.submit(number, lambda order: 0), again)
    assert run.verdict is Verdict.UNSAFE


def test_a_function_as_an_answer_is_compared_in_the_same_way() -> None:
    broker = Broker()

    def answers(factor: Any) -> Path:
        return lambda number: lambda order: (order, factor)

    assert compared(broker, answers(2), answers(2)).verdict is Verdict.MATCH
    assert compared(broker, answers(2), answers(3)).verdict is Verdict.FAILED
    assert compared(broker, answers(Buy()), answers(Sell())).verdict is Verdict.FAILED


@pytest.mark.parametrize("made", [lambda: property(), lambda: ContextVar("a"), lambda: staticmethod(len)])
def test_an_effect_with_what_nobody_can_read_fails_the_run_and_is_not_unsafe(made: Callable[[], Any]) -> None:
    broker = Broker()

    def path(number: int) -> Any:
        return broker.send([number, made()])  # type: ignore[arg-type]

    run = compared(broker, path, path)
    assert run.verdict is Verdict.FAILED
    assert "both paths made `[1]`" in str(run.reason)
