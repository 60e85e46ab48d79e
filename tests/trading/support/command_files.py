"""Prices and settings in files: what the command `trade` needs for the made-up account of `deaths`."""

import json
from pathlib import Path

from tests.trading.support.deaths import PRICES, STRATEGIES


def write_command_files(folder: Path) -> Path:
    """Write `prices.csv` and `settings.toml`; the path of the settings."""
    (folder / "prices.csv").write_text(_prices())
    settings = folder / "settings.toml"
    settings.write_text(_settings())
    return settings


def _prices() -> str:
    rows = [
        ",".join([day.isoformat(), *(str(PRICES.closes(symbol, day, 1)[0]) for symbol in PRICES.symbols)])
        for day in PRICES.sessions
    ]
    return "\n".join([",".join(["date", *PRICES.symbols]), *rows]) + "\n"


def _settings() -> str:
    tables = ['price_files = ["prices.csv"]\n']
    for name, strategy in STRATEGIES.items():
        values = {key: list(value) if isinstance(value, tuple) else value for key, value in strategy.items()}
        tables.append(
            f"[strategies.{name}]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in values.items())
        )
    return "\n".join(tables)
