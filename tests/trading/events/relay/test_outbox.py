from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.trading.support.brokers import MemorySite, fresh_name
from tests.trading.support.carried import HANDLERS, Sender, drained, requests, topology
from tests.trading.support.event_samples import event
from tests.trading.support.transport_contract import read
from trading.events.journal.shared import OUTBOX_BATCH_MAX
from trading.events.messages.rebalance import ReconciliationCompleted
from trading.events.transport.port import TransportLost


@pytest.fixture
def site() -> MemorySite:
    return MemorySite(topology(fresh_name()))


@pytest.fixture
def sender(tmp_path: Path, site: MemorySite) -> Sender:
    return Sender(tmp_path, site)


def ids(events: Sequence[object]) -> list[str]:
    return [getattr(one, "event_id", "") for one in events]


def test_an_event_that_the_broker_never_takes_holds_up_no_other(site: MemorySite, sender: Sender) -> None:
    first, second = requests(2)
    nobody_takes = event(ReconciliationCompleted, "r-1", expected={}, found={}, differences={})
    sender.publish([first, nobody_takes, second])
    came = ids(read(drained(sender.transport, HANDLERS, wanted=2)))
    assert list(dict.fromkeys(came)) == ["e-0", "e-1"]
    assert sender.journal.unsent() == []
    assert sender.journal.find_event("r-1") == nobody_takes
    sender.close()


def test_more_than_a_batch_is_sent_in_order(site: MemorySite, sender: Sender) -> None:
    events = requests(OUTBOX_BATCH_MAX + 5)
    sender.publish(events)
    assert ids(read(drained(sender.transport, HANDLERS, wanted=len(events)))) == ids(events)
    sender.close()


def test_while_the_broker_is_away_events_wait_in_the_order_of_their_commits(
    site: MemorySite, sender: Sender
) -> None:
    events = requests(4)
    site.stop()
    for one in events:
        with pytest.raises(TransportLost):
            sender.publish([one])
    site.start()
    assert sender.relay.send_all() == 4
    assert ids(read(drained(sender.transport, HANDLERS, wanted=4))) == ids(events)
    sender.close()
