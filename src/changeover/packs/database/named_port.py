"""The port of a database: `db` unless another pack has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from changeover.errors import DeclarationError
from changeover.packs.host import Channel, Host, Operation

PORT = "db"


def channel_of_database(host: Host, name: Any, operations: Sequence[Operation], package: str) -> Channel:
    """Open the channel of that name; raises DeclarationError with the option where it is taken."""
    if not isinstance(name, str) or not name:
        host.wrong("port", name, "a name")
    if name in host.ports:
        use = f'use("{host.name}")'
        raise DeclarationError(
            use, f'there is a port "{name}" already: give this one another name, port="..."'
        )
    return host.channel(name, operations, packages=(package,))
