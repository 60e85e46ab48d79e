"""Trading runs in whose middle somebody flips stages: before the n-th step, or after the last one.

A step is a call of a port for real, at whichever port. Every call is noted with the orchestration that made
it, which the calling modules tell: a run that mixed the two would show it.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from changeover.record.context import SESSION
from changeover.rollout.flags_file import flags_content
from changeover.values.stage import Setting, Stage
from tests.trading.support.desks import SMALL_STRATEGIES, made_prices, weekdays
from tests.trading.support.fakes import BrokerThrough
from trading import composition
from trading.composition import TradingPath, build_bus, compose_migration, front_door
from trading.desk import Desk
from trading.events.messages.envelope import BaseEvent
from trading.market.calendar import session_time
from trading.notify.notifiers import MemoryNotifier
from trading.run_guard import RunGuard
from trading.services import Services
from trading.settings import Settings

MIGRATION = compose_migration()

PHASES = ("portfolio", "trading", "entry-points")
ACCOUNT = "account-29"  # in the bucket of every phase at 50 %, and of none at 10 %
STATES = {
    "off": Setting(Stage.OFF),
    "shadow": Setting(Stage.SHADOW),
    "ramp-out": Setting(Stage.RAMP, 10),
    "ramp-in": Setting(Stage.RAMP, 50),
    "live": Setting(Stage.LIVE),
    "complete": Setting(Stage.COMPLETE),
}
KILLED = "killed"
DAYS = weekdays(30)
FIRST, SECOND = DAYS[10], DAYS[11]
PRICES = made_prices(
    {
        symbol: [Decimal(100 + (day * (step + 2) + day * day * step) % 11) for day in range(30)]
        for step, symbol in enumerate(("AAA", "BBB", "CCC"))
    }
)
SETTINGS = Settings.model_validate({"strategies": SMALL_STRATEGIES, "paper": {"account_id": ACCOUNT}})
_HOMES = {"trading.legacy": "legacy", "trading.handlers": "events", "trading.compat.portfolio": "events"}


@dataclass(frozen=True)
class Standing:
    """How all phases stand, by the names in STATES; `killed` is with the kill switch on."""

    states: tuple[str, str, str]
    killed: bool = False

    def __str__(self) -> str:
        return KILLED if self.killed else "/".join(dict.fromkeys(self.states))


def all_at(state: str) -> Standing:
    return Standing(("live",) * 3, killed=True) if state == KILLED else Standing((state,) * 3)


class Switchboard:
    """Sets the stages of the next run, in a flags file as `changeover flip` writes it."""

    def __init__(self, folder: Path, environment: pytest.MonkeyPatch) -> None:
        self._file = folder / "flags.json"
        self._environment = environment
        self._revision = 0
        environment.setenv("CHANGEOVER_FLAGS", str(self._file))

    def stand(self, standing: Standing) -> None:
        self._revision += 1
        settings = {phase: STATES[state] for phase, state in zip(PHASES, standing.states, strict=True)}
        self._file.write_text(json.dumps(flags_content(settings, revision=self._revision)))
        self._environment.setenv("CHANGEOVER_KILL", "1" if standing.killed else "0")
        MIGRATION.look_again()


@dataclass(frozen=True)
class Trace:
    """What one run left behind: its calls with who made them, events on the desk's bus, orders, messages."""

    calls: tuple[tuple[str, str], ...]
    events: tuple[str, ...]
    orders: tuple[tuple[str, str, Decimal, str], ...]
    named: tuple[str, ...]
    subjects: tuple[str, ...]

    @property
    def paths(self) -> set[str]:
        """The orchestrations that called a port."""
        return {path for path, _ in self.calls}

    @property
    def essence(self) -> tuple[object, ...]:
        """Which path ran, and what it did under which names."""
        return self.paths, self.named, self.did

    @property
    def did(self) -> tuple[tuple[object, ...], ...]:
        """What is the same whichever path ran."""
        return self.orders, self.subjects


@dataclass
class Steps:
    """Counts the calls of ports for real, and flips before one of them."""

    flip_at: int | None = None
    flip: Any = None
    calls: list[tuple[str, str]] = field(default_factory=list)

    def step(self, call: str) -> None:
        session = SESSION.get()
        if session is not None and session.replaying:
            return  # a shadowed path, asking its tape
        self.calls.append((_orchestration(), call))
        if self.flip_at == len(self.calls):
            self.flip()


def _orchestration() -> str:
    """Whose modules are on the stack; both at once is a path inside the other."""
    found: set[str] = set()
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        found.update(path for module, path in _HOMES.items() if name.startswith(module))
        frame = frame.f_back
    return "+".join(sorted(found))


class SteppingBroker(BrokerThrough):
    def __init__(self, inner: Any, steps: Steps) -> None:
        super().__init__(inner)
        self._steps = steps

    def before(self, call: str) -> None:
        self._steps.step(f"broker.{call.split()[0]}")


class Stepping:
    """Any other port: every method is a step."""

    def __init__(self, port: str, inner: Any, steps: Steps) -> None:
        self._port, self._inner, self._steps = port, inner, steps

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._steps.step(f"{self._port}.{name}")
            return method(*args, **kwargs)

        return call


class Quiet:
    """A display whose calls are steps too."""

    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def show_signals(self, results: Mapping[str, Any]) -> None:
        self._steps.step("display.show_signals")

    def show_trading(self, results: Mapping[str, Any]) -> None:
        self._steps.step("display.show_trading")

    def show_failure(self, message: str) -> None:
        self._steps.step("display.show_failure")


@contextmanager
def open_desk(account: Path | None, steps: Steps, notifier: MemoryNotifier) -> Iterator[Desk]:
    """A desk whose ports take steps."""
    desk = composition.open_desk(
        SETTINGS, PRICES, account=account, now=session_time(FIRST), notifier=notifier
    )
    services = Services(
        Stepping("market", desk.services.market, steps),
        SteppingBroker(desk.services.broker, steps),
        Stepping("notifier", desk.services.notifier, steps),
        Stepping("clock", desk.services.clock, steps),
        desk.services.ids,
        desk.services.strategies,
    )
    guard = RunGuard(desk.journal, desk.broker, desk.clock, ACCOUNT)
    stepping = replace(desk, services=services, bus=build_bus(services, SETTINGS, desk.journal), guard=guard)
    with desk:
        yield stepping


def two_sessions(board: Switchboard, before: Standing, after: Standing, flip_at: int | None) -> list[Trace]:
    """Two sessions on one account; the flip comes before step `flip_at` of the first, None: after it."""
    steps, notifier = Steps(), MemoryNotifier()
    traces: list[Trace] = []
    board.stand(before)
    with open_desk(None, steps, notifier) as desk:
        events: list[BaseEvent] = []
        desk.bus.observe(events.append)
        for session in (FIRST, SECOND):
            steps.calls.clear()
            if session == FIRST:
                steps.flip_at, steps.flip = flip_at, lambda: board.stand(after)
            else:
                steps.flip_at = None
                if flip_at is None:
                    board.stand(after)
                desk.clock.advance_to(session_time(session))
            seen, sent, told = len(desk.broker.orders()), len(notifier.sent), len(events)
            # The door is what is called from outside: what it asks itself is no step of a path.
            front_door(desk, TradingPath.FLAGS, Quiet(steps)).execute_trading()
            orders = desk.broker.orders()[seen:]
            traces.append(
                Trace(
                    tuple(steps.calls),
                    tuple(event.event_type for event in events[told:]),
                    tuple((o.symbol, o.side.value, o.quantity, o.status.value) for o in orders),
                    tuple(order.client_order_id for order in orders),
                    tuple(message.subject for message in notifier.sent[sent:]),
                )
            )
    return traces
