"""Two phases never share the variable that overrides their stage."""

import pytest

from changeover import Migration
from changeover.errors import ConfigurationError, DeclarationError
from changeover.rollout.plan_file import parse_plan
from changeover.values.toml_table import parse_toml

PAIRS = [
    ("order-book", "order_book"),
    ("order.book", "order book"),
    ("Orders", "orders"),
    ("заказ", "книга"),
    ("straße", "strasse"),
]


def plan_of(*names: str) -> object:
    phases = "".join(f'[[phase]]\nname = "{name}"\nseams = ["seam.{at}"]\n' for at, name in enumerate(names))
    return parse_plan(parse_toml(f'[migration]\nname = "shop"\n{phases}', "phases.toml"), "phases.toml")


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_names_with_one_variable_are_refused_with_both_names(one: str, other: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        plan_of(one, other)
    assert repr(one) in str(refused.value)
    assert repr(other) in str(refused.value)


def test_names_with_variables_of_their_own_are_accepted() -> None:
    assert plan_of("orders", "order-book", "order_books")


def test_two_seams_with_one_variable_are_refused_where_each_is_a_phase_of_its_own() -> None:
    migration = Migration(environment={})
    migration.seam("shop.order-book", legacy=len)
    with pytest.raises(DeclarationError, match=r"CHANGEOVER_STAGE_SHOP_ORDER_BOOK") as refused:
        migration.seam("shop.order_book", legacy=len)
    assert "shop.order-book" in str(refused.value)
