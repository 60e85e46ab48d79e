"""Messages of Protocol Buffers, as paths get, change and answer them."""

from __future__ import annotations

from typing import Any

import pytest

from changeover import Migration, Run
from changeover.values.verdict import Verdict

pytest.importorskip("google.protobuf", reason="protobuf is not installed, so its messages are not tried")
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, struct_pb2

Field = descriptor_pb2.FieldDescriptorProto


def order_class(*more: str) -> Any:
    """A class of messages with a map of numbers, and with more fields where a newer sender has some."""
    package = f"shop{len(more)}"
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    order = file.message_type.add(name="Order")
    order.field.add(name="id", number=1, type=Field.TYPE_STRING, label=Field.LABEL_OPTIONAL)
    entry = order.nested_type.add(name="PricesEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=Field.TYPE_STRING, label=Field.LABEL_OPTIONAL)
    entry.field.add(name="value", number=2, type=Field.TYPE_DOUBLE, label=Field.LABEL_OPTIONAL)
    prices = f".{package}.Order.PricesEntry"
    order.field.add(
        name="prices", number=2, type=Field.TYPE_MESSAGE, type_name=prices, label=Field.LABEL_REPEATED
    )
    order.field.add(name="lots", number=3, type=Field.TYPE_INT32, label=Field.LABEL_REPEATED)
    for number, name in enumerate(more, start=10):
        order.field.add(name=name, number=number, type=Field.TYPE_STRING, label=Field.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.Order"))


Order, NewOrder = order_class(), order_class("note")


def of_a_newer_sender(note: str) -> Any:
    made = Order()
    made.ParseFromString(NewOrder(id="a", note=note).SerializeToString())
    return made


def compared(legacy: Any, candidate: Any, *args: Any) -> Run:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
    migration.seam("s", legacy=legacy, candidate=candidate)(*args)
    return runs[0]


def test_the_order_in_which_a_map_was_filled_is_no_content() -> None:
    one, other = {"a": 1.5, "b": 2.5, "c": 0.5}, {"c": 0.5, "b": 2.5, "a": 1.5}
    run = compared(lambda n: Order(prices=one), lambda n: Order(prices=other), 1)
    assert (run.verdict, run.reason) == (Verdict.MATCH, None)
    run = compared(lambda n: Order(prices=one), lambda n: Order(prices={**one, "b": 3}), 1)
    assert [(str(found.place), found.legacy, found.candidate) for found in run.divergences] == [
        ("result.prices.b", 2.5, 3.0)
    ]


def test_a_message_that_a_path_fills_is_filled_once_and_compared() -> None:
    def fills(number: int) -> Any:
        def path(order: Any) -> str:
            order.lots.append(number)
            order.prices["a"] += 1
            return str(order.id)

        return path

    order = Order(id="a", lots=[1])
    assert compared(fills(7), fills(7), order).verdict is Verdict.MATCH
    assert ([*order.lots], dict(order.prices)) == ([1, 7], {"a": 1.0})
    run = compared(fills(7), fills(8), order)
    assert [str(found.place) for found in run.divergences] == ["arguments.order.lots[2]"]


def test_fields_that_a_class_does_not_know_are_never_left_out_in_silence() -> None:
    for note in ("one", "another"):
        run = compared(lambda n: of_a_newer_sender("one"), lambda n, note=note: of_a_newer_sender(note), 1)
        assert run.verdict is Verdict.FAILED
        assert "Order" in str(run.reason)


def test_a_message_that_is_a_mapping_as_well_is_a_message() -> None:
    def path(number: int) -> Any:
        made = struct_pb2.Struct()
        made.update({"a": number, "b": {"c": None}, "d": [True]})
        return {"values": struct_pb2.ListValue(values=[struct_pb2.Value(struct_value=made)])}

    assert compared(path, path, 3).verdict is Verdict.MATCH
    assert compared(path, lambda number: path(number + 1), 3).verdict is Verdict.DIVERGED
