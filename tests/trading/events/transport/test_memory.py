import pytest

from tests.trading.support.brokers import MemorySite, Site, fresh_name
from tests.trading.support.carried import topology
from tests.trading.support.transport_contract import TransportContract


class TestMemory(TransportContract):
    @pytest.fixture
    def site(self) -> Site:
        return MemorySite(topology(fresh_name()))
