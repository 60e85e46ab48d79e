from collections.abc import Iterator

import pytest

from tests.trading.support.brokers import Site, fresh_name, rabbit_site
from tests.trading.support.carried import HANDLERS, drained, topology
from tests.trading.support.deaths import Moment
from tests.trading.support.event_samples import request
from tests.trading.support.transport_contract import TransportContract, read
from trading.events.schema.catalogue import VERSIONS
from trading.events.transport import rabbitmq
from trading.events.transport.cloud_event import message_of
from trading.events.transport.port import Aside, Message, MessageRefused

SOME = (Moment("accept", 2, False), Moment("settle", 1, True), Moment("finish", 1, False))


class TestRabbitMq(TransportContract):
    deaths = SOME
    senders_deaths = (Moment("send", 1, True),)

    @pytest.fixture
    def site(self) -> Iterator[Site]:
        with rabbit_site(topology(fresh_name())) as site:
            yield site

    def test_the_delivery_limit_counts_deliveries_beyond_the_first(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(rabbitmq, "DELIVERY_LIMIT", 2)
        transport = site.connect()
        transport.send([message_of(request(name), VERSIONS) for name in ("e-1", "e-2")])
        deliveries = 0
        while not transport.aside(Aside.DEAD):
            subscriber = transport.subscribe(HANDLERS)
            arrival = subscriber.receive(1.0)
            assert arrival is not None
            if read([arrival])[0].event_id == "e-1":
                deliveries += 1
            subscriber.close()
            assert deliveries <= 3
        assert deliveries == 3
        assert [one.event_id for one in read(drained(transport, HANDLERS, wanted=1))] == ["e-2"]
        transport.close()

    def test_a_message_that_no_queue_takes_is_refused_and_the_others_are_confirmed(self, site: Site) -> None:
        transport, good = site.connect(), message_of(request("e-1"), VERSIONS)
        with pytest.raises(MessageRefused, match="no queue takes Unheard"):
            transport.send([good, Message("x", "Unheard", "run", {}, b"")])
        assert len(drained(transport, HANDLERS, wanted=1)) == 1
        transport.close()
