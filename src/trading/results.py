"""Parts of the result dictionary of the old interface, as its display wants them: numbers are floats."""

from collections.abc import Sequence
from typing import Any

from trading.domain.account import PortfolioState
from trading.domain.comparison import AllocationComparison
from trading.domain.execution import ExecutionResult
from trading.domain.order import Order
from trading.domain.portfolio import ConsolidatedPortfolio
from trading.domain.signal import StrategySignals

ResultDict = dict[str, Any]


def signals_dict(strategy_signals: Sequence[StrategySignals]) -> ResultDict:
    """Per strategy its weight, its signals by symbol, and why it gave none."""
    return {
        each.strategy: {
            "weight": float(each.weight),
            "failure": each.failure,
            "signals": {
                signal.symbol: {
                    "action": signal.action.value,
                    "target_weight": float(signal.target_weight),
                    "reason": signal.reason,
                }
                for signal in each.signals
            },
        }
        for each in strategy_signals
    }


def portfolio_dict(portfolio: ConsolidatedPortfolio) -> ResultDict:
    """Target weights and cash, fractions of 1, and what the strategies disagreed about."""
    return {
        "target_allocations": {
            symbol: float(weight) for symbol, weight in portfolio.target_allocations.items()
        },
        "cash_weight": float(portfolio.cash_weight),
        "conflicts": [
            {"symbol": conflict.symbol, "buyers": list(conflict.buyers), "sellers": list(conflict.sellers)}
            for conflict in portfolio.conflicts
        ],
    }


def account_dict(state: PortfolioState) -> ResultDict:
    """Money of the account."""
    account = state.account
    return {
        "account_id": account.account_id,
        "portfolio_value": float(account.portfolio_value),
        "cash": float(account.cash),
        "buying_power": float(account.buying_power),
        "equity": float(account.equity),
    }


def positions_dict(state: PortfolioState) -> ResultDict:
    """Holdings by symbol."""
    return {
        held.symbol: {
            "quantity": float(held.quantity),
            "average_entry_price": float(held.average_entry_price),
            "current_price": float(held.current_price),
            "market_value": float(held.market_value),
            "unrealised_pl": float(held.unrealised_pl),
        }
        for held in state.positions
    }


def open_orders_list(orders: Sequence[Order]) -> list[ResultDict]:
    """Orders that can still fill, oldest first."""
    return [
        {
            "order_id": order.order_id,
            "client_order_id": order.client_order_id,
            "symbol": order.symbol,
            "side": order.side.value,
            "quantity": float(order.quantity),
            "filled_quantity": float(order.filled_quantity),
            "status": order.status.value,
        }
        for order in orders
    ]


def account_data_dict(state: PortfolioState) -> ResultDict:
    """The three parts that are read together."""
    return {
        "account_info": account_dict(state),
        "current_positions": positions_dict(state),
        "open_orders": open_orders_list(state.open_orders),
    }


def portfolio_state_dict(state: PortfolioState) -> ResultDict:
    """How the account is invested: weights by symbol, the largest holding, cash; fractions of 1."""
    value = state.account.portfolio_value
    weights = {held.symbol: float(held.market_value / value) for held in state.positions} if value else {}
    return {
        "portfolio_value": float(value),
        "cash": float(state.account.cash),
        "cash_weight": float(state.account.cash / value) if value else 0.0,
        "weights": weights,
        "largest_position": max(weights, key=lambda symbol: weights[symbol], default=None),
        "open_orders": len(state.open_orders),
    }


NO_ACCOUNT_DATA: ResultDict = {"account_info": {}, "current_positions": {}, "open_orders": []}


def comparison_dict(comparison: AllocationComparison) -> ResultDict:
    """Target against current allocation by symbol."""
    return {
        row.symbol: {
            "target_weight": float(row.target_weight),
            "current_weight": float(row.current_weight),
            "target_value": float(row.target_value),
            "current_value": float(row.current_value),
            "delta": float(row.delta),
        }
        for row in comparison.rows
    }


def orders_list(execution: ExecutionResult) -> list[ResultDict]:
    """Every planned trade with its fate, in the order in which they were tried."""
    return [
        {
            "symbol": outcome.symbol,
            "side": outcome.side.value,
            "client_order_id": outcome.client_order_id,
            "order_id": outcome.order_id,
            "trade_amount": float(outcome.trade_amount),
            "wanted_quantity": float(outcome.wanted_quantity),
            "asked_quantity": float(outcome.asked_quantity),
            "filled_quantity": float(outcome.filled_quantity),
            "average_price": None if outcome.average_price is None else float(outcome.average_price),
            "fate": outcome.fate.value,
            "detail": outcome.detail,
        }
        for outcome in execution.outcomes
    ]


def execution_dict(execution: ExecutionResult) -> ResultDict:
    """The plan's outcome in one line of figures."""
    return {
        "plan_id": execution.plan_id,
        "success": execution.success,
        "trades": len(execution.outcomes),
        "as_wanted": len(execution.outcomes) - len(execution.failures),
        "failures": [f"{outcome.side} {outcome.symbol}: {outcome.fate}" for outcome in execution.failures],
    }


def empty_results(*, success: bool, message: str) -> ResultDict:
    """The dictionary with every key and nothing in it: what is not reached stays so."""
    return {
        "strategy_signals": {},
        "consolidated_portfolio": {},
        "account_info": {},
        "current_positions": {},
        "allocation_comparison": {},
        "orders_executed": [],
        "execution_result": None,
        "open_orders": [],
        "success": success,
        "message": message,
    }
