"""How the JSON of an earlier version becomes that of the next: one function per type and version."""

from typing import Any

Fields = dict[str, Any]


def account_data_retrieved_1(old: Fields) -> Fields:
    """Version 1 carried account, positions and open orders side by side; version 2 keeps them together."""
    parts = ("account", "positions", "open_orders")
    kept = {name: value for name, value in old.items() if name not in parts}
    return {**kept, "portfolio_state": {name: old[name] for name in parts}}
