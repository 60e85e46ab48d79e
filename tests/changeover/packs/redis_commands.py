"""The table of commands as a real server tells it: `python -m tests.changeover.packs.redis_commands`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import redis

HEAD = """\
# What COMMAND of a Redis server says: name, read or write, and where its keys stand (first, last, step, or -
# where the arguments decide). Written by `python -m tests.changeover.packs.redis_commands`.
"""


def lines(client: Any) -> Iterator[str]:
    """One line a command, subcommands included, in the order of their names."""
    connection = client.connection_pool.make_connection()
    connection.connect()
    try:
        connection.send_command("COMMAND")
        found = connection.read_response()
    finally:
        connection.disconnect()
    told = [one for command in found for one in (command, *(command[9] if len(command) > 9 else ()))]
    for name, _, flags, first, last, step, *_ in sorted(told):
        kinds = {_text(flag) for flag in flags}
        keys = "-" if "movablekeys" in kinds else f"{first} {last} {step}"
        yield f"{_text(name)} {'read' if 'readonly' in kinds else 'write'} {keys}"


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


if __name__ == "__main__":
    print(HEAD + "\n".join(lines(redis.Redis())))
