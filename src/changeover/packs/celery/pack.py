"""`migration.use("celery", app)`: a task that is sent is an effect, and its result a read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any

from changeover.packs.celery.message import HEADER, arguments_of, options_of
from changeover.packs.celery.worker import WorkerSide
from changeover.packs.host import Host, Operation, is_replayed
from changeover.record.port import CallClass

_PACKAGES = ("celery", "kombu")
_HANDED = ("celery.app.task.Task", "celery.app.base.Celery")
"""What a bound task is handed as its `self`, and the app that its class keeps."""
_OF_CELERY_ITSELF = frozenset({"celery.chord_unlock"})
"""Tasks that carry out what a canvas says: the canvas is compared, and not these."""
Called = tuple[Any, Any, Any]
"""The task as far as it is known here, its arguments, and those by name."""


class CeleryPack:
    """The port `celery`. A task that is sent is an effect, with its name as key.

    Args:
        app: whose tasks are looked up where another app sends one by name; tasks of all apps are covered.
        carries_stages: whether the stages of a run travel with the tasks that it sends.
    """

    name = "celery"

    def __init__(self, app: Any = None, *, carries_stages: bool = True) -> None:
        self._app = app
        self._carries_stages = carries_stages

    def install(self, host: Host) -> None:
        """Open the channel, and cover what the program imports."""
        if self._app is not None and not hasattr(self._app, "send_task"):
            host.wrong("app", self._app, "a Celery app")
        if not isinstance(self._carries_stages, bool):
            host.wrong("carries_stages", self._carries_stages, "True or False")
        self._host = host
        self._channel = host.channel(self.name, _OPERATIONS, packages=_PACKAGES)
        host.handle(*_HANDED)
        self._worker = WorkerSide(host)
        for module, patch in _PATCHES.items():
            host.when_imported(module, patch)

    def task_of(self, app: Any, name: str) -> Any | None:
        """The task of that name, where it is known without asking an app to get ready."""
        for one in (app, self._app):
            if one is not None and one.finalized and name in one.tasks:
                return one.tasks[name]
        return None

    def send(
        self,
        name: str,
        called: Called,
        options: tuple[Mapping[str, Any], Mapping[str, Any]],
        result_class: Callable[[str], Any],
        really: Callable[[Mapping[str, Any]], Any],
    ) -> Any:
        """Send a task, or take from the tape under which id it was sent; raises what Celery raises.

        Args:
            name: of the task.
            called: the task and its arguments.
            options: how and when it is to run, as it was called, and with those of its declaration.
            result_class: makes the result in a replay.
            really: sends it with these options.
        """
        given, shown = options
        if name in _OF_CELERY_ITSELF:
            return result_class(str(given.get("task_id"))) if is_replayed() else really(given)
        live: list[Any] = []

        def real() -> str:
            live.append(really(self._with_stages(given)))
            return str(live[0].id)

        arguments = (name, arguments_of(*called), options_of(shown))
        task_id = self._channel.ask("send", arguments, real)
        return live[0] if live else result_class(task_id)

    def read(self, operation: str, about: Any, really: Callable[[], Any]) -> Any:
        """Ask for a result, or take it from the tape; raises what the task raised."""
        return self._channel.ask(operation, (about,), really)

    def command(self, name: str, arguments: Any, really: Callable[[], Any]) -> Any:
        """Tell all workers something."""
        return self._channel.ask("control", (name, arguments), really)

    def _with_stages(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        pins = self._host.pinned() if self._carries_stages else None
        if pins is None:
            return options
        return {**options, "headers": {**(options.get("headers") or {}), HEADER: pins.to_data()}}


_OPERATIONS = (
    Operation("send", CallClass.EFFECT, ("task", "arguments", "options"), lambda task, *_: task),
    Operation("control", CallClass.EFFECT, ("command", "arguments"), lambda command, _: command),
    Operation("get", CallClass.READ, ("task_id",)),
    Operation("look", CallClass.READ, ("task_id",)),
    Operation("get_all", CallClass.READ, ("count",)),
    Operation("backend", CallClass.READ, ("asked",)),
)


def _patch(what: str, module: Any) -> None:
    getattr(import_module("changeover.packs.celery.sending"), what)(module)


_PATCHES: Mapping[str, Callable[[Any], None]] = {
    "celery.app.base": partial(_patch, "patch_app"),
    "celery.app.control": partial(_patch, "patch_control"),
    "celery.result": partial(_patch, "patch_result"),
    "celery.backends.redis": partial(_patch, "patch_subscriptions"),
    "celery.backends.rpc": partial(_patch, "patch_subscriptions"),
}
