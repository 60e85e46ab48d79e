"""What rules let be the same, which of them wins, and what they say they accepted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from changeover.compare.comparison import compare
from changeover.compare.rules import Rules
from tests.changeover.support.observations import compared, differences, effect, found, returned, rule, rules


def test_a_tolerance_accepts_up_to_its_size_and_no_more() -> None:
    cents = rule("result.value", 'abs = "0.01"')
    assert differences({"value": Decimal("1.00")}, {"value": Decimal("1.01")}, cents) == []
    assert differences({"value": Decimal("1.00")}, {"value": Decimal("1.011")}, cents) == [
        ("tolerance-exceeded", "result.value")
    ]


def test_a_tolerance_of_floats_means_what_is_written() -> None:
    cents = rule("result", 'abs = "0.01"')
    assert differences(1.0, 1.01, cents) == []  # 1.01 - 1.0 is more than 0.01 in binary
    assert differences(0.1, 0.11, cents) == []


def test_a_relative_tolerance_is_of_the_larger_number_and_either_one_is_enough() -> None:
    both = rule("result", 'abs = "0.5"\nrel = "0.1"')
    assert differences(Decimal(100), Decimal(90), both) == []
    assert differences(Decimal(1), Decimal("1.5"), both) == []
    assert differences(Decimal(100), Decimal("89.9"), both) == [("tolerance-exceeded", "result")]


@pytest.mark.parametrize(
    ("legacy", "candidate"),
    [(Decimal("1E+999999"), Decimal("1E-999999")), (1e308, -1e308), (5e-324, 1e308)],
    ids=["decimals", "large floats", "floats"],
)
def test_numbers_too_far_apart_for_any_precision_are_not_accepted(legacy: Any, candidate: Any) -> None:
    assert differences(legacy, candidate, rule("result", 'abs = "1"\nrel = "0.5"'))


def test_a_tolerance_accepts_neither_nan_nor_infinity_nor_another_type_nor_a_bool() -> None:
    wide = rule("result", 'abs = "1000"')
    assert differences(1.0, float("nan"), wide) == [("value", "result")]
    assert differences(1.0, float("inf"), wide) == [("value", "result")]
    assert differences(1.0, Decimal(1), wide) == [("type", "result")]
    assert differences(True, False, rule("result", 'abs = "1000"\ntypes = "numeric"')) == [
        ("value", "result")
    ]
    assert differences(None, 1, wide) == [("value", "result")]


def test_one_moment_may_have_any_offset_where_a_rule_says_so() -> None:
    utc, local = (
        datetime(2024, 1, 1, tzinfo=UTC),
        datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
    )
    assert differences([utc], [local]) == [("zone", "result[0]")]
    assert differences([utc], [local], rule("result", 'zones = "any"')) == []
    later = local + timedelta(seconds=1)
    assert differences([utc], [later], rule("result", 'zones = "any"')) == [("value", "result[0]")]


def test_numeric_types_compare_numbers_by_value_and_never_bools() -> None:
    numeric = rules('[defaults]\ntypes = "numeric"\n')
    assert differences([1, 0.1, 2], [1.0, Decimal("0.1"), Decimal("2.0")], numeric) == []
    assert differences([1], [True], numeric) == [("type", "result[0]")]
    assert differences([1], ["1"], numeric) == [("type", "result[0]")]
    assert differences([2**53 + 1], [float(2**53)], numeric) == [("value", "result[0]")]


def test_loose_types_read_what_is_written() -> None:
    loose = rules('[defaults]\ntypes = "loose"\n')
    noon = datetime(2016, 3, 1, 12, tzinfo=UTC)
    assert (
        differences(["1.50", noon, "2016-03-01"], [Decimal("1.5"), noon.isoformat(), noon.date()], loose)
        == []
    )
    assert differences(["1.50"], [Decimal("1.51")], loose) == [("value", "result[0]")]
    assert differences([""], [None], loose) == [("value", "result[0]")]


def test_rows_are_joined_by_key_and_surplus_rows_are_reported() -> None:
    by_key = rule("result.orders", 'match_by = ["symbol", "side"]')
    legacy = {"orders": [{"symbol": "SPY", "side": "S", "n": 1}, {"symbol": "TLT", "side": "B", "n": 2}]}
    candidate = {"orders": [{"symbol": "TLT", "side": "B", "n": 3}, {"symbol": "BIL", "side": "B", "n": 1}]}
    assert differences(legacy, candidate, by_key) == [
        ("value", "result.orders[TLT,B].n"),
        ("row-missing", "result.orders[SPY,S]"),
        ("row-extra", "result.orders[BIL,B]"),
    ]
    assert differences(legacy, {"orders": legacy["orders"][::-1]}, by_key) == []


def test_of_rows_with_one_key_each_is_matched_once() -> None:
    by_key = rule("result", 'match_by = ["id"]')
    row = {"id": 1, "n": 1}
    assert differences([row, row], [row], by_key) == [("row-missing", "result[1]")]
    assert differences([row, {"id": 1, "n": 2}], [{"id": 1, "n": 2}, row], by_key) == []
    assert differences([row, row], [row, {"id": 1, "n": 2}], by_key) == [("value", "result[1].n")]


def test_a_row_without_its_key_is_still_compared() -> None:
    by_key = rule("result", 'match_by = ["id"]')
    keyed = {"id": 1}
    assert differences([keyed, {"n": 1}, 5], [keyed, {"n": 1}, 5], by_key) == []
    assert differences([keyed, {"n": 1}, 5], [keyed, {"n": 2}, 6], by_key) == [
        ("value", "result[None].n"),
        ("row-missing", "result[5]"),
        ("row-extra", "result[6]"),
    ]


def test_unordered_rows_may_differ_as_far_as_other_rules_let_them() -> None:
    both = rules(
        '[[rule]]\npath = "result"\norder = "any"\nreason = "a"\n'
        '[[rule]]\npath = "result[*].value"\nabs = "0.1"\nreason = "b"\n'
        '[[rule]]\npath = "result[*].id"\nsame_as = "bijection"\nreason = "c"\n'
    )
    legacy = [{"id": "a", "value": 1.0}, {"id": "b", "value": 2.0}]
    assert differences(legacy, [{"id": "y", "value": 2.05}, {"id": "x", "value": 1.05}], both) == []
    assert differences(legacy, [{"id": "y", "value": 2.05}, {"id": "y", "value": 1.05}], both) == [
        ("not-a-bijection", "result[1].id")
    ]


def test_order_that_matters_is_a_difference_even_where_identifiers_are_renamed() -> None:
    ids = rule("**.id", 'same_as = "bijection"')
    legacy = [{"id": "a", "n": 1}, {"id": "b", "n": 2}]
    assert differences(legacy, [{"id": "y", "n": 2}, {"id": "x", "n": 1}], ids) == [("order", "result")]


def test_renaming_holds_over_result_and_effects_together() -> None:
    ids = rule("**.order_id", 'same_as = "bijection"')
    legacy = returned({"order_id": "a"}, effect("broker.submit", "SPY", order_id="a"))
    right = returned({"order_id": "x"}, effect("broker.submit", "SPY", order_id="x"))
    wrong = returned({"order_id": "x"}, effect("broker.submit", "SPY", order_id="y"))
    assert compare(legacy, right, ids).divergences == ()
    (divergence,) = compare(legacy, wrong, ids).divergences
    assert (divergence.kind, divergence.detail) == ("effect-changed", "not-a-bijection")


TEXTS = [
    ("order a-1 was refused", "order x-7 was refused", []),
    ("a-1.SPY: refused", "x-7.SPY: refused", []),
    ("order a-1 was refused", "order x-7 was filled", ["result.text"]),
    ("order a-1 was refused", "order x-8 was refused", ["result.text"]),
    ("order a-12 was refused", "order x-72 was refused", ["result.text"]),
    ("order a-1 was refused", "order a-1 was refused", []),
    ("a-1", "x-7", ["result.text"]),  # alone it is an identifier at a place of which no rule speaks
]


@pytest.mark.parametrize(("ours", "theirs", "places"), TEXTS)
@pytest.mark.parametrize("names", [("id", "text"), ("text", "id")])
def test_renaming_holds_inside_longer_texts_wherever_the_identifier_is_met_first(
    ours: str, theirs: str, places: list[str], names: tuple[str, str]
) -> None:
    def side(identifier: str, text: str) -> dict[str, str]:
        parts = {"id": identifier, "text": text}
        return {name: parts[name] for name in names}

    ids = rule("**.id", 'same_as = "bijection"')
    found_places = [place for _, place in differences(side("a-1", ours), side("x-7", theirs), ids)]
    assert found_places == places


def test_a_text_of_an_effect_with_a_renamed_identifier_is_an_equal_effect() -> None:
    ids = rule("**.order_id", 'same_as = "bijection"')
    mail, other = ({"body": f"order {name} was refused"} for name in ("a-1", "x-7"))
    legacy = returned(None, effect("mail.send", 1, 1, **mail), effect("broker.submit", 1, 2, order_id="a-1"))
    candidate = returned(
        None, effect("mail.send", 1, 1, **other), effect("broker.submit", 1, 2, order_id="x-7")
    )
    comparison = compare(legacy, candidate, ids)
    assert comparison.divergences == ()
    assert [(one.name, one.equal, one.changed) for one in comparison.effects] == [
        ("mail.send", 1, 0),
        ("broker.submit", 1, 0),
    ]


def test_an_identifier_that_stayed_may_not_stand_for_another_as_well() -> None:
    ids = rule("result[*]", 'same_as = "bijection"')
    assert differences(["a", "b"], ["a", "a"], ids) == [("not-a-bijection", "result[1]")]
    assert differences(["a", None], ["a", "b"], ids) == [("value", "result[1]")]
    assert differences(["a"], [1], ids) == [("type", "result[0]")]


def test_an_ignored_value_must_still_be_what_the_rule_says() -> None:
    clock = rule("result.at", 'ignore = true\nmust_be = "datetime"')
    now, later = datetime(2016, 3, 1), datetime(2016, 3, 2)
    assert differences({"at": now}, {"at": later}, clock) == []
    assert differences({"at": now}, {"at": "later"}, clock) == [("type", "result.at")]
    assert differences({"at": now}, {}, clock) == [("missing", "result.at")]
    anything = rule("result.at", "ignore = true")
    assert differences({"at": now}, {}, anything) == []


def test_settings_hold_for_the_subtree_but_lists_are_only_what_their_rule_names() -> None:
    numbers = rule("result.book", 'abs = "1"')
    assert differences({"book": {"a": [{"b": 1}]}}, {"book": {"a": [{"b": 2}]}}, numbers) == []
    order = rule("result.book", 'order = "any"')
    assert differences({"book": [[1, 2]]}, {"book": [[2, 1]]}, order) == [
        ("row-missing", "result.book[0]"),
        ("row-extra", "result.book[0]"),
    ]


@pytest.mark.parametrize(
    ("specific", "general"),
    [
        ("result.a.b", "result.a.*"),
        ("result.a.*", "result.*.*"),
        ("result.a.b", "result.{a,c}.b"),
        ("result.{a,c}.b", "result.*.b"),
        ("result.a.b", "**.b"),
        ("result.a.b", "**.a.b"),
        ("**.b", "result.a"),
        ("**.b", "**"),
        ("result.a", "result"),
        ("result.a", "**"),
        ("result.a.**", "result.**"),
    ],
)
def test_the_nearest_and_then_the_most_specific_path_wins(specific: str, general: str) -> None:
    for first, second in ((specific, general), (general, specific)):
        text = "".join(
            f'[[rule]]\npath = "{path}"\nabs = "{10 if path == specific else 1}"\nreason = "r"\n'
            for path in (first, second)
        )
        assert differences({"a": {"b": 0}}, {"a": {"b": 9}}, rules(text)) == []


def test_settings_are_decided_one_by_one() -> None:
    both = rules(
        '[[rule]]\npath = "**.b"\ntypes = "numeric"\nreason = "a"\n'
        '[[rule]]\npath = "result.a"\nabs = "1"\nreason = "b"\n'
    )
    assert differences({"a": {"b": 1}}, {"a": {"b": 2.0}}, both) == []


def test_what_is_ignored_above_can_be_compared_below() -> None:
    both = rules(
        '[[rule]]\npath = "result.meta"\nignore = true\nreason = "a"\n'
        '[[rule]]\npath = "result.kept"\nabs = "0"\nreason = "b"\n'
    )
    assert differences({"meta": {"x": 1}, "kept": 1}, {"meta": 5, "kept": 2}, both) == [
        ("tolerance-exceeded", "result.kept")
    ]


def test_a_rule_holds_only_in_its_seams() -> None:
    trading = rule("result", 'abs = "1"\nseam = "trading.*"')
    assert compare(returned(1), returned(2), trading, seam="trading.workflow").divergences == ()
    assert compare(returned(1), returned(2), trading, seam="portfolio.analysis").divergences


def test_rules_count_what_they_accepted_and_keep_the_largest_difference() -> None:
    comparison = compared([1.0, 2.0, 3.0], [1.1, 2.3, 3.0], rule("result[*]", 'abs = "1"'))
    (accepted,) = comparison.accepted
    assert (accepted.hits, accepted.largest, accepted.differs) == (2, Decimal("0.3"), True)


def test_only_rules_that_accepted_something_are_told() -> None:
    text = "".join(
        f'[[rule]]\npath = "result.{name}"\nabs = "1"\nreason = "r"\n' for name in ("used", "kept", "mispelt")
    )
    legacy, candidate = {"used": 1, "kept": 1, "misspelt": 1}, {"used": 2, "kept": 1, "misspelt": 1}
    comparison = compared(legacy, candidate, rules(text))
    assert [accepted.rule.path.text for accepted in comparison.accepted] == ["result.used"]


def test_the_digest_is_of_what_rules_say() -> None:
    one, same_rule = rule("result", 'abs = "1"'), rule("result", "# a comment\nabs = '1'")
    assert one.digest == same_rule.digest != rule("result", 'abs = "2"').digest != Rules().digest


def test_effects_may_be_tolerated_renamed_and_keyed() -> None:
    text = (
        '[[rule]]\npath = "effects.broker.submit[*].price"\nabs = "0.1"\nreason = "a"\n'
        '[[rule]]\npath = "effects.broker.submit"\nmatch_by = ["symbol"]\nreason = "b"\n'
        '[[rule]]\npath = "**.client_id"\nsame_as = "bijection"\nreason = "c"\n'
    )
    legacy = [
        effect("broker.submit", "k1", 1, symbol="SPY", price=1.0, client_id="a"),
        effect("broker.submit", "k2", 2, symbol="TLT", price=2.0, client_id="b"),
    ]
    candidate = [
        effect("broker.submit", "k9", 1, symbol="TLT", price=2.1, client_id="x"),
        effect("broker.submit", "k8", 2, symbol="SPY", price=1.0, client_id="y"),
    ]
    comparison = compare(returned(1, *legacy), returned(1, *candidate), rules(text))
    assert found(comparison) == []
    assert {accepted.rule.number: accepted.differs for accepted in comparison.accepted} == {
        1: True,
        2: True,
        3: False,
    }


def test_an_ignored_name_never_hides_a_port_or_method_of_that_name() -> None:
    by_chance = rule("**.{broker,submit}", "ignore = true")
    legacy = returned(1, effect("broker.submit", "SPY", quantity=1, broker="a"))
    candidate = returned(1, effect("broker.submit", "SPY", quantity=2, broker="b"))
    assert found(compare(legacy, candidate, by_chance)) == [
        ("effect-changed", "effects.broker.submit[SPY].quantity")
    ]
    assert found(compare(legacy, returned(1), by_chance)) == [
        ("effect-missing", "effects.broker.submit[SPY]")
    ]


ANY_ORDER_WITHIN = """
[[rule]]
path = 'result'
order = 'any'
reason = 'no order'

[[rule]]
path = 'result[*]'
abs = '0.010'
reason = 'rounding'
"""


@pytest.mark.parametrize(
    ("legacy", "candidate"),
    [
        ([1.000, 1.009], [1.018, 1.009]),
        ([1.000, 1.009, 1.018], [1.027, 1.018, 1.009]),
        ([5.0, 1.000, 1.009], [1.018, 5.0, 1.009]),
    ],
)
def test_rows_in_any_order_are_paired_so_that_the_tolerance_is_kept(
    legacy: list[float], candidate: list[float]
) -> None:
    """Also where a row has an equal one, which another row needs."""
    assert differences(legacy, candidate, rules(ANY_ORDER_WITHIN)) == []
    assert differences(candidate, legacy, rules(ANY_ORDER_WITHIN)) == []


def test_an_equal_row_stays_with_its_like_where_no_pairing_keeps_the_tolerance() -> None:
    assert differences([1.000, 1.009], [1.030, 1.009], rules(ANY_ORDER_WITHIN)) == [
        ("tolerance-exceeded", "result[0]")
    ]


ROWS = [{"symbol": "A", "lot": 1}, {"symbol": "B", "lot": 2}]


@pytest.mark.parametrize("names", ['["symbl"]', '["symbol", "lott"]'])
def test_rows_matched_by_what_no_row_has_are_compared_in_order(names: str) -> None:
    by_name = rule("result", f"match_by = {names}")
    assert differences(ROWS, ROWS[::-1], by_name) == [("order", "result")]
    assert differences(ROWS, ROWS, by_name) == []


@pytest.mark.parametrize("rows", [[["A", 1], ["B", 2]], ["A", "B"], [1, 2], [None, 1], [{"lot": 1}, "B"]])
def test_rows_without_names_are_compared_in_order_whatever_they_are_matched_by(rows: list[object]) -> None:
    by_name = rule("result", 'match_by = ["symbol"]')
    assert differences(rows, rows[::-1], by_name) == [("order", "result")]
    assert differences(rows, rows, by_name) == []


@pytest.mark.parametrize("first", [True, False], ids=["text-before", "text-after"])
def test_an_identifier_is_renamed_inside_longer_texts_as_well(first: bool) -> None:
    ids = rule("**.id", 'same_as = "bijection"')

    def answer(name: str, why: str = "was rejected") -> dict[str, str]:
        said = {"note": f"order {name} {why}; see {name}."}
        return {**said, "id": name} if first else {"id": name, **said}

    assert differences(answer("plan-2011-1.TLT"), answer("plan-replay-1.TLT"), ids) == []
    other = answer("plan-replay-1.TLT", "was filled")
    assert differences(answer("plan-2011-1.TLT"), other, ids) == [("value", "result.note")]
    swapped = {**answer("plan-replay-1.TLT"), "note": answer("plan-replay-2.TLT")["note"]}
    assert differences(answer("plan-2011-1.TLT"), swapped, ids) == [("value", "result.note")]
