from collections.abc import Iterator

import pytest

from tests.trading.support.brokers import KafkaMock, KafkaSite, Site, fresh_name, kafka_mock
from tests.trading.support.carried import topology
from tests.trading.support.deaths import Moment
from tests.trading.support.transport_contract import TransportContract
from trading.events.transport import kafka
from trading.events.transport.cloud_event import BODY_BYTES_MAX
from trading.events.transport.port import Message, MessageRefused


@pytest.fixture(scope="module")
def mock() -> Iterator[KafkaMock]:
    with kafka_mock() as mock:
        yield mock


class TestKafka(TransportContract):
    deaths = (Moment("accept", 2, False), Moment("finish", 2, False))
    senders_deaths = (Moment("mark", 1, False),)

    @pytest.fixture
    def site(self, mock: KafkaMock) -> Iterator[Site]:
        yield KafkaSite(mock, topology(fresh_name()))
        mock.answer(True)

    @pytest.fixture(autouse=True)
    def _patience(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        monkeypatch.setattr(kafka, "ANSWER_PATIENCE_S", 5.0)

    def lose_what_is_sent(self, site: Site) -> None:
        self.monkeypatch.setattr(kafka, "ANSWER_PATIENCE_S", 0.5)
        site.stop()

    def find_again(self, site: Site) -> None:
        self.monkeypatch.setattr(kafka, "ANSWER_PATIENCE_S", 5.0)
        site.start()

    def test_a_message_that_is_larger_than_the_library_takes_is_refused(self, site: Site) -> None:
        transport = site.connect()
        large = Message("x", "SignalsRequested", "run", {}, b"x" * (2 * BODY_BYTES_MAX + 1))
        with pytest.raises(MessageRefused, match="are too many"):
            transport.send([large])
        transport.close()
