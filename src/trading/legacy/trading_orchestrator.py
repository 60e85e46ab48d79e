"""A trading run, the old way: one method calls the next, and the result is a dictionary."""

from datetime import date

import structlog

from trading import wording
from trading.broker.port import BrokerError
from trading.domain.plan import RebalancePlan
from trading.domain.portfolio import ConsolidatedPortfolio
from trading.execution.executor import PlanExecutor
from trading.legacy.container import Container
from trading.market.calendar import session_date
from trading.notify.message import failure, market_closed, trading_report
from trading.notify.port import Notification, NotificationFailed
from trading.results import (
    NO_ACCOUNT_DATA,
    ResultDict,
    comparison_dict,
    empty_results,
    execution_dict,
    orders_list,
    portfolio_dict,
    signals_dict,
)
from trading.settings import Settings

log = structlog.get_logger(__name__)


class TradingOrchestrator:
    """Runs the day: market hours, signals, quality, account, comparison, plan, execution, notification."""

    def __init__(
        self, settings: Settings, container: Container, *, ignore_market_hours: bool = False
    ) -> None:
        self.settings = settings
        self.container = container
        self.ignore_market_hours = ignore_market_hours
        self._signals = container.signal_orchestrator(container.services, container.announce)
        self._portfolio = container.portfolio_orchestrator(container.services, settings)
        self._executor = PlanExecutor(
            self.container.services.broker, self.container.services.clock, settings.execution_policy()
        )

    def check_market_hours(self) -> bool:
        """Whether orders would be taken now; raises BrokerError where the broker cannot be asked."""
        return self.ignore_market_hours or self.container.services.broker.is_market_open()

    def execute_strategy_signals(self) -> ResultDict | None:
        """Signals and analysis only: nothing is planned, nothing is ordered; None where a defect ended it."""
        try:
            results, portfolio = self._analyse()
        except Exception:
            log.exception("signal_run_crashed")
            return None
        if portfolio is not None:
            results |= {"success": True, "message": wording.SIGNALS_ANALYSED}
        return results

    def execute_strategy_signals_with_trading(self) -> ResultDict | None:
        """Signals, analysis, plan and execution, without a look at the market's hours."""
        results, portfolio = self._analyse()
        if portfolio is None:
            return results
        plan = self._portfolio.generate_rebalancing_plan(portfolio.target_allocations)
        if plan is None:
            return results | {"message": wording.PLAN_UNAVAILABLE}
        if not plan.trades:
            return results | {"success": True, "message": wording.NOTHING_TO_TRADE}
        return results | self._execute(plan)

    def execute_trading_workflow(self) -> bool:
        """The whole run; True if what was planned happened."""
        results = self.execute_trading_workflow_with_details()
        return results is not None and bool(results["success"])

    def execute_trading_workflow_with_details(self) -> ResultDict | None:
        """The whole run with one notification at its end; None where a defect ended it early."""
        try:
            return self._run()
        except Exception as error:
            log.exception("trading_run_crashed")
            self._notify(failure(self._today(), wording.crashed(error)))
            return None

    def _run(self) -> ResultDict | None:
        try:
            market_is_open = self.check_market_hours()
        except BrokerError as error:
            log.warning("market_hours_unknown", error=str(error))
            self._notify(failure(self._today(), wording.BROKER_UNREACHABLE))
            return empty_results(success=False, message=wording.BROKER_UNREACHABLE)
        if not market_is_open:
            self._notify(market_closed(self._today()))
            return empty_results(success=True, message=wording.MARKET_CLOSED)
        results = self.execute_strategy_signals_with_trading()
        if results is not None:
            self._notify(trading_report(self._today(), results))
        return results

    def _analyse(self) -> tuple[ResultDict, ConsolidatedPortfolio | None]:
        """Results as far as the analysis came, and the portfolio to plan for, if there may be a plan."""
        strategy_signals, portfolio = self._signals.generate_signals()
        results = empty_results(success=False, message="") | {
            "strategy_signals": signals_dict(strategy_signals),
            "consolidated_portfolio": portfolio_dict(portfolio),
        }
        quality = self._signals.validate_signal_quality(strategy_signals, portfolio)
        if not quality.acceptable:
            return results | {"message": wording.signals_refused(quality)}, None
        account_data = self._portfolio.get_comprehensive_account_data()
        if account_data is None:
            return results | {"message": wording.ACCOUNT_UNAVAILABLE}, None
        results |= account_data
        comparison = self._portfolio.analyze_allocation_comparison(portfolio)
        if comparison is None:
            return results | {"message": wording.COMPARISON_UNAVAILABLE}, None
        return results | {"allocation_comparison": comparison_dict(comparison)}, portfolio

    def _execute(self, plan: RebalancePlan) -> ResultDict:
        execution = self._executor.execute(plan, resuming=False)
        account_after = self._portfolio.get_comprehensive_account_data()
        return (NO_ACCOUNT_DATA if account_after is None else account_after) | {
            "orders_executed": orders_list(execution),
            "execution_result": execution_dict(execution),
            "success": execution.success,
            "message": wording.traded(execution),
        }

    def _notify(self, notification: Notification) -> None:
        try:
            self.container.services.notifier.send(notification)
        except NotificationFailed as error:
            log.error("notification_failed", error=str(error))  # the run itself stands as it ended

    def _today(self) -> date:
        return session_date(self.container.services.clock.now())
