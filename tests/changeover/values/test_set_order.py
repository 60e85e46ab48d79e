"""A copied set iterates like the caller's, so that a path that walks through it does the same."""

# ruff: noqa: S311  seeded on purpose

import string
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover import Migration, Run
from changeover.values.copying import snapshot
from changeover.values.set_order import MEMBERS_MAX

TEXTS = ["".join(Random(at).choices(string.ascii_lowercase, k=6)) for at in range(3 * MEMBERS_MAX)]
MEMBER = st.one_of(
    st.sampled_from(TEXTS),
    st.integers(),
    st.integers(0, 40),
    st.tuples(st.sampled_from(TEXTS), st.integers()),
)


class Named(set[Any]):
    """A set of the program with an attribute and an iterator of its own."""

    def __iter__(self) -> Any:
        raise AssertionError("nobody is to ask")


@given(
    st.lists(MEMBER, max_size=MEMBERS_MAX, unique=True),
    st.lists(MEMBER, max_size=20),
    st.sampled_from("acus"),
)
def test_a_copied_set_iterates_in_the_order_of_its_original(
    came: list[Any], went: list[Any], how: str
) -> None:
    value = set(went)
    if how == "u":
        value |= set(came)
    else:
        for member in came:
            value.add(member)
    value.difference_update(went)
    if how == "c":
        value = value.copy()
    copied = snapshot(value)
    assert copied is not value
    assert [*copied] == [*value]
    assert [*snapshot(copied)] == [*value]
    named = Named()
    set.update(named, value)
    copied = snapshot(named)
    assert [*set.__iter__(copied)] == [*set.__iter__(named)]


def test_a_copied_set_goes_on_as_a_set() -> None:
    for seed in range(200):
        random = Random(seed)
        value: set[Any] = set()
        for text in random.sample(TEXTS, random.randrange(2, 40)):
            value.add(text)
        copied = snapshot(value)
        for text in random.sample(TEXTS, 20):
            copied.add(text)
            value.add(text)
            assert (text in copied, len(copied)) == (True, len(value))
        for text in random.sample(TEXTS, 60):
            copied.discard(text)
            value.discard(text)
        assert copied == value


def test_a_set_with_more_members_holds_the_same_in_some_order() -> None:
    value = {f"name {at}" for at in range(MEMBERS_MAX * 20)}
    assert snapshot(value) == value


class Shop:
    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, text: str) -> None:
        self.sent.append(text)


@pytest.mark.parametrize("stage", ["shadow", "live"])
def test_effects_in_the_order_of_a_set_of_texts_are_the_same_effects(stage: str) -> None:
    runs: list[Run] = []
    migration = Migration(environment={"CHANGEOVER_STAGE_S": stage}, refresh_s=0, sink=runs.append)
    shop = Shop()
    migration.port("shop", shop, effects={"send"})

    def path(names: set[str]) -> None:
        for name in names:
            shop.send(name)

    seam = migration.seam("s", legacy=path, candidate=path)
    for seed in range(50):
        names: set[str] = set()
        for name in Random(seed).sample(TEXTS, seed % 20 + 2):
            names.add(name)
        seam(names)
    assert [run.verdict.value for run in runs] == ["match"] * 50
