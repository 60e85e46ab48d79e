"""From target weights to trades: every symbol is compared, and what is traded follows from its row alone."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.trading.support.values import made_comparison, made_position, made_state
from trading.domain.comparison import AllocationComparison, AllocationRow, compare_allocations
from trading.domain.plan import RebalanceAction, RebalancePlan, plan_rebalance

SYMBOLS = ("AAA", "BBB", "CCC", "DDD", "EEE")
RESERVE = Decimal("0.02")
MINIMUM = Decimal(500)

cents = st.decimals(0, 200_000, places=2)


@st.composite
def comparisons(draw: st.DrawFn) -> AllocationComparison:
    parts = draw(st.dictionaries(st.sampled_from(SYMBOLS), st.integers(0, 200)))
    held = draw(st.dictionaries(st.sampled_from(SYMBOLS), st.tuples(st.integers(1, 900), cents)))
    positions = [made_position(key, str(n), str(price)) for key, (n, price) in sorted(held.items())]
    weights = {key: Decimal(part) / 1000 for key, part in parts.items()}
    return compare_allocations(weights, made_state(str(draw(cents)), *positions), RESERVE)


@st.composite
def plans(draw: st.DrawFn) -> RebalancePlan:
    return plan_rebalance(draw(comparisons()), draw(cents), "plan-1")


def actions(plan: RebalancePlan) -> dict[str, str]:
    return {item.symbol: item.action.value for item in plan.items}


def test_targeted_and_held_symbols_are_compared_in_symbol_order() -> None:
    state = made_state("0", made_position("BBB", "10", "50"), made_position("CCC", "10", "50"))
    compared = compare_allocations({"CCC": Decimal("0.5"), "AAA": Decimal("0.5")}, state, RESERVE)
    assert [row.symbol for row in compared.rows] == ["AAA", "BBB", "CCC"]


def test_the_target_is_a_share_of_the_account_less_the_reserve() -> None:
    state = made_state("9000.00", made_position("AAA", "10", "100"))
    [row] = compare_allocations({"AAA": Decimal("0.25")}, state, RESERVE).rows
    assert row == AllocationRow(
        "AAA", Decimal("0.25"), Decimal("0.1"), Decimal(2450), Decimal(1000), Decimal(1450)
    )


def test_an_empty_account_has_weights_and_targets_of_nothing() -> None:
    [row] = compare_allocations({"AAA": Decimal("0.25")}, made_state("0"), RESERVE).rows
    assert {row.current_weight, row.target_value, row.delta} == {Decimal(0)}


def test_an_account_in_debt_aims_at_nothing_and_sells_what_it_has() -> None:
    state = made_state("-5000.00", made_position("AAA", "10", "100"))
    compared = compare_allocations({"AAA": Decimal("0.5"), "BBB": Decimal("0.5")}, state, RESERVE)
    assert [row.target_value for row in compared.rows] == [Decimal(0), Decimal(0)]
    assert [row.delta for row in compared.rows] == [Decimal(-1000), Decimal(0)]


@given(comparisons())
def test_a_delta_is_what_leads_from_the_current_to_the_target_value(compared: AllocationComparison) -> None:
    assert all(row.current_value + row.delta == row.target_value for row in compared.rows)


@given(comparisons())
def test_current_weights_never_add_up_to_more_than_the_account(compared: AllocationComparison) -> None:
    assert sum(row.current_weight for row in compared.rows) <= 1


def test_a_trade_below_the_minimum_is_held() -> None:
    compared = made_comparison({"AAA": ("0.1", "1499.99", "1000"), "BBB": ("0.1", "1500", "1000")})
    assert actions(plan_rebalance(compared, MINIMUM, "p")) == {"AAA": "HOLD", "BBB": "BUY"}


def test_a_position_that_is_not_targeted_is_sold_whole_however_small() -> None:
    plan = plan_rebalance(made_comparison({"AAA": ("0", "0", "3.00")}), MINIMUM, "p")
    [item] = plan.trades
    assert item.trade_amount == Decimal(-3)
    assert item.sells_whole_position


def test_a_position_that_is_only_made_smaller_is_not_sold_whole() -> None:
    [item] = plan_rebalance(made_comparison({"AAA": ("0.1", "1000", "9000")}), MINIMUM, "p").trades
    assert (item.action, item.sells_whole_position) == (RebalanceAction.SELL, False)


def test_nothing_to_trade_is_a_plan_without_trades() -> None:
    plan = plan_rebalance(made_comparison({"AAA": ("0.1", "1000", "1000")}), Decimal(0), "p")
    assert plan.trades == ()
    assert actions(plan) == {"AAA": "HOLD"}


def test_sells_come_before_buys_and_larger_before_smaller() -> None:
    compared = made_comparison(
        {
            "AAA": ("0.1", "3000", "1000"),
            "BBB": ("0.1", "1000", "2000"),
            "CCC": ("0.1", "9000", "1000"),
            "DDD": ("0", "0", "5000"),
        }
    )
    plan = plan_rebalance(compared, MINIMUM, "p")
    assert [item.symbol for item in plan.trades] == ["DDD", "BBB", "CCC", "AAA"]


def test_equal_trades_are_ranked_by_symbol() -> None:
    compared = made_comparison({"BBB": ("0.1", "2000", "0"), "AAA": ("0.1", "2000", "0")})
    assert [item.symbol for item in plan_rebalance(compared, MINIMUM, "p").trades] == ["AAA", "BBB"]


def test_a_held_symbol_trades_nothing() -> None:
    [item] = plan_rebalance(made_comparison({"AAA": ("0.1", "1400", "1000")}), MINIMUM, "p").items
    assert item.trade_amount == 0


@given(plans())
def test_priorities_count_every_item_once_by_size(plan: RebalancePlan) -> None:
    ranked = sorted(plan.items, key=lambda item: item.priority)
    sizes = [abs(item.target_value - item.current_value) for item in ranked]
    assert [item.priority for item in ranked] == list(range(1, len(plan.items) + 1))
    assert sizes == sorted(sizes, reverse=True)


@given(plans())
def test_every_order_of_a_plan_has_a_name_of_its_own(plan: RebalancePlan) -> None:
    names = [plan.client_order_id(item) for item in plan.trades]
    assert len(set(names)) == len(names)


@given(plans())
def test_a_buy_has_a_positive_amount_and_a_sell_a_negative_one(plan: RebalancePlan) -> None:
    assert all((item.trade_amount > 0) == (item.action is RebalanceAction.BUY) for item in plan.trades)


@given(comparisons())
def test_after_trading_all_of_it_there_is_nothing_left_to_trade(compared: AllocationComparison) -> None:
    traded = made_comparison(
        {
            row.symbol: (str(row.target_weight), str(row.target_value), str(row.target_value))
            for row in compared.rows
        }
    )
    assert plan_rebalance(traded, Decimal(0), "p").trades == ()
