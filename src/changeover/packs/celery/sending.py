"""Celery sends by `Celery.send_task`, to which `Task.apply_async` and all ways of its canvas come.

One that runs at once (`task_always_eager`) does not: it is the own work of the path, and what it does counts.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from changeover.packs.celery.replayed_backend import ReplayedBackend
from changeover.packs.host import is_replayed, outside, serving
from changeover.packs.patches import replace, replace_property


def patch_app(module: Any) -> None:
    """Let every app ask first."""
    replace(module.Celery, "send_task", _sending)
    replace(module.Celery, "producer_or_acquire", _acquiring)
    replace_property(module.Celery, "backend", _choosing_backend)


def patch_control(module: Any) -> None:
    """Let whoever tells workers something ask first."""
    replace(module.Control, "broadcast", _broadcasting)


def patch_result(module: Any) -> None:
    """Let results be asked for through the port."""
    replace(module.AsyncResult, "get", _getting)
    replace(module.AsyncResult, "_get_task_meta", _looking)
    replace(module.ResultSet, "get", _getting_all)


def patch_subscriptions(module: Any) -> None:
    """Let a store of results be told for which ones somebody waits: Celery's own work, and not a path's.

    It is told so when a task is sent, and again when nobody holds its result any more, whenever that is.
    """
    replace(module.ResultConsumer, "consume_from", _telling)
    replace(module.ResultConsumer, "cancel_for", _telling)


def _sending(original: Callable[..., Any]) -> Callable[..., Any]:
    adds_options = _RESOLVED in original.__code__.co_varnames

    def send_task(self: Any, *args: Any, **options: Any) -> Any:
        pack = serving("celery")
        if pack is None:
            return original(self, *args, **options)
        named = dict(zip(_PARAMETERS, args, strict=False)) | options
        name, task_args, task_kwargs = (named.pop(one, None) for one in _PARAMETERS[:3])
        task = named.get("task_type") or pack.task_of(self, name)
        shown = named
        if adds_options and task is not None and "task_type" not in named:
            shown = task._get_exec_options() | named
        return pack.send(
            name,
            (task, task_args, task_kwargs),
            (named, shown),
            named.get("result_cls") or self.AsyncResult,
            lambda carried: original(self, name, task_args, task_kwargs, **carried),
        )

    return send_task


_PARAMETERS = (
    *("name", "args", "kwargs", "countdown", "eta", "task_id", "producer", "connection", "router"),
    *("result_cls", "expires", "publisher", "link", "link_error", "add_to_parent", "group_id"),
)
_RESOLVED = "resolved_from_registry"
"""A variable of versions that give a task that is sent by name the options of its declaration."""


def _acquiring(original: Callable[..., Any]) -> Callable[..., Any]:
    def producer_or_acquire(self: Any, producer: Any = None) -> Any:
        pack = serving("celery")
        if pack is None or not is_replayed() or self.conf.task_always_eager:
            return original(self, producer)
        return nullcontext(producer)  # nothing is published: no connection is opened

    return producer_or_acquire


def _choosing_backend(original: Callable[..., Any]) -> Callable[..., Any]:
    def backend(self: Any) -> Any:
        pack = serving("celery")
        if pack is None or not is_replayed():
            return original(self)
        return ReplayedBackend(pack)

    return backend


def _broadcasting(original: Callable[..., Any]) -> Callable[..., Any]:
    def broadcast(self: Any, command: str, arguments: Any = None, *rest: Any, **options: Any) -> Any:
        pack = serving("celery")
        if pack is None:
            return original(self, command, arguments, *rest, **options)
        return pack.command(command, arguments, lambda: original(self, command, arguments, *rest, **options))

    return broadcast


def _getting(original: Callable[..., Any]) -> Callable[..., Any]:
    def get(self: Any, *args: Any, **kwargs: Any) -> Any:
        pack = serving("celery")
        if pack is None:
            return original(self, *args, **kwargs)
        return pack.read("get", self.id, lambda: original(self, *args, **kwargs))

    return get


def _looking(original: Callable[..., Any]) -> Callable[..., Any]:
    def look(self: Any) -> Any:
        pack = serving("celery")
        if pack is None:
            return original(self)

        def looked() -> dict[str, Any]:
            """Without the results of further tasks, which are no values."""
            return {name: one for name, one in original(self).items() if name != "children"}

        return pack.read("look", self.id, looked)

    return look


def _telling(original: Callable[..., Any]) -> Callable[..., Any]:
    def told(self: Any, task_id: str) -> Any:
        if serving("celery") is None:
            return original(self, task_id)
        with outside():
            return original(self, task_id)

    return told


def _getting_all(original: Callable[..., Any]) -> Callable[..., Any]:
    def get(self: Any, *args: Any, **kwargs: Any) -> Any:
        pack = serving("celery")
        if pack is None:
            return original(self, *args, **kwargs)
        return pack.read("get_all", len(self.results), lambda: original(self, *args, **kwargs))

    return get
