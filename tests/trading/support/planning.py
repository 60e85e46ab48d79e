"""Plans for one account, with as few words as possible."""

from collections.abc import Mapping
from decimal import Decimal

from tests.trading.support.fakes import state_of
from trading.broker.paper import PaperBroker
from trading.broker.port import Broker
from trading.clock import Clock
from trading.domain.comparison import compare_allocations
from trading.domain.execution import ExecutionResult
from trading.domain.plan import RebalancePlan, plan_rebalance
from trading.execution.executor import PlanExecutor
from trading.execution.orders import ExecutionPolicy

PLAN = "plan-1"
POLICY = ExecutionPolicy()


def plan_for(
    broker: Broker, targets: Mapping[str, str], *, reserve: str = "0", minimum: str = "0"
) -> RebalancePlan:
    """The plan from where the account stands to these weights."""
    weights = {symbol: Decimal(weight) for symbol, weight in targets.items()}
    compared = compare_allocations(weights, state_of(broker), Decimal(reserve))
    return plan_rebalance(compared, Decimal(minimum), PLAN)


def execute(
    broker: Broker,
    clock: Clock,
    plan: RebalancePlan,
    policy: ExecutionPolicy = POLICY,
    *,
    resuming: bool = False,
) -> ExecutionResult:
    return PlanExecutor(broker, clock, policy).execute(plan, resuming=resuming)


def fates(result: ExecutionResult) -> dict[str, str]:
    """By side and symbol, in the order in which they were tried."""
    return {f"{outcome.side} {outcome.symbol}": outcome.fate.value for outcome in result.outcomes}


def holdings(broker: Broker) -> dict[str, str]:
    return {held.symbol: str(held.quantity) for held in broker.positions()}


def order_names(broker: PaperBroker) -> list[str]:
    return [order.client_order_id for order in broker.orders()]
