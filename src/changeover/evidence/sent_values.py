"""A value on its way from a process that replays to the one that counts: as JSON, and back.

What comes back is written and kept exactly like the value itself. It is that value only where it is a text, a
number, bytes, or a list or mapping of those.
"""

from __future__ import annotations

from typing import Any

from changeover.evidence.store.rows_of_runs import keep_value
from changeover.evidence.store.run_contents import read_value, value_data
from changeover.values.divergence import ABSENT
from changeover.values.value_text import WrittenValue, written, written_class

INTEGER_MAX = 2**53
_AS_THEY_ARE = (str, bool, float, type(None))


def value_sent(value: Any) -> Any:
    """The value as JSON."""
    cls = type(value)
    if cls in _AS_THEY_ARE or (cls is int and abs(value) < INTEGER_MAX):
        return value
    if value is ABSENT:
        return {"absent": True}
    if cls is bytes:
        return {"bytes": value.decode("latin-1")}
    if cls is list:
        return [value_sent(part) for part in value]
    if cls is dict and all(type(name) is str for name in value):
        return {"names": {name: value_sent(part) for name, part in value.items()}}
    module, name = written_class(value)
    return {"written": [written(value), name, module, value_data(keep_value(value))]}


def value_received(data: Any) -> Any:
    """What stands for the value here."""
    if isinstance(data, list):
        return [value_received(part) for part in data]
    if not isinstance(data, dict):
        return data
    if "names" in data:
        return {name: value_received(part) for name, part in data["names"].items()}
    if "bytes" in data:
        return data["bytes"].encode("latin-1")
    if "absent" in data:
        return ABSENT
    text, name, module, kept = data["written"]
    return WrittenValue(text, name, module, read_value(kept))
