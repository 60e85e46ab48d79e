from collections.abc import Iterator

import pytest

from tests.trading.support.brokers import KafkaMock, KafkaSite, Site, fresh_name, kafka_mock
from tests.trading.support.carried import topology
from tests.trading.support.deaths import Moment
from tests.trading.support.transport_contract import TransportContract


@pytest.fixture(scope="module")
def mock() -> Iterator[KafkaMock]:
    with kafka_mock() as mock:
        yield mock


class TestKafka(TransportContract):
    deaths = (Moment("accept", 2, False), Moment("finish", 2, False))

    @pytest.fixture
    def site(self, mock: KafkaMock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
        monkeypatch.setattr("trading.events.transport.kafka.ANSWER_PATIENCE_S", 1.5)
        yield KafkaSite(mock, topology(fresh_name()))
        mock.answer(True)
