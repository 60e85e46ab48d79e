"""The example that stands above the epochs of a port's tape, step by step."""

from dataclasses import dataclass, field
from typing import Any

from changeover.record.port import CallClass
from changeover.replay.port_tape import PortTape
from changeover.values.observation import Outcome, Returned


@dataclass(frozen=True)
class Method:
    call_class: CallClass
    unaffected: bool = False
    parts: Any = None


@dataclass(frozen=True)
class Recorded:
    """What the tape of a port needs of an entry."""

    place: str
    method: Method
    outcome: Outcome
    args: tuple[str, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)


def read(place: str, answer: int, *, unaffected: bool = False) -> Any:
    return Recorded(place, Method(CallClass.READ, unaffected), Returned(answer))


def effect(place: str) -> Any:
    return Recorded(place, Method(CallClass.EFFECT), Returned(None))


def answer(tape: PortTape, place: str, *, unaffected: bool = False) -> object:
    served = tape.read(place, unaffected=unaffected)
    return None if served is None else served.entry.outcome.give()  # type: ignore[union-attr]


def test_a_read_is_answered_from_the_epoch_of_the_effects_that_were_repeated() -> None:
    tape = PortTape(
        [
            *(read("cash", 100), effect("buy SPY"), read("cash", 60), read("price", 40)),
            *(effect("buy TLT"), read("cash", 10)),
        ]
    )
    assert answer(tape, "cash") == 100
    assert tape.match("buy TLT") is not None
    assert answer(tape, "cash") is None
    assert tape.match("buy SPY") is not None
    assert answer(tape, "cash") == 10
    assert answer(tape, "price") is None


def test_within_an_epoch_reads_come_in_any_order_and_repeat_their_last_answer() -> None:
    tape = PortTape([read("a", 1), read("b", 2), read("a", 3)])
    assert [answer(tape, place) for place in ("b", "a", "a", "a")] == [2, 3, 3, 3]
    tape = PortTape([read("a", 1), read("a", 2)])
    assert [answer(tape, "a") for _ in range(3)] == [1, 2, 2]


def test_what_no_effect_touches_is_answered_from_across_them() -> None:
    tape = PortTape([read("name", 7, unaffected=True), effect("buy SPY")])
    assert tape.match("buy SPY") is not None
    assert answer(tape, "name", unaffected=True) == 7


def test_an_effect_is_matched_once() -> None:
    tape = PortTape([effect("buy SPY")])
    assert tape.match("buy SPY") is not None
    assert tape.match("buy SPY") is None


def of_part(kind: CallClass, place: str, part: str | None, answer: int | None = None) -> Any:
    parts = None if part is None else frozenset({part})
    return Recorded(place, Method(kind, parts=lambda: parts), Returned(answer))


def test_an_effect_on_one_part_changes_no_answer_of_another_part() -> None:
    tape = PortTape(
        [
            of_part(CallClass.READ, "get a", "a", 1),
            of_part(CallClass.EFFECT, "set b", "b"),
            of_part(CallClass.READ, "get b", "b", 2),
        ]
    )
    assert tape.match("set b") is not None
    assert (answer(tape, "get a"), answer(tape, "get b")) == (1, 2)


def test_an_effect_on_its_own_part_is_never_crossed() -> None:
    tape = PortTape(
        [
            of_part(CallClass.READ, "get a", "a", 1),
            of_part(CallClass.EFFECT, "set a", "a"),
            of_part(CallClass.EFFECT, "set b", "b"),
            of_part(CallClass.READ, "get a", "a", 2),
        ]
    )
    assert answer(tape, "get a") == 1
    assert tape.match("set a") is not None
    assert answer(tape, "get a") == 2


def test_an_effect_on_all_of_the_port_is_an_effect_on_every_part() -> None:
    tape = PortTape([of_part(CallClass.READ, "get a", "a", 1), of_part(CallClass.EFFECT, "flush", None)])
    assert tape.match("flush") is not None
    assert answer(tape, "get a") is None


def test_a_read_of_all_of_the_port_crosses_no_effect() -> None:
    tape = PortTape([of_part(CallClass.READ, "keys", None, 1), of_part(CallClass.EFFECT, "set b", "b")])
    assert tape.match("set b") is not None
    assert answer(tape, "keys") is None


def test_a_part_that_the_world_changed_meanwhile_is_a_guess_once_the_order_is_another() -> None:
    recorded = [("get a", "a", 1), ("get b", "b", 5), ("get c", "c", 6), ("get a", "a", 2)]
    tape = PortTape([of_part(CallClass.READ, *one) for one in recorded])
    assert answer(tape, "get b") == 5
    served = tape.read("get a", unaffected=False)
    assert served is not None
    assert not served.exact
