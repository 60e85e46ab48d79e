"""Minted identifiers are renamed wherever they stand, and no object is changed for it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from changeover.replay.id_mapping import IdMapping

ON_TAPE, OF_PATH = UUID(int=17), UUID(int=3)


@dataclass(frozen=True)
class Order:
    number: str
    lots: list[int]


class Model(BaseModel):
    number: str


class Plain:
    def __init__(self, number: str) -> None:
        self.number = number

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plain) and other.number == self.number

    __hash__ = None  # type: ignore[assignment]


class Symbol(str):
    __slots__ = ()


def _mapping() -> IdMapping:
    mapping = IdMapping()
    mapping.learn({"id": "order-17", "u": ON_TAPE}, {"id": "order-3", "u": OF_PATH})
    return mapping


@pytest.mark.parametrize(
    ("on_tape", "of_path"),
    [
        ("order-17", "order-3"),
        ("see order-17, please", "see order-3, please"),
        ("order-17/leg-1 order-17", "order-3/leg-1 order-3"),
        (f"<{ON_TAPE}> {ON_TAPE.hex}", f"<{OF_PATH}> {OF_PATH.hex}"),
        (ON_TAPE, OF_PATH),
        (["order-17", ("order-17",)], ["order-3", ("order-3",)]),
        ({"order-17": {"order-17"}}, {"order-3": {"order-3"}}),
        (OrderedDict(a="order-17"), OrderedDict(a="order-3")),
        (Order("order-17", [1]), Order("order-3", [1])),
        (Model(number="order-17"), Model(number="order-3")),
        (Plain("order-17"), Plain("order-3")),
        (Symbol("order-17"), Symbol("order-3")),
    ],
)
def test_names_of_the_tape_and_of_the_path_stand_for_each_other(on_tape: Any, of_path: Any) -> None:
    done = _mapping().for_path(on_tape)
    assert done == of_path
    assert type(done) is type(of_path)
    assert _mapping().for_tape(of_path) == on_tape


@pytest.mark.parametrize("text", ["order-170", "reorder-17", "order-1", "a b c", "", "17"])
def test_what_only_looks_alike_stays(text: str) -> None:
    assert _mapping().for_path(text) == text


def test_an_exception_is_not_changed_in_place() -> None:
    error = ValueError("no order-17")
    error.where = ["order-17"]  # type: ignore[attr-defined]
    done = _mapping().for_path(error)
    assert (done.args, done.where) == (("no order-3",), ["order-3"])
    assert (error.args, error.where) == (("no order-17",), ["order-17"])  # type: ignore[attr-defined]


def test_what_holds_no_name_is_the_same_object_and_its_parts_are_shared() -> None:
    harmless = Order("x-1", [1])
    held = Order("order-17", harmless.lots)
    assert _mapping().for_path(harmless) is harmless
    assert _mapping().for_path(held).lots is harmless.lots
    assert held.number == "order-17"


def test_values_that_lead_back_to_themselves_teach_and_are_renamed() -> None:
    ours: list[Any] = ["order-17"]
    theirs: list[Any] = ["order-3"]
    ours.append(ours)
    theirs.append(theirs)
    mapping = IdMapping()
    mapping.learn(ours, theirs)
    assert mapping.for_path(ours)[0] == "order-3"
    assert ours[0] == "order-17"
