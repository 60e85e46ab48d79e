"""`migration.use("fastapi", app)` and `migration.use("asgi", app)`: endpoints, or whole apps, are seams."""

from __future__ import annotations

from typing import Any

from changeover.packs.asgi.lifespan import flush_when_it_ends
from changeover.packs.asgi.paths import AnsweringPath, Recorded, ReplayedPath
from changeover.packs.host import Host, Operation
from changeover.record.port import CallClass

_HANDLES = (
    "starlette.requests.HTTPConnection",
    "starlette.background.BackgroundTasks",
    "starlette.datastructures.UploadFile",
)


class AsgiPack:
    """What an endpoint gets of its server is made anew for a replay; what it leaves there is compared.

    Args:
        app: a Starlette app, or any app of ASGI that stands under a name in its module.
    """

    name = "asgi"

    def __init__(self, app: Any) -> None:
        self._app = app

    def install(self, host: Host) -> None:
        """Open the channel, and write the evidence when the app ends."""
        self._channel = host.channel("web", _OPERATIONS, packages=("starlette", "fastapi"))
        host.handle(*_HANDLES)
        self._check(host)
        flush_when_it_ends(host, self._app)

    def _check(self, host: Host) -> None:
        if not callable(self._app):
            host.wrong("app", self._app, "an app of ASGI")

    def follow(self, session: Any, **_: bool) -> Any:
        """What is done around one path."""
        if not session.replaying:
            session.sees_otherwise(self._channel.name)  # each path tells itself what it leaves there
            return AnsweringPath(self, session)
        recorded = session.left_by(self.name)
        return ReplayedPath(self, session, recorded or Recorded())

    def tell_task(self, task: Any) -> None:
        """A task that is to run after the answer."""
        function = task.func
        owner = getattr(function, "__self__", None)
        name = getattr(function, "__qualname__", None) or type(function).__qualname__
        self._channel.tell("task", (name, function if owner is None else owner, task.args, task.kwargs))

    def tell_change(self, part: str, name: str, value: Any) -> None:
        """Something that the path left in the session or the state of a request."""
        self._channel.tell("changed", (part, name, value))

    def tell_answer(self, status: int | None, headers: Any, body: bytes) -> None:
        """What a whole app has sent."""
        self._channel.tell("answer", (status, headers, body))


class FastapiPack(AsgiPack):
    """The same for FastAPI, whose injection goes on as ever.

    Args:
        app: a `FastAPI`.
    """

    name = "fastapi"

    def _check(self, host: Host) -> None:
        if not any(
            f"{cls.__module__}.{cls.__name__}" == "fastapi.applications.FastAPI" for cls in _mro(self._app)
        ):
            host.wrong("app", self._app, "a FastAPI")


def _mro(value: Any) -> tuple[type, ...]:
    return type(value).__mro__


_OPERATIONS = (
    Operation("task", CallClass.EFFECT, ("name", "of", "args", "kwargs"), lambda name, *_: name),
    Operation("changed", CallClass.EFFECT, ("part", "name", "value"), lambda part, name, _: (part, name)),
    Operation("answer", CallClass.EFFECT, ("status", "headers", "body"), lambda *_: ()),
)
