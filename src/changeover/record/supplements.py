"""With which arguments a read is asked once more when the recorded path has ended (`supplement`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from changeover.record.context import Kwargs
from changeover.record.port import PortMethod
from changeover.record.tape import Entry
from changeover.values.content_key import frozen
from changeover.values.copying import snapshot
from changeover.values.form import open_value
from changeover.values.observation import Returned
from changeover.values.own_state import is_a
from changeover.values.shapes import Shape

CALLS_MAX = 50


def supplement_arguments(method: PortMethod, entries: Sequence[Entry]) -> list[Kwargs]:
    """What to ask a read for: nothing, or once for each set of arguments that the tape has for it.

    Values are found by the names of its parameters among the arguments and answers of the port's own calls:
    after `submit(symbol="SPY") -> Order(order_id="7")` these are both `position(symbol="SPY")` and
    `get(order_id="7")`. An answer that is an identifier itself counts as the one `..._id`.
    """
    required = method.required
    if not required:
        return [{}]
    found: dict[Any, Kwargs] = {}
    for entry in entries:
        if entry.method.port != method.port or len(found) >= CALLS_MAX:
            continue
        known = {**_answer_by_name(entry, required), **entry.arguments}
        if all(name in known for name in required):
            arguments = {name: snapshot(known[name]) for name in required}
            found.setdefault(frozen(arguments), arguments)
    return list(found.values())


def _answer_by_name(entry: Entry, required: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(entry.outcome, Returned):
        return {}
    answer = entry.outcome.value
    if is_a(answer, str, int, UUID) and not is_a(answer, bool):
        return {name: answer for name in required[:1] if len(required) == 1 and name.endswith("id")}
    shape, parts = open_value(answer)
    return {name: parts[name] for name in required if name in parts} if shape is Shape.NAMES else {}
