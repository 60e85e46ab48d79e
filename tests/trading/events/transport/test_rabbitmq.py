from collections.abc import Iterator

import pytest

from tests.trading.support.brokers import Site, fresh_name, rabbit_site
from tests.trading.support.carried import topology
from tests.trading.support.deaths import Moment
from tests.trading.support.transport_contract import TransportContract

SOME = [
    Moment("accept", 2, False),
    Moment("settle", 1, True),
    Moment("send", 2, True),
    Moment("finish", 1, False),
]


class TestRabbitMq(TransportContract):
    deaths = SOME

    @pytest.fixture
    def site(self) -> Iterator[Site]:
        with rabbit_site(topology(fresh_name())) as site:
            yield site
