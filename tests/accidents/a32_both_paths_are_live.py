"""Both paths are live, and on any exception the whole order workflow is called a second time.

The legacy run announced its plan on the bus on which the new handlers listened, and both submitted it. Around
all of it stood a retry for "temporary problems", which knew nothing of what had been ordered.
"""

from dataclasses import replace

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import COMPARE, Accident, Place
from trading.broker.port import read_state
from trading.domain.plan import RebalancePlan
from trading.events.bus.bus import EventBus
from trading.events.bus.handling import Handling
from trading.events.messages.rebalance import RebalancePlanned
from trading.execution.executor import PlanExecutor
from trading.legacy.trading_orchestrator import TradingOrchestrator
from trading.results import ResultDict

execute, run = TradingOrchestrator._execute, TradingOrchestrator._run


def announce_and_execute(self: TradingOrchestrator, plan: RebalancePlan) -> ResultDict:
    services = self.container.services
    bus = EventBus(clock=services.clock, ids=services.ids)
    executor = PlanExecutor(services.broker, services.clock, self.settings.execution_policy())

    def handle(event: RebalancePlanned, _handling: Handling) -> None:
        executor.execute(replace(event.plan, plan_id=f"plan-{event.event_id}"), resuming=False)

    bus.subscribe(RebalancePlanned, handle, name="execution")
    bus.emit(
        RebalancePlanned,
        source_module=__name__,
        source_component="TradingOrchestrator",
        plan=plan,
        portfolio_state=read_state(services.broker),
    )
    return execute(self, plan)


def run_twice(self: TradingOrchestrator) -> ResultDict | None:
    try:
        return run(self)
    except Exception:  # noqa: BLE001  so it stood there
        return run(self)


def plant(patch: pytest.MonkeyPatch) -> None:
    """The old orchestrator's plan reaches a handler that trades, and its run is repeated when it raises."""
    patch.setattr(TradingOrchestrator, "_execute", announce_and_execute)
    patch.setattr(TradingOrchestrator, "_run", run_twice)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [
        Place("trading.workflow", "effects.broker.submit_order[*]", Kind.EFFECT_CHANGED),
        Place("trading.workflow", "effects.broker.submit_order[*]", Kind.EFFECT_MISSING),
    ],
    command=(*COMPARE, "--world", "copy"),
)
