"""Values of libraries are read, keyed, compared, copied, written and redacted by what they hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy
import pytest

from changeover.record.codec import Codec
from changeover.redaction.redactor import Redactor
from changeover.values.changed_since_copy import is_unchanged
from changeover.values.content_key import digest, frozen, same_content
from changeover.values.copying import SnapshotError, snapshot
from changeover.values.form import leaves, token
from changeover.values.observation import Returned
from tests.changeover.support.small_trade import Trade
from tests.changeover.values.library_values import FAMILIES, library


@pytest.mark.parametrize("family", FAMILIES)
def test_equal_values_have_one_key_and_no_difference(family: str) -> None:
    for name, make in FAMILIES[family]().items():
        one, other = make(), make()
        assert same_content(one, other), name
        assert token(one) == token(other), name
        assert frozen(one) == frozen(other), name
        assert digest(one) == digest(other), name


@pytest.mark.parametrize("family", FAMILIES)
def test_different_values_have_different_keys_and_a_difference(family: str) -> None:
    made = {name: make() for name, make in FAMILIES[family]().items()}
    names = [*made]
    for at, name in enumerate(names):
        for other in names[at + 1 :]:
            assert not same_content(made[name], made[other]), (name, other)
            assert token(made[name]) != token(made[other]), (name, other)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_copy_reads_alike_and_shares_nothing_that_changes(family: str) -> None:
    for name, make in FAMILIES[family]().items():
        original, untouched = make(), make()
        copy = snapshot(original)
        assert type(copy) is type(original), name
        assert same_content(copy, untouched), name
        for _, leaf in leaves([copy]):
            if type(leaf) is list:
                leaf.append("changed")
        assert same_content(original, untouched), name


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_written_is_what_is_read_back(family: str) -> None:
    codec = Codec()
    for name, make in FAMILIES[family]().items():
        written = json.dumps(codec.encode(make()))
        back = codec.decode(json.loads(written))
        assert type(back) is type(make()), name
        assert same_content(back, make()), name
        assert codec.problem_of(make()) is None, name


@pytest.mark.parametrize("family", FAMILIES)
def test_redaction_changes_no_object(family: str) -> None:
    redactor = Redactor.of(
        ("result.**.{x,text,a,b,number,values,more,lots}",), {"SOME_TOKEN": "Europe/Berlin"}, None
    )
    for name, make in FAMILIES[family]().items():
        trade = Trade()
        trade.run(lambda _, make=make: {"held": make()}, lambda _, make=make: {"held": make()})  # type: ignore[misc]
        run = trade.runs[-1]
        assert run.legacy is not None
        redactor.run(run)
        assert isinstance(run.legacy.outcome, Returned), name
        assert same_content(run.legacy.outcome.value["held"], make()), name


def test_numbers_of_numpy_are_pythons_as_keys_and_differ_from_them_as_answers() -> None:
    np = library("numpy")
    pairs = [(np.int64(7), 7), (np.float32(1.5), 1.5), (np.bool_(True), True), (np.str_("a"), "a")]
    for one, other in pairs:
        assert frozen(one) == frozen(other)
        assert not same_content(one, other)


def test_arrays_that_share_their_memory_share_it_in_the_copy() -> None:
    np = library("numpy")
    whole = np.zeros(4)
    first, part, backwards = snapshot((whole, whole[1:3], whole[::-1]))
    first[1] = 5
    assert (part[0], backwards[2], whole[1]) == (5, 5, 0)


@pytest.mark.parametrize("generations", [1, 2, 3])
def test_windows_of_an_array_look_at_it_in_a_copy_of_a_copy_as_well(generations: int) -> None:
    np = library("numpy")
    whole, objects = np.arange(5), np.array(["a", "b", "c"], dtype=object)
    windows = np.lib.stride_tricks.sliding_window_view(whole, 2, writeable=True)
    copied: Any = (whole, whole[1:], windows, objects, objects[1:])
    for _ in range(generations):
        copied = snapshot(copied)
    first, part, windowed, held, rest = copied
    first[1], held[1] = 41, "changed"
    assert (part[0], windowed[1, 0], windowed[0, 1], rest[0]) == (41, 41, 41, "changed")
    assert (whole[1], objects[1]) == (1, "b")


def test_an_array_that_nobody_may_write_into_is_copied_as_one() -> None:
    np = library("numpy")
    original = np.arange(3)
    original.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        snapshot(original)[0] = 1


def test_an_array_that_is_a_file_is_a_handle(tmp_path: Path) -> None:
    np = library("numpy")
    mapped = np.memmap(tmp_path / "a", dtype="u1", mode="w+", shape=(3,))
    with pytest.raises(SnapshotError, match="handle"):
        snapshot(mapped)


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.attrs.update(source="other"),
        lambda table: table.__setitem__("number", table["number"].astype("int32")),
        lambda table: table.__setitem__("number", table["number"] + 1),
        lambda table: setattr(table, "columns", [*"abcdef"]),
        lambda table: setattr(table, "index", [1, 2]),
        lambda table: table["object"][0].append(2),
    ],
    ids=["attributes", "element type", "content", "name of a column", "labels", "an object in a column"],
)
def test_whatever_changes_in_a_table_is_a_difference(change: Callable[[Any], Any]) -> None:
    library("pandas")
    table = FAMILIES["pandas"]()["a table"]
    changed = table()
    change(changed)
    assert not same_content(table(), changed)
    assert token(table()) != token(changed)


def test_a_class_of_the_program_derived_from_a_table_keeps_its_class_and_attributes() -> None:
    pd = library("pandas")

    class Trades(pd.DataFrame):  # type: ignore[misc,name-defined]
        _metadata: ClassVar[list[str]] = ["desk"]

    trades = Trades({"a": [1]})
    trades.desk = ["one"]
    copy = snapshot(trades)
    copy.desk.append("two")
    assert type(copy) is Trades
    assert trades.desk == ["one"]


def test_a_lazy_table_is_not_read() -> None:
    pl = library("polars")
    with pytest.raises(SnapshotError):
        snapshot(pl.DataFrame({"a": [1]}).lazy())


@pytest.mark.parametrize(
    ("family", "name", "change"),
    [
        ("numpy", "an array", lambda array: array.__setitem__(0, 9)),
        ("numpy", "objects", lambda array: array[2].append(9)),
        ("pandas", "a table", lambda table: table.__setitem__("number", table["number"] + 1)),
        ("pandas", "a column", lambda column: column.attrs.update(a=1)),
        ("pydantic", "a model", lambda model: model.lots[0]["a"].append(9)),
        (
            "pydantic",
            "a model with a field that is set to its default",
            lambda model: setattr(model, "note", "x"),
        ),
        ("attrs and msgspec", "a struct", lambda struct: struct.more.append(9)),
        ("attrs and msgspec", "a class of attrs", lambda kept: setattr(kept, "number", 9)),
    ],
)
def test_an_argument_that_a_path_changes_is_known_as_changed(
    family: str, name: str, change: Callable[[Any], Any]
) -> None:
    make = FAMILIES[family]()[name]
    value = make()
    before = snapshot(value)
    assert is_unchanged(before, value)
    change(value)
    assert not is_unchanged(before, value)


@pytest.mark.parametrize(
    "made",
    [
        numpy.array([[1, 2], [3, 4]]),
        numpy.asfortranarray(numpy.arange(6.0).reshape(2, 3)),
        numpy.arange(24).reshape(2, 3, 4).transpose(1, 0, 2).copy(order="K"),
        numpy.array([[1, None]], object),
        numpy.array(5),
        numpy.zeros((0, 3)),
    ],
    ids=["rows", "columns", "turned", "objects", "none", "empty"],
)
def test_a_copied_array_owns_its_memory_in_the_order_of_the_original(made: Any) -> None:
    copy = snapshot([made])[0]
    assert copy is not made
    assert copy.flags.owndata
    assert copy.strides == made.strides
    assert copy.tolist() == made.tolist()


def test_a_copied_array_can_be_made_larger_as_the_original_can() -> None:
    made = numpy.arange(3)
    copy = snapshot([made])[0]
    copy.resize(5, refcheck=False)
    assert (len(copy), len(made)) == (5, 3)


@pytest.mark.parametrize("bits", [numpy.random.PCG64, numpy.random.Philox, numpy.random.MT19937])
def test_a_copied_generator_spawns_what_the_original_spawns(bits: Any) -> None:
    generator = numpy.random.Generator(bits(3))
    generator.spawn(1)
    generator.random()
    copy = snapshot([generator])[0]
    drawn = [one.random() for one in copy.spawn(2)]
    assert drawn == [one.random() for one in generator.spawn(2)]
    assert copy.random() == generator.random()
