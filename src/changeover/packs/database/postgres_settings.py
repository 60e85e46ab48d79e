"""Settings under which PostgreSQL writes one value the same way in every session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from changeover.packs.database.statement import Connection, run

_SETTINGS = {
    "timezone": "UTC",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "lc_monetary": "C",
}


@contextmanager
def plain_values(connection: Connection) -> Iterator[None]:
    """Values are written and read as text in one form; then the settings are as the program left them."""
    names = list(_SETTINGS)
    asked = ", ".join(f"current_setting('{name}')" for name in names)
    before = dict(zip(names, run(connection, f"SELECT {asked}")[0], strict=True))
    other = {name: value for name, value in before.items() if value != _SETTINGS[name]}
    _set(connection, {name: _SETTINGS[name] for name in other})
    yield
    _set(connection, other)


def _set(connection: Connection, values: dict[str, str]) -> None:
    """For the rest of the transaction; not undone where it failed, for then nothing of it is kept."""
    calls = ", ".join(
        f"set_config('{name}', '{value.replace(chr(39), chr(39) * 2)}', true)"
        for name, value in values.items()
    )
    if calls:
        run(connection, f"SELECT {calls}")
