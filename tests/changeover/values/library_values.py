"""Values of libraries, made anew at every call, so that two of a name are equal and share nothing."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from datetime import date, datetime
from functools import cached_property, partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Generic, TypeVar

import pytest
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    RootModel,
    SecretStr,
    ValidationError,
    computed_field,
    field_validator,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

T = TypeVar("T")


def library(name: str) -> Any:
    """The library, or the test is skipped with a sentence."""
    if find_spec(name) is None:
        pytest.skip(f"{name} is not installed, so its values are not tried")
    return import_module(name)


class Order(BaseModel):
    number: int
    note: str | None = None
    lots: list[Any] = []
    _seen: list[int] = PrivateAttr(default_factory=list)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def total(self) -> int:
        raise RuntimeError("a computed field was asked for")


class Aliased(BaseModel):
    model_config = ConfigDict(extra="allow")
    number: int = Field(alias="theNumber")
    secret: SecretStr = SecretStr("geheim")


class Box(BaseModel, Generic[T]):
    inside: T


class Numbers(RootModel[list[int]]):
    pass


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)
    lots: list[int]


def _order() -> Any:
    made = Order(number=1, lots=[{"a": [1]}])
    made._seen.append(3)
    return made


def _cyclic_order() -> Any:
    made = Order(number=1)
    made.lots.append(made)
    return made


class Schedule(BaseModel):
    number: int
    note: str = ""

    @field_validator("note")
    @classmethod
    def is_read(cls, note: str) -> str:
        raise PydanticCustomError("cron_syntax", "{note} is none of {{these}}", {"note": note})


def _refused(given: dict[str, Any]) -> ValidationError:
    with pytest.raises(ValidationError) as refused:
        Schedule(**given)
    return refused.value


def pydantic_values() -> dict[str, Callable[[], Any]]:
    return {
        "a model": _order,
        "a model with a field that is set to its default": lambda: Order(number=1, note=None),
        "a model that leads back to itself": _cyclic_order,
        "aliases and extras": lambda: Aliased(theNumber=1, more=[1]),  # type: ignore[call-arg]
        "a generic model": lambda: Box[int](inside=1),
        "a root model": lambda: Numbers([1, 2]),
        "a frozen model": lambda: Frozen(lots=[1]),
        "an error of a model": partial(_refused, {"number": "x"}),
        "an error of a kind that the program made up": partial(_refused, {"number": 1, "note": "* *"}),
        "what a validator raises": lambda: PydanticCustomError("cron", "bad {part}", {"part": "*"}),
        "what a validator raises by a known name": lambda: PydanticKnownError("greater_than", {"gt": 3}),
    }


def numpy_values() -> dict[str, Callable[[], Any]]:
    np = library("numpy")
    grid = np.arange(12).reshape(3, 4)
    return {
        **{f"numpy.{name}": partial(getattr(np, name), 1) for name in _NUMBERS},
        "a text": lambda: np.str_("a"),
        "a day": lambda: np.datetime64("2020-01-02"),
        "a moment in nanoseconds": lambda: np.datetime64(1_577_836_800_000_000_001, "ns"),
        "no moment": lambda: np.datetime64("NaT"),
        "a duration": lambda: np.timedelta64(3, "h"),
        "an array": lambda: np.arange(3.0),
        "an array with NaN": lambda: np.array([np.nan, np.inf, -0.0]),
        "no dimension": lambda: np.array(5),
        "no element": lambda: np.zeros((0, 3)),
        "turned axes": lambda: grid.copy().T,
        "every second backwards": lambda: np.arange(12).reshape(3, 4)[::-1, ::2],
        "columns first": lambda: np.asfortranarray(grid),
        "one row for all": lambda: np.broadcast_to(np.arange(3), (2, 3)),
        "read only": lambda: np.frombuffer(b"abcd", dtype="u1"),
        "objects": lambda: np.array([1, None, [2]], dtype=object),
        "days": lambda: np.array(["2020-01-01", "NaT"], dtype="M8[D]"),
        "fields": lambda: np.array([(1, "a")], dtype=[("x", "i4"), ("y", "U3")]),
        "a row of fields": lambda: np.array([(1, 2.0)], dtype=[("x", "i4"), ("y", "f8")])[0],
        "records": lambda: np.rec.array([(1, 2.0)], dtype=[("x", "i4"), ("y", "f8")]),
        "a mask": lambda: np.ma.array([1, 2, 3], mask=[0, 1, 0]),
        "a mask of nothing": lambda: np.ma.array([1.0, 2.0]),
        "the masked constant": lambda: np.ma.masked,
        "a type of elements": lambda: np.dtype("i4"),
        "a generator": lambda: np.random.default_rng(3),
    }


_NUMBERS = (
    *("int8", "int64", "uint32", "float16", "float32", "float64", "longdouble", "complex64", "clongdouble"),
    "bool_",
)


def pandas_values() -> dict[str, Callable[[], Any]]:
    pd, np = library("pandas"), library("numpy")

    def table() -> Any:
        made = pd.DataFrame(
            {
                "number": [1, 2],
                "text": ["x", None],
                "moment": pd.date_range("2020", periods=2, tz="Europe/Berlin"),
                "kind": pd.Categorical(["p", "q"]),
                "maybe": pd.array([1, None], dtype="Int64"),
                "object": [[1], {"k": 2}],
            }
        )
        made.attrs["source"] = ["desk"]
        return made

    def of_categories(known: list[str], *, ordered: bool = False) -> Any:
        return pd.Series(pd.Categorical(["a"], categories=known, ordered=ordered))

    return {
        "a table": table,
        "a table without rows": lambda: pd.DataFrame(),
        "two columns of one name": lambda: pd.DataFrame([[1, 2]], columns=["a", "a"]),
        "a column": lambda: table()["moment"],
        "a column of objects": lambda: table()["object"],
        "a column named by a pair": lambda: pd.Series([1], name=("a", 1)),
        "moments, and none": lambda: pd.Series([pd.Timestamp("2020"), pd.NaT]),
        "labels of two levels": lambda: pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", "y"]),
        "a range of labels": lambda: pd.RangeIndex(3),
        "labels": lambda: pd.Index([1, 2], name="n"),
        "mixed labels": lambda: pd.Index([1, "a"], dtype=object),
        "days with a frequency": lambda: pd.date_range("2020", periods=3),
        "durations": lambda: pd.timedelta_range("1h", periods=2),
        "months": lambda: pd.period_range("2020-01", periods=2, freq="M"),
        "intervals": lambda: pd.interval_range(0, 3),
        "categories": lambda: pd.CategoricalIndex(["a", "b"]),
        "a column of categories": lambda: of_categories(["a"]),
        "one with a category that no row has": lambda: of_categories(["a", "z"]),
        "one whose categories have an order": lambda: of_categories(["a"], ordered=True),
        "a table of categories": lambda: of_categories(["a"]).to_frame(),
        "a table of more categories": lambda: of_categories(["a", "z"]).to_frame(),
        "two levels of categories": lambda: pd.MultiIndex.from_arrays([of_categories(["a"]), [1]]),
        "two levels of more categories": lambda: pd.MultiIndex.from_arrays([of_categories(["a", "z"]), [1]]),
        "a type of categories": lambda: pd.CategoricalDtype(["a"]),
        "a type of ordered categories": lambda: pd.CategoricalDtype(["a"], ordered=True),
        "a type of any categories": lambda: pd.CategoricalDtype(),
        "a moment": lambda: pd.Timestamp("2020-01-02"),
        "nanoseconds in a zone": lambda: pd.Timestamp("2020-01-02 03:04:05.123456789", tz="Europe/Berlin"),
        "no moment": lambda: pd.NaT,
        "nothing": lambda: pd.NA,
        "a duration": lambda: pd.Timedelta("1h"),
        "a duration of nanoseconds": lambda: pd.Timedelta(-3, "ns"),
        "a month": lambda: pd.Period("2020-01", "M"),
        "an interval": lambda: pd.Interval(1, 2),
        "an offset": lambda: pd.DateOffset(days=3),
        "business days": lambda: pd.offsets.BDay(2),
        "truths, and none": lambda: pd.array([True, None], dtype="boolean"),
        "texts": lambda: pd.array(["a", None], dtype="string"),
        "few elements": lambda: pd.arrays.SparseArray([0, 0, 1]),
        "rows of arrays": lambda: pd.Series([np.arange(2), np.arange(3)]),
    }


def table_values() -> dict[str, Callable[[], Any]]:
    pl, pa = library("polars"), library("pyarrow")
    return {
        "a table of polars": lambda: pl.DataFrame(
            {"a": [1, 2], "b": ["x", None], "d": [date(2020, 1, 1)] * 2}
        ),
        "a column of polars": lambda: pl.Series("s", [1.0, None]),
        "rows in rows": lambda: pl.DataFrame({"o": [{"k": 1}]}),
        "a table of Arrow": lambda: pa.table({"a": [1, None], "b": ["x", "y"]}),
        "a column of Arrow": lambda: pa.table({"a": [1, None]})["a"],
        "an array of Arrow": lambda: pa.array([2, None]),
        "a scalar of Arrow": lambda: pa.scalar(3),
        "a batch of Arrow": lambda: pa.table({"a": [1]}).to_batches()[0],
    }


def record_values() -> dict[str, Callable[[], Any]]:
    attrs, _ = library("attrs"), library("msgspec")
    kept = attrs_class(attrs)

    def asked() -> Any:
        made = kept(1)
        assert made.twice == 2
        return made

    def around() -> Any:
        made = Ring()
        made.next = made
        return made

    from tests.changeover.values.structs import Point, Ring

    return {
        "a class of attrs": lambda: kept(1, [2]),
        "a class of attrs that remembers": asked,
        "a struct": lambda: Point(1, [2]),
        "a struct that leads back to itself": around,
    }


def attrs_class(attrs: Any) -> Any:
    """One class for all, under a name that leads to it."""
    if "Kept" not in globals():

        class Kept:
            number: int
            lots: list[int] = attrs.field(factory=list)

            @cached_property
            def twice(self) -> int:
                return 2 * self.number

        Kept.__qualname__ = "Kept"
        globals()["Kept"] = attrs.define(Kept)
    return globals()["Kept"]


def moment_values() -> dict[str, Callable[[], Any]]:
    freezegun, pytz = library("freezegun"), library("pytz")
    tz = library("dateutil.tz")

    def frozen() -> Any:
        with freezegun.freeze_time("2020-01-02 03:04:05"):
            return datetime.now()

    return {
        "a moment of freezegun": frozen,
        "a moment of pytz": lambda: pytz.timezone("Europe/Berlin").localize(datetime(2020, 1, 1)),
        "a zone of pytz": lambda: pytz.timezone("Europe/Berlin"),
        "minutes of pytz": lambda: pytz.FixedOffset(60),
        "a moment of dateutil": lambda: datetime(2020, 1, 1, tzinfo=tz.gettz("America/New_York")),
        "a zone of dateutil": lambda: tz.gettz("Europe/Madrid"),
        "another zone of dateutil": lambda: tz.gettz("Asia/Tokyo"),
        "an offset of dateutil": lambda: tz.tzoffset("x", 7200),
    }


def library_of_python_values() -> dict[str, Callable[[], Any]]:
    """Rows of a database, views of mappings, zones without a name and texts in memory, no two alike."""

    def row(query: str) -> Any:
        connection = sqlite3.connect(":memory:")
        connection.row_factory = sqlite3.Row
        try:
            return connection.execute(query).fetchone()
        finally:
            connection.close()

    return {
        "a row": lambda: row("SELECT 1 AS a, 'x' AS b"),
        "another row": lambda: row("SELECT 1 AS a, 'y' AS b"),
        "a row of other names": lambda: row('SELECT 1 AS a, \'x\' AS "b ""c"""'),
        "a row with two columns of one name": lambda: row("SELECT 1 AS a, 'x' AS b, 3 AS b"),
        "keys": lambda: {"k": [1], "l": [2]}.keys(),
        "values": lambda: {"k": [1], "l": [2]}.values(),
        "items": lambda: {"k": [1], "l": [2]}.items(),
        "values in an order": lambda: OrderedDict(k=[2], l=[1]).values(),
    }


def message_values() -> dict[str, Callable[[], Any]]:
    library("google.protobuf")
    any_pb2, duration_pb2, struct_pb2, descriptor_pb2 = (
        import_module(f"google.protobuf.{name}_pb2") for name in ("any", "duration", "struct", "descriptor")
    )

    def struct(*names: str) -> Any:
        made = struct_pb2.Struct()
        made.update({name: [1, {"inside": None}] for name in names})
        return made

    def described(**options: Any) -> Any:
        made = descriptor_pb2.FieldDescriptorProto(name="text", number=3, **options)
        made.options.deprecated = True
        return descriptor_pb2.DescriptorProto(name="Order", field=[made], reserved_name=["a", "b"])

    def packed() -> Any:
        made = any_pb2.Any()
        made.Pack(duration_pb2.Duration(seconds=5))
        return made

    return {
        "a message": lambda: duration_pb2.Duration(seconds=5, nanos=7),
        "a message with nothing set": duration_pb2.Duration,
        "a message of another class with nothing set": struct_pb2.Struct,
        "a map": lambda: struct("x", "text"),
        "a map with more": lambda: struct("x", "text", "a"),
        "a value that is null": lambda: struct_pb2.Value(null_value=0),
        "messages in messages": lambda: described(type="TYPE_STRING"),
        "messages with another member of an enum": lambda: described(type="TYPE_BYTES"),
        "a field that is set to its default": lambda: described(
            type="TYPE_STRING", label=1, default_value=""
        ),
        "a packed message": packed,
    }


FAMILIES: dict[str, Callable[[], dict[str, Callable[[], Any]]]] = {
    "pydantic": pydantic_values,
    "numpy": numpy_values,
    "pandas": pandas_values,
    "polars and Arrow": table_values,
    "attrs and msgspec": record_values,
    "moments": moment_values,
    "Protocol Buffers": message_values,
    "Python": library_of_python_values,
}
