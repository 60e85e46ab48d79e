"""Sessions of the price history with handlers in three processes over a broker: orders as in memory.

With `--kills` a process of the three is killed (SIGKILL) every so often and started again; times of orders
may then differ, nothing else. With `--node` a RabbitMQ node of its own carries the events, and is killed too.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import date
from pathlib import Path
from threading import Event, Thread
from time import monotonic

from tests.trading.support.brokers import AMQP, RabbitNode, kafka_mock, remove_queues, why_no_rabbitmq
from tests.trading.support.handler_processes import HandlerProcesses, handler_processes
from trading.app import trade_through
from trading.composition import TradingPath, configure_logging, open_desk
from trading.desk import Desk
from trading.domain.order import Order
from trading.events.transport.address import Address, Carrier, read_address
from trading.events.transport.port import Topology
from trading.handlers.subscriptions import HandlerGroup
from trading.market.calendar import session_time
from trading.market.history import load_bundled
from trading.notify.notifiers import MemoryNotifier
from trading.screens.progress import show_progress
from trading.settings import Settings
from trading.shared_desk import open_shared_desk

PRICES = load_bundled()
SETTINGS = Settings()
FIRST = date(2009, 1, 2)  # strategies have their year of prices by then

Seen = tuple[str, ...]


def traded(desk: Desk, sessions: Sequence[date], *, told: bool, times: bool) -> list[Seen]:
    """Trade these sessions, and all orders as the account has them in the end."""
    days = trade_through(desk, TradingPath.CANDIDATE, sessions)
    for day in show_progress(days, len(sessions), label=lambda day: str(day.session)) if told else days:
        if not day.success or day.audit_problems:
            raise AssertionError(f"{day.session}: {day.message} {day.audit_problems}")
    orders = desk.broker.orders()
    if len({order.client_order_id for order in orders}) != len(orders):
        raise AssertionError("two orders bear one name")
    return sorted(seen(order, times=times) for order in orders)


def seen(order: Order, *, times: bool) -> Seen:
    """An order without its names, which are drawn by chance."""
    when = order.submitted_at.isoformat() if times else order.submitted_at.date().isoformat()
    what = (order.symbol, order.side, order.quantity, order.status, order.filled_quantity)
    return (when, *map(str, what), str(order.filled_average_price))


def in_memory(sessions: Sequence[date], *, times: bool = True) -> list[Seen]:
    """The same with all handlers in this process."""
    now = session_time(sessions[0])
    with open_desk(SETTINGS, PRICES, account=None, now=now, notifier=MemoryNotifier()) as desk:
        return traded(desk, sessions, told=False, times=times)


def over(
    address: Address,
    folder: Path,
    sessions: Sequence[date],
    *,
    kills: "Kills | None" = None,
    told: bool = False,
) -> list[Seen]:
    """The same with handlers in three processes."""
    account = folder / "paper.db"
    with handler_processes(account, address) as processes, ExitStack() as stack:
        desk = stack.enter_context(
            open_shared_desk(
                SETTINGS,
                PRICES,
                account=account,
                now=session_time(sessions[0]),
                notifier=MemoryNotifier(),
                address=address,
            )
        )
        stack.callback(clean, address, f"trading.{pair_of(desk)}")
        with kills.during(processes) if kills else nullcontext():
            found = traded(desk, sessions, told=told, times=kills is None)
        if letters := desk.journal.dead_letters():
            raise AssertionError(f"dead letters: {letters}")
        return found


def pair_of(desk: Desk) -> str:
    """What the account's queues are named after."""
    pair_id = getattr(desk.journal, "pair_id", lambda: None)()
    assert pair_id is not None
    return str(pair_id)


def clean(address: Address, name: str) -> None:
    """Leave nothing on a server that others use."""
    if address.carrier is Carrier.RABBITMQ and address.url == AMQP:
        remove_queues(Topology(name, {group: frozenset() for group in HandlerGroup}))


class Kills:
    """Ends a process every so often, drawn from a seed."""

    def __init__(self, every_s: float, seed: int, node: RabbitNode | None) -> None:
        self._every_s = every_s
        self._drawn = random.Random(seed)  # noqa: S311  (which process is killed is no secret)
        self._node = node
        self.processes = 0
        self.nodes = 0

    @contextmanager
    def during(self, processes: HandlerProcesses) -> Iterator[None]:
        """While this lasts."""
        over = Event()

        def work() -> None:
            while not over.wait(self._drawn.uniform(0.5, 1.5) * self._every_s):
                if self._node is not None and self._drawn.random() < 0.3:
                    self._node.kill()
                    self._node.start()
                    self.nodes += 1
                else:
                    processes.kill(self._drawn.choice(list(HandlerGroup)))
                    self.processes += 1

        thread = Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@contextmanager
def broker_of(kind: str, scratch: Path, *, node: bool) -> Iterator[tuple[Address, RabbitNode | None]]:
    """The broker that is asked for."""
    if kind == "kafka":
        with kafka_mock() as mock:
            yield read_address({"TRADING_BUS": mock.url}), None
    elif node:
        own = RabbitNode(scratch / "node")
        own.start()
        try:
            yield read_address({"TRADING_BUS": own.url}), own
        finally:
            own.close()
    else:
        if why := why_no_rabbitmq():
            raise SystemExit(why)
        yield read_address({"TRADING_BUS": AMQP}), None


def main(arguments: Sequence[str]) -> int:
    """Print what was compared, and 1 where an order differs."""
    options = argparse.ArgumentParser(prog="python -m tests.sweeps brokers", description=__doc__)
    options.add_argument("--sessions", type=int, default=200)
    options.add_argument("--broker", choices=["rabbitmq", "kafka"], default="rabbitmq")
    options.add_argument("--kills", type=float, metavar="SECONDS", help="one about every so many seconds")
    options.add_argument("--node", action="store_true", help="a RabbitMQ node of its own")
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args(arguments)
    configure_logging()
    sessions = [day for day in PRICES.sessions if day >= FIRST][: chosen.sessions]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with broker_of(chosen.broker, folder, node=chosen.node) as (address, node):
            kills = Kills(chosen.kills, chosen.seed, node) if chosen.kills else None
            began = monotonic()
            found = over(address, folder, sessions, kills=kills, told=True)
            took = monotonic() - began
        expected = in_memory(sessions, times=kills is None)
    differing = sorted(set(expected) ^ set(found))
    print(f"sessions   {len(sessions)}, {sessions[0]} to {sessions[-1]}, {took / len(sessions):.2f} s each")
    print(f"orders     {len(found)} over {chosen.broker}, {len(expected)} in memory")
    if kills is not None:
        print(f"killed     {kills.processes} processes, {kills.nodes} brokers, seed {chosen.seed}")
    print(f"differ     {len(differing)}")
    for one in differing[:20]:
        print(*one)
    return 1 if found != expected else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
