"""Phase 4: the entry points, paired with the same on events; what is shown is part of what is compared."""

from collections.abc import Callable
from typing import Any

from changeover import fresh
from changeover.migration import Migration
from changeover.record.declared_buses import DeclaredBus
from trading.compat.entry_points import EventContainer
from trading.compat.owners import Owners
from trading.compat.parts import Parts
from trading.compat.replayed import ReplayedDisplay, replayed_services
from trading.events.journal.memory import MemoryJournal
from trading.handlers.entry_points import EventEntryPoints
from trading.legacy.trading_system import TradingSystem


def add_seams(migration: Migration, parts: Parts, events: DeclaredBus) -> None:
    """The two seams of the phase."""
    for seam, method in (
        ("entry.analyze-signals", "analyze_signals"),
        ("entry.execute-trading", "execute_trading"),
    ):
        migration.wrap(
            TradingSystem,
            method,
            name=seam,
            candidate=_on_events(method, parts, events),
            key=_account_of,
            owner=Owners(parts).trading_system,
            shared_self=True,
        )


def _on_events(method: str, parts: Parts, events: DeclaredBus) -> Any:
    def answering(system: TradingSystem, *args: Any, **kwargs: Any) -> bool:
        container = system.container
        if not isinstance(container, EventContainer):
            raise TypeError("the event-driven path answers only where the container has a bus")
        bus = events.watch(container.bus)
        entry_points = EventEntryPoints(system.settings, container.services, system.display, bus)
        return bool(getattr(entry_points, method)(*args, **kwargs))

    def build(ports: Any, system: TradingSystem) -> Callable[..., bool]:
        services = replayed_services(system.container.services, ports)
        bus = events.watch(parts.build_bus(services, system.settings, MemoryJournal()))
        display = ReplayedDisplay(ports.display)
        entry_points = EventEntryPoints(system.settings, services, display, bus)

        def replayed(_system: TradingSystem, *args: Any, **kwargs: Any) -> bool:
            return bool(getattr(entry_points, method)(*args, **kwargs))

        return replayed

    return fresh(build, answering=answering)


def _account_of(system: TradingSystem, *_: object, **__: object) -> str:
    return system.settings.paper.account_id
