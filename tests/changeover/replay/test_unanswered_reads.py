"""A question that the recorded path never asked is answered in one of three ways, or not at all."""

from collections.abc import Callable
from typing import Any

import pytest

from changeover import Migration, Raised, Run
from changeover.errors import DeclarationError
from changeover.evidence.reasons_not_compared import NotCompared, NotComparedReasons, why_not_compared


class NotHeld(Exception):
    """What the broker raises for a position that there is none of."""


class Broker:
    def __init__(self) -> None:
        self.held = {"SPY": 10, "TLT": 5}
        self.looks = 0

    def positions(self) -> dict[str, int]:
        return dict(self.held)

    def position(self, symbol: str) -> int:
        self.looks += 1
        if symbol not in self.held:
            raise NotHeld(symbol)
        return self.held[symbol]

    def lot(self, symbol: str) -> int:
        self.looks += 1
        return 100

    def order(self, order_id: str) -> str:
        self.looks += 1
        return f"state of {order_id}"

    def submit(self, symbol: str, quantity: int) -> str:
        self.held[symbol] = self.held.get(symbol, 0) + quantity
        return f"order-{symbol}"


def from_positions(recorded: Any, symbol: str) -> Any:
    held = recorded.positions()
    return held[symbol] if symbol in held else Raised(NotHeld(symbol))


def compared(
    legacy: Callable[[Broker], Any],
    candidate: Callable[[Broker], Any],
    *,
    supplement: tuple[tuple[str, str], ...] = (),
    fixed: set[str] | None = None,
    **options: Any,
) -> tuple[Run, Broker]:
    broker, runs = Broker(), list[Run]()
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0)
    reads = {"positions", "position", "lot", "order"} - (fixed or set())
    effects = {"submit": lambda symbol, quantity: symbol}
    migration.port("broker", broker, reads=reads, effects=effects, fixed=fixed or (), **options)
    seam = migration.seam("s", legacy=lambda n: legacy(broker), candidate=lambda n: candidate(broker))
    seam.seam.supplement = supplement
    seam(1)
    return runs[0], broker


def asks_one(symbol: str) -> Callable[[Broker], Any]:
    def path(broker: Broker) -> Any:
        try:
            return broker.position(symbol)
        except NotHeld:
            return 0

    return path


@pytest.mark.parametrize("symbol", ["SPY", "XOM"])
def test_a_narrow_read_is_derived_from_a_broad_one_that_was_recorded(symbol: str) -> None:
    run, broker = compared(
        lambda broker: broker.positions().get(symbol, 0),
        asks_one(symbol),
        derive={"position": from_positions},
    )
    assert (run.verdict, broker.looks) == ("match", 0)


def test_a_derived_answer_belongs_to_the_effects_that_the_path_has_done() -> None:
    def legacy(broker: Broker) -> Any:
        before = broker.positions()["SPY"]
        broker.submit("SPY", 7)
        return before, broker.positions()["SPY"]

    def candidate(broker: Broker) -> Any:
        before = broker.position("SPY")
        broker.submit("SPY", 7)
        return before, broker.position("SPY")

    run, _ = compared(legacy, candidate, derive={"position": from_positions})
    assert run.verdict == "match"
    assert run.legacy is not None
    assert run.legacy.outcome.give() == (10, 17)


WRONG: dict[str, Callable[..., Any]] = {
    "nothing broad was recorded": from_positions,
    "it raises": lambda recorded, symbol: {}[symbol],
    "it asks for what there is not": lambda recorded, symbol: recorded.balance(),
    "it asks an effect": lambda recorded, symbol: recorded.submit(symbol, 1),
}


@pytest.mark.parametrize("derive", WRONG.values(), ids=WRONG)
def test_what_cannot_be_derived_is_not_compared_and_says_why(derive: Callable[..., Any]) -> None:
    run, broker = compared(lambda broker: 10, asks_one("SPY"), derive={"position": derive})
    assert (run.verdict, broker.looks, broker.held["SPY"]) == ("failed", 0, 10)
    assert run.reason is not None
    assert "broker.position" in run.reason


@pytest.mark.parametrize(
    "derive", [{"submit": from_positions}, {"nothing": from_positions}, {"position": "positions"}]
)
def test_only_reads_are_derived_and_by_functions(derive: dict[str, Any]) -> None:
    with pytest.raises(DeclarationError, match="derive"):
        compared(lambda broker: 1, lambda broker: 1, derive=derive)


@pytest.mark.parametrize("method", ["position", "order"])
def test_a_supplement_takes_its_arguments_from_the_tape(method: str) -> None:
    """From the arguments of other calls, and from what they answered."""

    def candidate(broker: Broker) -> Any:
        order = broker.submit("SPY", 7)
        return broker.position("SPY") if method == "position" else broker.order(order)

    expected: Any = 17 if method == "position" else "state of order-SPY"

    def legacy(broker: Broker) -> Any:
        broker.submit("SPY", 7)
        return expected

    plain, _ = compared(legacy, candidate)
    assert plain.verdict == "failed"
    run, broker = compared(legacy, candidate, supplement=(("broker", method),))
    assert (run.verdict, broker.looks, run.tape.supplements) == ("match", 1, 1)


def test_a_fixed_read_is_asked_for_real() -> None:
    run, broker = compared(lambda broker: 100, lambda broker: broker.lot("SPY"), fixed={"lot"})
    assert (run.verdict, broker.looks) == ("match", 1)


def advice_for(legacy: Callable[[Broker], Any], candidate: Callable[[Broker], Any]) -> NotCompared:
    run, _ = compared(legacy, candidate)
    reasons = NotComparedReasons()
    reasons.add(why_not_compared("case", run, run.verdict))
    (reason,) = reasons.reasons
    assert reason.reason == "read-missing"
    return reason


ADVICE: dict[str, tuple[Callable[[Broker], Any], Callable[[Broker], Any], str, str]] = {
    "a broader read": (
        lambda broker: broker.positions()["SPY"],
        asks_one("SPY"),
        "derive",
        'derive={"position": lambda recorded, symbol: recorded.positions()[symbol]}',
    ),
    "after an effect": (
        lambda broker: (broker.position("SPY"), broker.submit("SPY", 1)),
        lambda broker: (broker.position("SPY"), broker.submit("SPY", 1), broker.position("SPY")),
        "supplement",
        'supplement = ["broker.position"]',
    ),
    "arguments are known": (
        lambda broker: broker.submit("SPY", 1),
        lambda broker: (broker.submit("SPY", 1), broker.position("SPY")),
        "supplement",
        'supplement = ["broker.position"]',
    ),
    "nothing is known": (lambda broker: 100, lambda broker: broker.lot("SPY"), "fixed", 'fixed={"lot"}'),
    "another argument": (
        lambda broker: broker.position("SPY"),
        lambda broker: broker.position("TLT"),
        "fixed",
        'fixed={"position"}',
    ),
}


@pytest.mark.parametrize(("legacy", "candidate", "way", "line"), ADVICE.values(), ids=ADVICE)
def test_the_screen_names_the_way_that_fits_with_its_line(
    legacy: Callable[[Broker], Any], candidate: Callable[[Broker], Any], way: str, line: str
) -> None:
    reason = advice_for(legacy, candidate)
    assert reason.advice is not None
    assert (reason.advice.way, reason.advice.line) == (way, line)


def test_an_inexact_answer_names_the_read_and_both_answers() -> None:
    moving = iter(range(100, 200))

    class Moving(Broker):
        def position(self, symbol: str) -> int:
            return next(moving)

    broker, runs = Moving(), list[Run]()
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0)
    migration.port("broker", broker, reads={"position", "positions"})

    def looks(times: int, answer: str) -> Callable[[int], str]:
        def path(n: int) -> str:
            for _ in range(times):
                broker.position("SPY")
                broker.positions()
            broker.position("SPY")
            return answer

        return path

    migration.seam("s", legacy=looks(1, "one"), candidate=looks(2, "other"))(1)
    (run,) = runs
    assert run.verdict == "failed"
    assert run.reason is not None
    assert all(part in run.reason for part in ("broker.position", "100", "101"))
