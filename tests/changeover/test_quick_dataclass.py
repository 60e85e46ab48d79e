"""Classes of the toolkit are made faster than by `dataclasses.dataclass`, and are the same classes."""

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

import pytest

from changeover import quick_dataclass

T = TypeVar("T")
Make = Callable[..., Any]


def classes(make: Any, frozen: bool, slots: bool) -> dict[str, Any]:
    """Classes of every form that is in use, by name; each has the arguments to make one with."""
    options = {"frozen": frozen, "slots": slots}

    @make(**options)
    class Plain:
        """Two fields and a default."""

        a: int
        b: str = "b"

    @make(**options)
    class Factory:
        """One more."""

        items: list[int] = field(default_factory=list)
        names: ClassVar[int] = 3

    @make(**options)
    class Hidden:
        """One more."""

        a: int
        b: list[int] = field(default_factory=list, repr=False, compare=False)
        c: int = field(default=4, compare=False)

    @make(kw_only=True, **options)
    class Named:
        """One more."""

        a: int
        b: int = 2

    @make(**options)
    class Empty:
        """Nothing."""

    @make(**options)
    class Derived(Plain):
        """One more."""

        c: float = 0.5

    @make(**options)
    class Typed(Generic[T]):
        """One more."""

        value: T

    @make(**options)
    class Own:
        """One more."""

        a: int

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

    @make(**options)
    class Later:
        """One more."""

        a: int
        double: int = field(init=False)
        fixed: int = field(default=9, init=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "double", self.a * 2)

    @make(eq=False, repr=False, **options)
    class Bare:
        """One more."""

        a: int

    @make(order=True, **options)
    class Ordered:
        """One more."""

        a: int

    made = [Plain, Factory, Hidden, Named, Empty, Derived, Typed, Own, Later, Bare, Ordered]
    return {cls.__name__: cls for cls in made}


GIVEN: dict[str, list[dict[str, Any]]] = {
    "Plain": [{"a": 1}, {"a": 1, "b": "b"}, {"a": 2, "b": "c"}],
    "Factory": [{}, {"items": [1]}],
    "Hidden": [{"a": 1}, {"a": 1, "b": [2], "c": 5}],
    "Named": [{"a": 1}, {"a": 1, "b": 3}],
    "Empty": [{}],
    "Derived": [{"a": 1}, {"a": 1, "c": 1.5}],
    "Typed": [{"value": float("nan")}],
    "Own": [{"a": 1}, {"a": 2}],
    "Later": [{"a": 1}, {"a": 2}],
    "Bare": [{"a": 1}],
    "Ordered": [{"a": 1}, {"a": 2}],
}
FORMS = [(frozen, slots) for frozen in (True, False) for slots in (True, False)]


def told(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except Exception as error:  # noqa: BLE001  what it raises is compared
        return type(error).__name__, str(error)


def behaviour(cls: Any, given: list[dict[str, Any]]) -> Any:
    """All that can be seen of a class, but where its values stand."""
    values = [cls(**one) for one in given]
    seen: list[Any] = [
        [repr(value).rpartition("<locals>.")[2].partition(" object at")[0] for value in values],
        [[one == other for other in values] for one in values],
        [one != 3 and one.__eq__(3) for one in values],
        [told(partial(hash, one)) if "Bare" not in repr(cls) else None for one in values],
        str(inspect.signature(cls)),
        cls.__init__.__annotations__,
        [
            (one.name, one.type, one.default, one.init, one.repr, one.compare)
            for one in dataclasses.fields(cls)
        ],
        [dataclasses.asdict(one) for one in values],
        cls.__match_args__,
        vars(cls).get("__slots__"),
        repr(cls.__dataclass_params__),
        [told(partial(setattr, one, "a", 5)) for one in values if "a" in vars(cls)["__match_args__"]],
        [told(partial(delattr, one, "a")) for one in values if "a" in vars(cls)["__match_args__"]],
        told(lambda: cls(nobody=1))[1].replace(cls.__qualname__, cls.__name__),
        cls.__doc__,
    ]
    values = [cls(**one) for one in given]
    copies = [copy.copy(one) for one in values] + [copy.deepcopy(one) for one in values]
    seen.append([dataclasses.asdict(one) for one in copies])
    seen.append([type(dataclasses.replace(one)) is cls for one in values])
    return seen


@pytest.mark.parametrize(("frozen", "slots"), FORMS)
@pytest.mark.parametrize("name", GIVEN)
def test_a_class_is_what_the_standard_library_makes(name: str, frozen: bool, slots: bool) -> None:
    ours = classes(quick_dataclass.dataclass, frozen, slots)[name]
    theirs = classes(dataclass, frozen, slots)[name]
    assert behaviour(ours, GIVEN[name]) == behaviour(theirs, GIVEN[name])


@quick_dataclass.dataclass(frozen=True, slots=True)
class Kept:
    """It stands in a module, so that it can be pickled."""

    a: int
    b: list[int] = field(default_factory=list)


def test_a_frozen_value_with_slots_goes_through_pickle() -> None:
    assert pickle.loads(pickle.dumps(Kept(1, [2]))) == Kept(1, [2])  # noqa: S301  made here


def test_a_program_may_derive_a_class_of_its_own_in_the_usual_way() -> None:
    @dataclass(frozen=True)
    class Mine(Kept):
        c: int = 3

    assert Mine(1, [2]) == Mine(1, [2], 3)
    with pytest.raises(TypeError):
        dataclass(type("Loose", (Kept,), {"__annotations__": {"d": int}}))


def test_a_frozen_class_and_another_are_not_derived_from_each_other() -> None:
    with pytest.raises(TypeError, match=r"cannot be derived from each other|cannot inherit"):
        quick_dataclass.dataclass(type("Loose", (Kept,), {"__annotations__": {"d": int}}))


def test_what_is_only_given_to_the_constructor_reaches_what_follows_it() -> None:
    @quick_dataclass.dataclass(slots=True)
    class Seamed:
        a: int
        given: InitVar[int]

        def __post_init__(self, given: int) -> None:
            self.a += given

    assert Seamed(1, 2).a == 3
