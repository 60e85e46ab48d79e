"""Phase 3: the trading orchestrator's runs, paired with the workflow on events."""

from collections.abc import Callable
from typing import Any

from changeover import fresh
from changeover.migration import Migration
from changeover.record.declared_buses import DeclaredBus
from trading.compat.entry_points import EventContainer
from trading.compat.owners import Owners
from trading.compat.parts import Parts
from trading.compat.replayed import replayed_services
from trading.display import NoDisplay
from trading.events.journal.memory import MemoryJournal
from trading.events.messages.workflow import WorkflowMode
from trading.handlers.entry_points import EventEntryPoints
from trading.legacy.trading_orchestrator import TradingOrchestrator
from trading.results import ResultDict


def add_seams(migration: Migration, parts: Parts, events: DeclaredBus) -> None:
    """The two seams of the phase: signals and analysis only, and the whole run."""
    for seam, method, mode in (
        ("trading.signals", "execute_strategy_signals", WorkflowMode.SIGNAL_ONLY),
        ("trading.workflow", "execute_trading_workflow_with_details", WorkflowMode.FULL_TRADING),
    ):
        migration.wrap(
            TradingOrchestrator,
            method,
            name=seam,
            candidate=_workflow(mode, parts, events),
            key=_account_of,
            owner=Owners(parts).trading_orchestrator,
            shared_self=True,
        )


def _workflow(mode: WorkflowMode, parts: Parts, events: DeclaredBus) -> Any:
    def answering(orchestrator: TradingOrchestrator) -> ResultDict:
        container = orchestrator.container
        if not isinstance(container, EventContainer):
            raise TypeError("the event-driven path answers only where the container has a bus")
        bus = events.watch(container.bus)
        entry_points = EventEntryPoints(orchestrator.settings, container.services, NoDisplay(), bus)
        return entry_points.run(mode, ignore_market_hours=orchestrator.ignore_market_hours)

    def build(ports: Any, system: TradingOrchestrator) -> Callable[[TradingOrchestrator], ResultDict]:
        services = replayed_services(system.container.services, ports)
        bus = events.watch(parts.build_bus(services, system.settings, MemoryJournal()))
        entry_points = EventEntryPoints(system.settings, services, NoDisplay(), bus)

        def replayed(orchestrator: TradingOrchestrator) -> ResultDict:
            return entry_points.run(mode, ignore_market_hours=orchestrator.ignore_market_hours)

        return replayed

    return fresh(build, answering=answering)


def _account_of(orchestrator: TradingOrchestrator) -> str:
    return orchestrator.settings.paper.account_id
