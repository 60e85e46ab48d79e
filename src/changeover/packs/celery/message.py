"""What a task is sent with, as it is compared: arguments by name, and no identifier that Celery made."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

HEADER = "changeover"
"""The header in which the stages of the run travel."""
_COMPARED = (
    *("queue", "exchange", "routing_key", "priority", "countdown", "eta", "expires"),
    *("time_limit", "soft_time_limit", "link", "link_error", "chain", "chord", "headers", "task_id"),
)
_NESTED = ("link", "link_error", "chain", "chord")


def arguments_of(task: Any, args: Any, kwargs: Any) -> dict[str, Any]:
    """The arguments by name where the task is known here, with its defaults; else as they were given."""
    args, kwargs = tuple(args or ()), dict(kwargs or {})
    signature = None if task is None else _signature(task.run)
    if signature is not None:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError:  # Celery refuses them itself, or the worker will
            pass
        else:
            bound.apply_defaults()
            return {name: signed(value) for name, value in bound.arguments.items()}
    return {
        "args": [signed(one) for one in args],
        "kwargs": {name: signed(one) for name, one in kwargs.items()},
    }


@lru_cache(maxsize=1024)
def _signature(function: Any) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def options_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """How and when the task is to run; an identifier only where the program chose its words."""
    found = {name: options[name] for name in _COMPARED if options.get(name) not in (None, [], {}, ())}
    if _is_made(found.get("task_id")):
        del found["task_id"]
    if "headers" in found:
        found["headers"] = {name: one for name, one in found["headers"].items() if name != HEADER}
        if not found["headers"]:
            del found["headers"]
    for name in _NESTED:
        if name in found:
            found[name] = signed(found[name])
    queue = found.get("queue")
    if queue is not None and not isinstance(queue, str):
        found["queue"] = getattr(queue, "name", str(queue))
    return found


def signed(value: Any) -> Any:
    """A signature, and those inside of it, in plain values; anything else as it is."""
    if isinstance(value, Mapping) and "task" in value and "options" in value:
        kwargs = {name: signed(one) for name, one in value.get("kwargs", {}).items()}
        return {
            "task": value["task"],
            "args": [signed(one) for one in value.get("args", ())],
            "kwargs": kwargs,
            **options_of(value["options"]),
        }
    if type(value) in (list, tuple) and any(isinstance(one, Mapping) for one in value):
        return [signed(one) for one in value]
    return value


def _is_made(name: Any) -> bool:
    """Whether it is one of those that Celery makes for a task that has none."""
    try:
        return isinstance(name, str) and str(UUID(name)) == name
    except ValueError:
        return False
