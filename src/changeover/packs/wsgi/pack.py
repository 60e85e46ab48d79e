"""`migration.use("wsgi", app)`: views of Flask, or whole apps, are seams."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from changeover.packs.host import Host, Operation
from changeover.packs.patches import replace
from changeover.packs.wsgi.inputs import KeptInput, ServerErrors, keep_body
from changeover.packs.wsgi.paths import AnsweringPath, ReplayedPath
from changeover.record.port import CallClass


class WsgiPack:
    """The body of a request is kept as it is read; a replay gets a request, a session and a `g` of its own.

    Args:
        app: a `Flask`, or any app of WSGI that stands under a name in its module.
    """

    name = "wsgi"

    def __init__(self, app: Any) -> None:
        self._app = app

    def install(self, host: Host) -> None:
        """Open the channel, and keep the bodies of requests from now on."""
        if not callable(self._app):
            host.wrong("app", self._app, "an app of WSGI")
        self._channel = host.channel("web", _OPERATIONS, packages=("flask", "werkzeug"))
        host.handle(KeptInput, ServerErrors)
        self._keep_bodies(host, self._app)

    def _keep_bodies(self, host: Host, app: Any) -> None:
        if hasattr(app, "wsgi_app"):
            app.wsgi_app = _keeping(app.wsgi_app)
        elif not isinstance(app, FunctionType):
            replace(type(app), "__call__", lambda original: _for(app, original))
        else:
            module, name = sys.modules.get(app.__module__), app.__qualname__
            if module is None or vars(module).get(name) is not app:
                host.wrong("app", app, "an app that stands under its name in its module, or an object")
            replace(module, name, _keeping)

    def follow(self, session: Any, **_: bool) -> Any:
        """What is done around one path."""
        if not session.replaying:
            session.sees_otherwise(self._channel.name)  # each path tells itself what it leaves there
            return AnsweringPath(self, session)
        recorded = session.left_by(self.name)
        return None if recorded is None else ReplayedPath(self, session, recorded)

    def tell_change(self, part: str, name: str, value: Any) -> None:
        """Something that the path left in the session or in `g`."""
        self._channel.tell("changed", (part, name, value))

    def tell_answer(self, status: str, headers: Iterable[tuple[str, str]]) -> None:
        """What a whole app has given to its server."""
        self._channel.tell("answer", (status, list(headers)))


def _keeping(original: Callable[..., Any]) -> Callable[..., Any]:
    def called(*args: Any) -> Any:
        keep_body(args[-2])
        return original(*args)

    return called


def _for(app: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    """Of a class that may have other objects as well."""
    keeping = _keeping(original)

    def called(self: Any, *args: Any) -> Any:
        return (keeping if self is app else original)(self, *args)

    return called


_OPERATIONS = (
    Operation("changed", CallClass.EFFECT, ("part", "name", "value"), lambda part, name, _: (part, name)),
    Operation("answer", CallClass.EFFECT, ("status", "headers"), lambda *_: ()),
)
