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


def found(recorded: Any, order_id: str) -> str | None:
    made = [call.outcome.give() for call in recorded["submit"]]
    return f"state of {order_id}" if order_id in made else None


def test_a_path_that_looks_up_what_it_has_done_itself_is_answered_from_that() -> None:
    def candidate(broker: Broker) -> Any:
        before = broker.order("order-SPY")
        placed = broker.submit("SPY", 7)
        return placed, before, broker.order(placed)

    run, broker = compared(
        lambda broker: (broker.submit("SPY", 7), None, "state of order-SPY"),
        candidate,
        derive={"order": found},
    )
    assert (run.verdict, broker.looks) == ("match", 0)


class Desk:
    def place(self, name: str, symbol: str) -> dict[str, str]:
        return {"name": name, "symbol": symbol}

    def find(self, name: str) -> dict[str, str]:
        raise AssertionError("nobody asks the real desk")


def test_what_a_path_has_done_is_told_in_its_own_names() -> None:
    old, new = "3f2504e0-4f89-41d3-9a0c-0305e82c3301", "9a0c0305-4f89-41d3-8b1c-3f2504e0e82c"
    desk, runs = Desk(), list[Run]()
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0)

    def find(recorded: Any, name: str) -> Any:
        return next(call.outcome.give() for call in recorded["place"] if call.arguments["name"] == name)

    effects = {"place": lambda name, symbol: symbol}
    migration.port("desk", desk, reads={"find"}, effects=effects, derive={"find": find})

    def candidate(number: int) -> bool:
        desk.place(new, "SPY")
        return desk.find(new)["name"] == new

    def legacy(number: int) -> bool:
        return desk.place(old, "SPY")["name"] == old

    migration.seam("s", legacy=legacy, candidate=candidate)(1)
    assert runs[0].candidate is not None
    assert runs[0].candidate.outcome.give() is True


WRONG: dict[str, Callable[..., Any]] = {
    "nothing broad was recorded": from_positions,
    "it raises": lambda recorded, symbol: {}[symbol],
    "it asks for what there is not": lambda recorded, symbol: recorded.balance(),
    "it asks an effect": lambda recorded, symbol: recorded.submit(symbol, 1),
    "it takes a read for an effect": lambda recorded, symbol: len(recorded["positions"]),
    "it looks for an effect that there is not": lambda recorded, symbol: len(recorded["sell"]),
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


def test_a_supplement_of_a_run_asks_the_object_that_only_runs_inside_it_have_called() -> None:
    broker, runs = Broker(), list[Run]()
    stages = {"CHANGEOVER_STAGE_OUTER": "shadow", "CHANGEOVER_STAGE_INNER": "shadow"}
    migration = Migration(environment=stages, sink=runs.append, refresh_s=0)
    migration.port("broker", Broker, reads={"positions", "position"})

    def held(number: int) -> int:
        return broker.position("SPY")

    inner = migration.seam("inner", legacy=held, candidate=held)

    def legacy(number: int) -> bool:
        return inner(number) == 10

    def candidate(number: int) -> bool:
        return inner(number) == broker.positions()["SPY"]

    outer = migration.seam("outer", legacy=legacy, candidate=candidate)
    outer.seam.supplement = (("broker", "positions"),)
    outer(1)
    assert [(run.seam, run.verdict, run.reason) for run in runs] == [
        ("inner", "match", None),
        ("outer", "match", None),
    ]


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
