"""Where Django makes what sends its mail and what keeps its caches: each is made to ask the pack first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.django.cache import COMMANDS
from changeover.packs.django.hooks import NAME
from changeover.packs.host import is_replayed, outside, serving
from changeover.packs.patches import replace

_ASKS = "changeover_asks"


def hook_mail(module: Any) -> None:
    """Replace what `django.core.mail` makes backends with: since Django 6.1 a table of mailers.

    There `get_connection` stays as it is, as it warns of those who call it from outside of Django.
    """
    mailers = getattr(module, "MailersHandler", None)
    if mailers is None:
        replace(module, "get_connection", _giving)
    else:
        replace(mailers, "create_connection", _giving)


def hook_backends(module: Any) -> None:
    """Let a backend ask first which the program makes itself: the class is in `backends.base`."""
    base = module.BaseEmailBackend
    if "__new__" in vars(base):  # from here, an earlier time
        return

    def made(cls: type, *_: Any, **__: Any) -> Any:
        return _sending_first(object.__new__(cls))

    base.__new__ = made


def hook_caches(module: Any) -> None:
    """Replace what `django.core.cache` makes caches with; this thread may have some already."""
    from django.conf import settings

    replace(module.CacheHandler, "create_connection", _making)
    if settings.configured:
        for alias in module.caches:
            if hasattr(module.caches._connections, alias):
                _ask_first(module.caches[alias], alias)


def _giving(original: Callable[..., Any]) -> Callable[..., Any]:
    def give(*args: Any, **kwargs: Any) -> Any:
        return _sending_first(original(*args, **kwargs))

    return give


def _sending_first(backend: Any) -> Any:
    """Let a backend ask the pack before it sends, or opens a connection."""
    if getattr(backend.send_messages, _ASKS, False):
        return backend
    really, opens = backend.send_messages, backend.open

    def send_messages(messages: Any) -> Any:
        found = serving(NAME)
        if found is None or found.mail is None:
            return really(messages)
        return found.mail.send(backend, messages, really)

    def open_it() -> Any:
        found = serving(NAME)
        if found is None or found.mail is None:
            return opens()
        if is_replayed():
            return None
        with outside():
            return opens()

    setattr(send_messages, _ASKS, True)
    backend.send_messages, backend.open = send_messages, open_it
    return backend


def _making(original: Callable[..., Any]) -> Callable[..., Any]:
    def make(handler: Any, alias: str) -> Any:
        return _ask_first(original(handler, alias), alias)

    return make


def _ask_first(cache: Any, alias: str) -> Any:
    if not getattr(cache, _ASKS, False):
        setattr(cache, _ASKS, True)
        for command in COMMANDS:
            setattr(cache, command, _asking(command, getattr(cache, command), alias))
    return cache


def _asking(command: str, really: Callable[..., Any], alias: str) -> Callable[..., Any]:
    def ask(*args: Any, **named: Any) -> Any:
        found = serving(NAME)
        if found is None or found.cache is None:
            return really(*args, **named)
        return found.cache.ask(alias, command, really, args, named)

    return ask
