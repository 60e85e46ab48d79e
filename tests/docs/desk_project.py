"""A small project on which every example of the manual runs: the names in the examples are its names."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import invalidate_caches
from io import StringIO
from pathlib import Path
from shutil import copytree
from unittest.mock import patch

from changeover.cli.main import main

FILES = {
    "pyproject.toml": '[tool.changeover]\napp = "desk.compat:migration"\n',
    "desk/__init__.py": '"""A desk that plans and sends orders."""\n',
    "desk/broker.py": '''\
"""In real life a client that talks to a broker's server."""


class Broker:
    def positions(self, day):
        number = int(day[-2:])
        return {"SPY": number, "TLT": 40 - number}

    def submit_order(self, order):
        return f"order for {order[0]}"

    def cancel_order(self, order_id):
        return None


broker = Broker()
''',
    "desk/legacy.py": '''\
"""The old paths."""

from desk.broker import broker


def rebalance(day):
    held = broker.positions(day)
    return {"day": day, "orders": [(symbol, 20 - count) for symbol, count in held.items()]}


def trade(day):
    return [broker.submit_order(order) for order in rebalance(day)["orders"]]
''',
    "desk/handlers.py": '''\
"""The new paths: the orders of a day are events on a bus."""

import os

from changeover import BusEvent


class Bus:
    """Delivers in the order of publishing, or as its watcher says."""

    def __init__(self):
        self.handlers, self.waiting, self.watcher = {}, [], None

    def watch(self, watcher):
        self.watcher = watcher

    def publish(self, event):
        self.watcher.published(event)
        self.waiting += [(event, name) for name, (kind, _) in self.handlers.items() if kind == event.type]

    def run(self):
        while self.waiting:
            place = self.watcher.turn(self.waiting).place if self.watcher.schedules else 0
            event, name = self.waiting.pop(place)
            self.watcher.delivered(event, name)
            self.handlers[name][1](event)
            self.watcher.handled(event, name)


class Desk:
    def __init__(self, broker, bus):
        self.broker, self.bus, self.sent = broker, bus, []
        bus.handlers = {"desk.plan": ("DayBegan", self.plan), "desk.send": ("OrderWanted", self.send)}

    def plan(self, event):
        planned = rebalance_with(self.broker, event.content["day"])["orders"]
        for number, order in enumerate(planned):
            body = {"order": order}
            self.bus.publish(
                BusEvent(f"order-{number}", "OrderWanted", event.correlation_id, event.id, body)
            )

    def send(self, event):
        self.sent.append(self.broker.submit_order(event.content["order"]))

    def trade(self, day):
        self.bus.publish(BusEvent("day", "DayBegan", day, None, {"day": day}))
        self.bus.run()
        return sorted(self.sent)


def rebalance_with(broker, day):
    held = broker.positions(day)
    rest = 1 if os.environ.get("DESK_PLANTED") and held["SPY"] > 15 else 0
    return {"day": day, "orders": [(symbol, 20 - count + rest) for symbol, count in held.items()]}
''',
    "desk/compat.py": '''\
"""Both paths together."""

from pathlib import Path

from changeover import Case, Migration, fresh
from desk import handlers, legacy
from desk.broker import Broker, broker

migration = Migration.load(Path(__file__).parents[1] / "migration")
migration.port(
    "broker",
    Broker,
    effects={"submit_order": lambda order: order[0], "cancel_order": str},
    reads={"positions"},
    order="any",
)
orders = migration.bus("orders")
rebalance = migration.seam(
    "portfolio.rebalance", legacy=legacy.rebalance, candidate=lambda day: handlers.rebalance_with(broker, day)
)


def path_on_events(ports):
    return lambda day: handlers.Desk(ports.broker, orders.watch(handlers.Bus())).trade(day)


trade = migration.seam("trading.workflow", legacy=legacy.trade, candidate=fresh(path_on_events))


def cases(days):
    for day in days:
        yield Case(day, lambda day=day: (rebalance(day), trade(day)))


@migration.source("history", population="recorded", count=lambda options: 9)
def history(options):
    return cases(f"2011-08-{number:02}" for number in range(9, 18))


@migration.source("stress", population="generated", count=lambda options: 4)
def stress(options):
    return cases(f"stress-{number:02}" for number in (1, 19, 20, 39))
''',
    "migration/phases.toml": """\
[migration]
name = "desk-on-events"
legacy = ["desk.legacy"]
code = ["desk"]

[migration.removal]
delete = ["desk/legacy.py", "desk/compat.py", "migration"]
check = ["python -c 'import desk.handlers'"]

[[phase]]
name = "portfolio"
seams = ["portfolio.rebalance"]

[phase.gate.live]
production = { not_asked = "this desk has no production" }
own_time_p95_ratio_max = { not_asked = "both take microseconds" }
blind_spots = "any"

[[phase]]
name = "trading"
seams = ["trading.workflow"]
""",
    "migration/rules.toml": "[defaults]\ntypes = 'strict'\n",
    "old.jsonl": '{"symbol": "SPY", "n": 1}\n',
    "new.jsonl": '{"symbol": "SPY", "n": 1}\n',
}
CLUSTERS = ("09ad52", "e41b7c")
"""What the examples call clusters; those of the project get other identifiers."""


@dataclass
class Desk:
    """The project in a folder; `meant` says what stands in it for names in the examples."""

    root: Path
    meant: dict[str, str] = field(default_factory=dict)

    def file(self, name: str) -> Path:
        return self.root / name

    def run(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of a command, which runs in this process."""
        out, err = StringIO(), StringIO()
        with (
            self.inside(**environment),
            redirect_stdout(out),
            redirect_stderr(err),
            patch.object(sys, "argv", ["changeover", *arguments]),
        ):
            try:
                main()
            except SystemExit as end:
                code = end.code
        assert isinstance(code, int)
        return code, out.getvalue(), err.getvalue()

    @contextmanager
    def inside(self, **environment: str) -> Iterator[None]:
        """This process as one that begins in the project: its folder and environment, none of its modules."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CHANGEOVER_")}
        with (
            chdir(self.root),
            patch.dict(os.environ, {**kept, **environment}, clear=True),
            patch.object(sys, "path", [str(self.root), *sys.path]),
        ):
            invalidate_caches()
            try:
                yield
            finally:
                for name in [name for name in sys.modules if name.partition(".")[0] == "desk"]:
                    del sys.modules[name]

    def spelled(self, text: str) -> str:
        """An example in the names of this project."""
        for shown, name in self.meant.items():
            text = text.replace(shown, name)
        return text


def desk_in(folder: Path) -> Desk:
    """The project, compared: one source found a fault that was planted, and is clean since."""
    desk = Desk(folder)
    for name, text in FILES.items():
        desk.file(name).parent.mkdir(parents=True, exist_ok=True)
        desk.file(name).write_text(text, encoding="utf-8")
    code, out, err = desk.run("compare", "--source", "stress", "--format", "json", DESK_PLANTED="1")
    assert code == 1, err
    [found] = json.loads(out)["comparisons"]
    waivable = next(one["id"] for one in found["clusters"] if one["seam"] == "portfolio.rebalance")
    for source in ("stress", "history"):
        assert desk.run("compare", "--source", source)[0] == 0
    for name in ("one", "two"):
        copytree(desk.file(".changeover"), desk.file(f"srv/{name}"))
    desk.meant = {
        **dict.fromkeys(CLUSTERS, waivable),
        "/srv/": f"{desk.file('srv')}/",
        "2027-01-31": (datetime.now(UTC) + timedelta(days=60)).date().isoformat(),
        "10_000": "100",
        "127.0.0.1:8470 --for 8h": "127.0.0.1:0 --for 0.1s",
        '"127.0.0.1:8470", seconds=8 * 3600': '"127.0.0.1:0", seconds=0.1',
        "10000": "100",  # schedules, of which the project has eight that are not drawn
    }
    return desk
