"""Celery sends by `Task.apply_async` and `Celery.send_task`, to which all ways of its canvas come."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from changeover.packs.celery.replayed_backend import ReplayedBackend
from changeover.packs.host import is_replayed, serving
from changeover.packs.patches import replace, replace_property

_AFTER_KWARGS = ("task_id", "producer", "link", "link_error", "shadow")
_AFTER_NAME = ("countdown", "eta", "task_id", "producer", "connection", "router", "result_cls", "expires")


def patch_app(module: Any) -> None:
    """Let every app ask first."""
    replace(module.Celery, "send_task", _sending_by_name)
    replace(module.Celery, "producer_or_acquire", _acquiring)
    replace_property(module.Celery, "backend", _choosing_backend)


def patch_task(module: Any) -> None:
    """Let every task ask first."""
    replace(module.Task, "apply_async", _applying)


def patch_control(module: Any) -> None:
    """Let whoever tells workers something ask first."""
    replace(module.Control, "broadcast", _broadcasting)


def patch_result(module: Any) -> None:
    """Let results be asked for through the port."""
    replace(module.AsyncResult, "get", _getting)
    replace(module.AsyncResult, "_get_task_meta", _looking)
    replace(module.ResultSet, "get", _getting_all)


def _applying(original: Callable[..., Any]) -> Callable[..., Any]:
    def apply_async(self: Any, args: Any = None, kwargs: Any = None, *rest: Any, **options: Any) -> Any:
        pack = serving("celery")
        # A task that runs at once, inside the path, is the path's own work: what it does is compared.
        if pack is None or self._get_app().conf.task_always_eager:
            return original(self, args, kwargs, *rest, **options)
        named = dict(zip(_AFTER_KWARGS, rest, strict=False)) | options
        return pack.send(
            self.name,
            (self, args, kwargs),
            named,
            self.AsyncResult,
            lambda carried: original(self, args, kwargs, **carried),
        )

    return apply_async


def _sending_by_name(original: Callable[..., Any]) -> Callable[..., Any]:
    def send_task(
        self: Any, name: str, args: Any = None, kwargs: Any = None, *rest: Any, **options: Any
    ) -> Any:
        pack = serving("celery")
        if pack is None:
            return original(self, name, args, kwargs, *rest, **options)
        named = dict(zip(_AFTER_NAME, rest, strict=False)) | options
        return pack.send(
            name,
            (pack.task_of(self, name), args, kwargs),
            named,
            named.get("result_cls") or self.AsyncResult,
            lambda carried: original(self, name, args, kwargs, **carried),
        )

    return send_task


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


def _getting_all(original: Callable[..., Any]) -> Callable[..., Any]:
    def get(self: Any, *args: Any, **kwargs: Any) -> Any:
        pack = serving("celery")
        if pack is None:
            return original(self, *args, **kwargs)
        return pack.read("get_all", len(self.results), lambda: original(self, *args, **kwargs))

    return get
