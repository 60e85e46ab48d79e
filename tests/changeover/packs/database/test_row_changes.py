"""Steps of a path become one change per row."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from changeover.packs.database.row_change import RowChange, net, same_row, since, unlike

Table = dict[int, int]


def steps_between(tables: list[Table]) -> list[RowChange]:
    steps = []
    for one, other in itertools.pairwise(tables):
        for key in sorted(one.keys() | other.keys()):
            before = {"v": one[key]} if key in one else None
            after = {"v": other[key]} if key in other else None
            if before != after:
                steps.append(RowChange("t", (key,), before, after))
    return steps


def changed(one: Table, other: Table) -> list[RowChange]:
    return steps_between([one, other])


tables = st.lists(st.dictionaries(st.integers(0, 4), st.integers(0, 2), max_size=4), min_size=2, max_size=6)


@given(tables)
def test_the_net_of_any_steps_is_the_difference_of_first_and_last(history: list[Table]) -> None:
    assert unlike(net(steps_between(history)), changed(history[0], history[-1])) == []


@given(tables, st.integers(0, 5))
def test_what_changed_since_a_moment_does_not_depend_on_what_came_before(
    history: list[Table], moment: int
) -> None:
    middle = history[min(moment, len(history) - 1)]
    found = since(changed(history[0], middle), changed(history[0], history[-1]))
    assert unlike(found, changed(middle, history[-1])) == []


@given(tables)
def test_a_turned_change_takes_the_change_back(history: list[Table]) -> None:
    there = steps_between(history)
    assert net([*there, *(change.turned for change in reversed(there))]) == []


def test_numbers_of_different_types_are_different_rows() -> None:
    assert not same_row({"v": 1}, {"v": 1.0})
    assert not same_row({"v": 1}, {"v": True})
    assert same_row({"v": float("nan")}, {"v": float("nan")})


def test_insert_and_delete_are_nothing_and_insert_and_update_are_an_insert() -> None:
    new, newer = RowChange("t", (1,), None, {"v": 1}), RowChange("t", (1,), {"v": 1}, {"v": 2})
    assert net([new, new.turned]) == []
    assert net([new, newer]) == [RowChange("t", (1,), None, {"v": 2})]


def test_rows_keep_the_order_in_which_they_were_made() -> None:
    first, second = RowChange("t", (1,), None, {"v": 1}), RowChange("t", (2,), None, {"v": 2})
    later = RowChange("t", (1,), {"v": 1}, {"v": 3})
    assert [change.key for change in net([first, second, later])] == [(1,), (2,)]
