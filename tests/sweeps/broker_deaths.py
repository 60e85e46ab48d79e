"""The contract suite's receiver killed at every step, or its machine, on RabbitMQ and on Kafka's mock.

The suite itself tries every step in memory, and a cut of these on the brokers.
"""

from collections.abc import Iterator, Sequence

import pytest

from tests.trading.support.brokers import KafkaSite, Site, fresh_name, kafka_mock, rabbit_site
from tests.trading.support.carried import topology
from tests.trading.support.deaths import Moment
from tests.trading.support.transport_contract import STEPS, TransportContract

TIMES = (1, 2, 3)
ALL = [
    *(Moment("received", number, False) for number in TIMES),
    *(Moment(what, number, done) for what in STEPS for number in TIMES for done in (False, True)),
]


class TestRabbitMq(TransportContract):
    deaths = ALL

    @pytest.fixture
    def site(self) -> Iterator[Site]:
        with rabbit_site(topology(fresh_name())) as site:
            yield site


class TestKafka(TransportContract):
    deaths = ALL

    @pytest.fixture
    def site(self) -> Iterator[Site]:
        with kafka_mock() as mock:
            yield KafkaSite(mock, topology(fresh_name()))


def main(arguments: Sequence[str]) -> int:
    """What pytest says of it."""
    print(f"{len(ALL)} deaths on each broker, and as many losses of power")
    return int(pytest.main([__file__, "-q", "-k", "ends_at_any_step", *arguments]))
