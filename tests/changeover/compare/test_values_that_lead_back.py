"""What differs in a value that leads back to itself is found, wherever it leads back and from where."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from changeover import Migration, Run
from changeover.compare.comparison import compare
from changeover.values.equality import strictly_same
from tests.changeover.support.observations import raised, returned


class Node:
    def __init__(self) -> None:
        self.parts: dict[str, Any] = {}


@dataclass
class Record:
    parts: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class Slotted:
    part: Any = None


def in_a_list(*parts: Any) -> Any:
    return [*parts]


def in_a_table(*parts: Any) -> Any:
    return {str(number): part for number, part in enumerate(parts)}


def in_an_object(*parts: Any) -> Any:
    node = Node()
    node.parts = in_a_table(*parts)
    return node


def in_a_record(*parts: Any) -> Any:
    return Record([*parts])


def in_a_record_with_slots(*parts: Any) -> Any:
    return Slotted([*parts])


def in_an_error(*parts: Any) -> Any:
    error = ValueError("what went wrong")
    error.parts = [*parts]  # type: ignore[attr-defined]
    return error


def in_arguments_of_an_error(*parts: Any) -> Any:
    return LookupError(*parts)


HOLDERS: dict[str, Callable[..., Any]] = {
    "a list": in_a_list,
    "a table": in_a_table,
    "an object": in_an_object,
    "a record": in_a_record,
    "a record with slots": in_a_record_with_slots,
    "an error": in_an_error,
    "arguments of an error": in_arguments_of_an_error,
}


@pytest.mark.parametrize("beside", HOLDERS.values(), ids=HOLDERS)
@pytest.mark.parametrize("back", HOLDERS.values(), ids=HOLDERS)
def test_an_argument_that_leads_back_through_anything_is_compared(
    back: Callable[..., Any], beside: Callable[..., Any]
) -> None:
    whole: list[Any] = []
    whole += [back(whole, beside(whole)), {"count": 0}]

    def count(argument: Any) -> int:
        argument[1]["count"] += 1
        return len(argument)

    def forget(argument: Any) -> int:
        return len(argument)

    runs: list[Run] = []
    for legacy, candidate in ((count, count), (forget, forget), (count, forget)):
        migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append, refresh_s=0)
        migration.seam("s", legacy=legacy, candidate=candidate)(whole)
    assert [run.verdict for run in runs] == ["match", "match", "diverged"]


def leading_back(
    back: Callable[..., Any], beside: Callable[..., Any], deep: int, leaf: int, *, first: bool
) -> Any:
    """A list of which one row leads back to it, and the leaf stands in the other."""
    rows: list[Any] = []
    other = beside([leaf, {"at": leaf}])
    for _ in range(deep):
        other = beside(other)
    rows += [back(rows), other] if first else [other, back(rows)]
    return {"all": {"of": [rows]}}


@pytest.mark.parametrize("beside", HOLDERS.values(), ids=HOLDERS)
@pytest.mark.parametrize("back", HOLDERS.values(), ids=HOLDERS)
def test_a_row_that_leads_back_hides_no_difference_in_another_row(
    back: Callable[..., Any], beside: Callable[..., Any]
) -> None:
    for deep in range(4):
        for first in (True, False):
            one, same, other = (leading_back(back, beside, deep, leaf, first=first) for leaf in (1, 1, 2))
            assert strictly_same(one, same)
            assert not strictly_same(one, other)
            assert compare(returned(one), returned(same)).divergences == ()
            assert compare(returned(one), returned(other)).divergences


@pytest.mark.parametrize("beside", HOLDERS.values(), ids=HOLDERS)
@pytest.mark.parametrize("back", HOLDERS.values(), ids=HOLDERS)
def test_it_is_found_at_every_row_that_has_it(back: Callable[..., Any], beside: Callable[..., Any]) -> None:
    def rows(*leaves: int) -> Any:
        every: list[Any] = []
        every += [back(every), *(beside(beside([leaf, {"at": leaf}])) for leaf in leaves), back(every)]
        return [[every]]

    found = compare(returned(rows(1, 1, 1)), returned(rows(1, 2, 3))).divergences
    told = {str(divergence.legacy) + str(divergence.candidate) for divergence in found}
    assert told == {"12", "13"}


def test_it_is_found_in_an_error_that_is_raised() -> None:
    def error(leaf: int) -> Exception:
        within = ValueError("within")
        within.rows = [[{"whole": within}, {"part": {"at": [leaf, [leaf]]}}]]  # type: ignore[attr-defined]
        return within

    assert compare(raised(error(1)), raised(error(1))).divergences == ()
    assert compare(raised(error(1)), raised(error(2))).divergences
