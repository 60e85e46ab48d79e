"""Functions that a path makes and hands to a port: they are their code and what they hold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
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


class Feed:
    """Calls back what it is handed: at once, or in a later call."""

    def __init__(self) -> None:
        self.kept: list[Callable[[int], Any]] = []

    def each(self, hear: Callable[[int], Any]) -> None:
        for number in (1, 2):
            hear(number)

    async def each_later(self, hear: Callable[[int], Any]) -> None:
        await asyncio.sleep(0)
        self.each(hear)

    def listen(self, hears: dict[str, Callable[[int], Any]]) -> None:
        self.kept = [*hears.values()]

    def tell(self) -> None:
        for hear in self.kept:
            hear(1)


class Post:
    def __init__(self) -> None:
        self.sent: list[int] = []

    def send(self, number: int) -> None:
        self.sent.append(number)


def heard(legacy: Any, candidate: Any, stage: str, mode: str) -> tuple[Run, list[int]]:
    runs: list[Run] = []
    feed, post = Feed(), Post()
    environment = {"CHANGEOVER_STAGE_S": stage}
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode)
    reads = {"each", "each_later", "listen"}
    migration.port("feed", feed, reads={**dict.fromkeys(reads, lambda hear: 0), "tell": None})
    migration.port("post", post, effects={"send": lambda number: 0})
    path = legacy(feed, post)
    seam: Any = migration.seam("s", legacy=path, candidate=candidate(feed, post))
    asyncio.run(seam(1)) if asyncio.iscoroutinefunction(path) else seam(1)
    migration.flush()
    migration.close()
    return runs[0], post.sent


def into_a_list(feed: Feed, post: Post) -> Path:
    def path(number: int) -> Any:
        found: list[int] = []
        feed.each(lambda one: found.append(one))
        return found

    return path


def into_a_variable(feed: Feed, post: Post) -> Path:
    def path(number: int) -> Any:
        total = 0

        def add(one: int) -> None:
            nonlocal total
            total += one

        feed.listen({"add": add})
        feed.tell()
        return total

    return path


def into_a_default(feed: Feed, post: Post) -> Path:
    def path(number: int) -> Any:
        found: list[int] = []

        def add(one: int, found: list[int] = found) -> None:
            found.append(one)

        feed.each(partial(add))
        return found

    return path


def into_a_list_later(feed: Feed, post: Post) -> Any:
    async def path(number: int) -> Any:
        found: list[int] = []
        await feed.each_later(lambda one: found.append(one))
        return found

    return path


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize(
    "make",
    [into_a_list, into_a_variable, into_a_default, into_a_list_later],
    ids=lambda make: make.__name__,
)
def test_what_a_port_fills_by_calling_back_is_no_difference(make: Any, mode: str, stage: str) -> None:
    run, _ = heard(make, make, stage, mode)
    assert run.verdict is Verdict.FAILED
    assert "a port changed what it had given to the path, or was handed by it" in str(run.reason)


def sends(factor: int) -> Any:
    def make(feed: Feed, post: Post) -> Path:
        return lambda number: feed.each(lambda one: post.send(one * factor))

    return make


def sends_when_told(factor: int) -> Any:
    def make(feed: Feed, post: Post) -> Path:
        def path(number: int) -> None:
            feed.listen({"one": lambda one: post.send(one * factor)})
            feed.tell()

        return path

    return make


def sends_later(factor: int) -> Any:
    def make(feed: Feed, post: Post) -> Any:
        async def path(number: int) -> None:
            await feed.each_later(lambda one: post.send(one * factor))

        return path

    return make


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("make", [sends, sends_when_told, sends_later], ids=lambda make: make.__name__)
def test_what_is_done_where_a_port_calls_back_is_no_match(make: Any, mode: str, stage: str) -> None:
    run, sent = heard(make(1), make(2), stage, mode)
    alone: list[int] = [1] if make is sends_when_told else [1, 2]
    assert sent == [one * (1 if stage == "shadow" else 2) for one in alone]
    assert run.verdict is Verdict.FAILED
    assert "post.send inside of feed." in str(run.reason)


def made_by_a_port(hand: str) -> Any:
    class Office:
        def __init__(self) -> None:
            self.sent: list[str] = []

        def _send(self, to: str, text: str) -> None:
            self.sent.append(f"{to} {text}")

        def send(self, to: str, text: str) -> None:
            self._send(to, text)

        def sender(self) -> Any:
            return {
                "closure": lambda text: self._send("a", text),
                "partial": partial(self._send, "a"),
                "method": self._send,
                "inside": {"send": [lambda text: self._send("a", text)]},
                "plain": lambda text: text,
                "declared": partial(self.send, "a"),
            }[hand]

    return Office()


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize(
    ("hand", "verdict", "number"),
    [
        ("closure", Verdict.FAILED, 1),
        ("partial", Verdict.FAILED, 1),
        ("method", Verdict.FAILED, 1),
        ("inside", Verdict.FAILED, 1),
        ("plain", Verdict.MATCH, 0),
        ("declared", Verdict.MATCH, 1),
    ],
)
def test_a_function_that_a_port_gives_acts_once(
    hand: str, verdict: Verdict, number: int, mode: str, stage: str
) -> None:
    office = made_by_a_port(hand)
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": stage}
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode)
    migration.port("office", type(office), reads={"sender"}, effects={"send"})

    def path(_: int) -> str:
        found: Any = office.sender()
        found = found["send"][0] if hand == "inside" else found
        found("a", "text") if hand == "method" else found("text")
        return "done"

    migration.seam("s", legacy=path, candidate=path)(1)
    migration.flush()
    migration.close()

    assert len(office.sent) == number
    assert runs[0].verdict is verdict
    assert verdict is Verdict.MATCH or "would act for real in a replay" in str(runs[0].reason)


@pytest.mark.parametrize("stage", ["shadow", "live"])
@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("hand", ["method", "partial"])
@pytest.mark.parametrize("where", ["argument", "part", "object"])
def test_a_method_of_a_port_that_is_no_port_call_acts_once(
    where: str, hand: str, mode: str, stage: str
) -> None:
    office = made_by_a_port(hand)
    send = office.sender()
    runs: list[Run] = []
    environment = {"CHANGEOVER_STAGE_S": stage}
    migration = Migration(environment=environment, refresh_s=0, sink=runs.append, mode=mode)
    migration.port("office", type(office), reads={"sender"}, effects={"send"})
    given = ("a", "text") if hand == "method" else ("text",)

    class Desk:
        def __init__(self) -> None:
            self.send = send

        def go(self, number: int) -> None:
            self.send(*given)

    if where == "object":
        migration.wrap(Desk, "go", candidate=lambda self, number: self.send(*given), name="s")
        Desk().go(1)
    else:

        def path(sends: Any) -> None:
            (sends["send"] if where == "part" else sends)(*given)

        migration.seam("s", legacy=path, candidate=path)({"send": send} if where == "part" else send)
    migration.flush()
    migration.close()

    assert len(office.sent) == 1
    assert runs[0].verdict is Verdict.FAILED
    assert "would act for real in a replay" in str(runs[0].reason)
    root = "self" if where == "object" else "arguments"
    assert str(runs[0].reason).startswith(f"inputs cannot be kept: `{root}.send")


def test_an_error_of_a_port_holds_the_port_itself() -> None:
    class Refused(Exception):
        def __init__(self, at: Any) -> None:
            super().__init__("refused")
            self.at = at

    class Desk:
        def ask(self) -> None:
            raise Refused(self)

    desk = Desk()
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, refresh_s=0, sink=runs.append)
    migration.port("desk", Desk, reads={"ask"})

    def path(number: int) -> bool:
        try:
            desk.ask()
        except Refused as error:
            return error.at is desk
        return False

    assert migration.seam("s", legacy=path, candidate=path)(1) is True
    assert (runs[0].verdict, runs[0].reason) == (Verdict.MATCH, None)
