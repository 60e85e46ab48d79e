"""What the code of a method shows of what it changes, as its source says."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest

from changeover.record.evident_changes import changes_itself, changes_what_is_shared


def decorated(function: Any) -> Any:
    @wraps(function)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return inner


class Table:
    """Methods that change their object, and methods that only look."""

    def __init__(self, rows: list[Any]) -> None:
        self.rows, self.count, self.by_name = rows, 0, dict[str, Any]()

    def sets(self, number: int) -> None:
        self.count = number

    def adds_up(self, number: int) -> None:
        self.count += number

    def appends(self, number: int) -> None:
        self.rows.append(number)

    def appends_in_a_call(self, number: int) -> Any:
        return max(number, len(self.rows), self.by_name.pop("n"))

    def puts(self, name: str, number: int) -> None:
        self.by_name[name] = number

    def counts(self, name: str) -> None:
        self.by_name[name] += 1

    def puts_by_attribute(self, other: Table) -> None:
        self.by_name[str(other.count)] = other.count

    def appends_by_another_name(self, number: int) -> None:
        rows = self.rows
        rows.append(number)

    def adds_in_place(self, number: int) -> None:
        self.rows += [number]

    @decorated
    def appends_decorated(self, number: int) -> None:
        self.rows.append(number)

    async def appends_later(self, number: int) -> None:
        self.rows.append(number)

    def takes_out(self, name: str) -> None:
        del self.by_name[name]

    def loses(self) -> None:
        del self.count

    def looks(self, name: str) -> Any:
        return self.by_name.get(name), self.count

    def makes_a_list(self, number: int) -> list[int]:
        found = [1]
        found.append(number)
        return found

    def makes_a_table(self, number: int) -> Table:
        other = Table([])
        other.count = number
        return other

    def fills_a_dict(self, name: str) -> dict[str, int]:
        found = {}
        found[name] = self.count
        return found


CHANGING = (
    *(Table.sets, Table.adds_up, Table.appends, Table.appends_in_a_call, Table.puts, Table.takes_out),
    *(Table.counts, Table.puts_by_attribute, Table.appends_by_another_name, Table.adds_in_place),
    *(Table.appends_decorated, Table.appends_later),
)
LOOKING = (Table.looks, Table.makes_a_list, Table.makes_a_table, Table.fills_a_dict)


def named(method: Callable[..., Any]) -> str:
    return method.__name__


@pytest.mark.parametrize("method", [*CHANGING, Table.loses], ids=named)
def test_a_method_that_changes_its_object_is_seen_to(method: Callable[..., Any]) -> None:
    assert changes_itself(method)


@pytest.mark.parametrize("method", LOOKING, ids=named)
def test_a_method_that_changes_what_it_has_made_itself_only_looks(method: Callable[..., Any]) -> None:
    assert not changes_itself(method)


def test_what_two_objects_share_is_changed_for_both() -> None:
    root = Table([])
    assert changes_what_is_shared(Table.appends, Table(root.rows), root)
    assert not changes_what_is_shared(Table.appends, Table([]), root)


def test_what_has_no_source_shows_nothing() -> None:
    made: dict[str, Any] = {}
    exec("def adds(self, number): self.rows.append(number)", made)  # noqa: S102
    assert not changes_itself(list.append)
    assert not changes_itself(made["adds"])
