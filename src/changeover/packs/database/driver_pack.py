"""What the packs of drivers of PostgreSQL have in common: one port, whose statements are compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.errors import DeclarationError
from changeover.packs.database.compared_in_traffic import compared_in_traffic
from changeover.packs.database.driver_answer import DriverAnswer
from changeover.packs.database.named_port import PORT, channel_of_database
from changeover.packs.database.statement_path import DRIVER_OPERATIONS
from changeover.packs.host import Channel, Host, Operation
from changeover.record.port import CallClass

NO_ROWS = (
    "rows are compared of what SQLAlchemy, Django or sqlite3 sends; of {} the statements are: leave rows out"
)


class DriverPack:
    """The port `db` of all connections of a driver.

    Args:
        rows: cannot be asked for; statements are compared.
        port: the name of the port, where another pack has `db`.
    """

    name: str

    def __init__(self, *, rows: bool = False, port: str = PORT) -> None:
        self._rows = rows
        self._port = port

    def open_channel(self, host: Host, *handles: str, derive: Callable[..., Any] | None = None) -> Channel:
        """The channel of its port; raises DeclarationError where rows were asked for.

        Args:
            host: of the pack.
            handles: the classes of connections and pools, by name.
            derive: gives the answer to a question out of that to a wider one.
        """
        if self._rows is not False:
            raise DeclarationError(f'use("{self.name}")', NO_ROWS.format(self.name))
        read = Operation("read", CallClass.READ, ("statement", "parameters", "rows"), derive=derive)
        host.keeps(DriverAnswer)
        host.handle(*handles)
        return channel_of_database(host, self._port, [read, *DRIVER_OPERATIONS], self.name)

    def compares(self) -> str:
        """What `doctor` says of it where nothing is wrong."""
        return compared_in_traffic(self._port, False, has_rows=False)
