from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.trading.support.brokers import MemorySite, fresh_name
from tests.trading.support.carried import HANDLERS, drained, topology
from tests.trading.support.event_samples import NOW, request
from tests.trading.support.transport_contract import read
from trading.clock import SimulatedClock
from trading.events.bus.bus import IdTaken, RunEnd
from trading.events.journal.records import Outgoing
from trading.events.journal.shared import Share, SharedJournal
from trading.events.messages.envelope import BaseEvent
from trading.events.messages.signals import SignalsRequested
from trading.events.relay import remote_bus
from trading.events.relay.outbox import OutboxRelay
from trading.events.relay.remote_bus import RemoteBus
from trading.ids import CountingIds, Ids, RandomIds


class World:
    def __init__(self, path: Path, ids: Ids) -> None:
        self.site = MemorySite(topology(fresh_name()))
        self.journal = SharedJournal(path, Share(("run",)), durable=False)
        self.others = SharedJournal(path, Share(("one",)), durable=False)
        self.transport = self.site.connect()
        self.kept = 0
        self.bus = RemoteBus(
            clock=SimulatedClock(NOW),
            ids=ids,
            journal=self.journal,
            relay=OutboxRelay(self.journal, self.transport),
            names_of=lambda _: ("one", "two"),
            keep_time=self.keep_time,
            look_after=lambda: None,
        )

    def keep_time(self) -> None:
        self.kept += 1

    def ask(self) -> SignalsRequested:
        return self.bus.emit(
            SignalsRequested,
            correlation_id="run-1",
            source_module="tests",
            source_component="remote",
            as_of=NOW.date(),
        )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "a.journal.db", RandomIds())
    yield world
    world.journal.close()
    world.others.close()


def test_what_is_asked_is_on_record_for_all_handlers_and_with_the_broker(world: World) -> None:
    asked = world.ask()
    assert world.others.find_event(asked.event_id) == asked
    assert [slot.handler for slot in world.others.events("run-1")[0].deliveries] == ["one", "two"]
    assert read(drained(world.transport, HANDLERS, wanted=1)) == [asked]
    assert world.bus.is_retrying("run-1")


def test_what_is_asked_while_the_broker_is_away_is_sent_when_it_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_bus, "SEND_AGAIN_S", 0.0)
    world.site.stop()
    asked = world.ask()
    assert [entry.event for entry in world.journal.unsent()] == [asked]
    world.site.start()
    assert world.bus.run_until(lambda: not world.journal.unsent()) is RunEnd.DONE
    assert read(drained(world.transport, HANDLERS, wanted=1)) == [asked]


def test_what_other_processes_publish_is_seen_in_order_while_somebody_looks_on(world: World) -> None:
    seen: list[BaseEvent] = []
    world.bus.observe(seen.append)
    events = [request(f"e-{number}") for number in range(3)]
    for event in events:
        world.others.append(Outgoing(event, ()), NOW)
    assert world.bus.run_until(lambda: len(seen) == 3) is RunEnd.DONE
    assert seen == events
    world.bus.stop_observing(seen.append)
    world.others.append(Outgoing(request("e-3"), ()), NOW)
    world.bus.run_until(lambda: True)
    assert seen == events
    assert world.kept >= 2


def test_it_waits_for_real_until_the_deadline_whatever_its_clock_says(world: World) -> None:
    assert world.bus.run_until(lambda: False, deadline=NOW + timedelta(seconds=0.03)) is RunEnd.DEADLINE


def test_an_id_that_is_given_out_twice_is_no_lost_event(tmp_path: Path) -> None:
    path = tmp_path / "a.journal.db"
    World(path, CountingIds(lambda: "x")).ask()
    with pytest.raises(IdTaken):
        World(path, CountingIds(lambda: "x")).ask()
