"""What the program has open at this moment with which a path may reach the outside past every port.

Looks through all objects there are, which takes some hundredths of a second: for `doctor` alone.
"""

from __future__ import annotations

import gc
import io
import logging
import os
import socket
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from types import BuiltinMethodType
from typing import Any

from changeover.record.held_functions import holders_of
from changeover.record.known_clients import client_named

_TALKING = frozenset({"connection", "producer", "channel", "curl", "socket", "client"})
_SENDING = frozenset({"send", "sendall", "sendto", "sendmsg"})
_STANDARD_MAX = 2
"""The descriptors of standard streams are not above this one."""
_OWN = "changeover."
_MET = ("amqp.",)
"""Who holds functions of a socket, and is refused above them."""


def open_clients() -> list[str]:
    """A few words about each thing that is open, with its number where there are several alike."""
    found: Counter[str] = Counter()
    logs = _files_of_logs()
    objects = _worth_a_look()
    for one in objects:
        with suppress(Exception):  # of the program: it may be closed at this moment, or say anything
            found.update(_said(one, logs))
    found.update(_taken(objects))
    return [text if number == 1 else f"{text} ({number} times)" for text, number in found.items()]


def _worth_a_look() -> list[Any]:
    """What may be open, of all objects there are; a class is looked at once, not with each of its objects."""
    objects = gc.get_objects()
    classes = dict(zip(map(id, map(type, objects)), map(type, objects), strict=True))
    wanted = set()
    for number, cls in classes.items():
        with suppress(Exception):
            if cls is BuiltinMethodType or issubclass(cls, socket.socket | io.FileIO) or _client_of(cls):
                wanted.add(number)
    return [one for one in objects if id(type(one)) in wanted]


def _client_of(cls: type) -> str:
    """What an object of this class is, where it talks in C; empty for all else."""
    if not cls.__module__.startswith(_OWN):
        for base in cls.__mro__:  # a program may have derived one
            if base.__name__.lower() in _TALKING:
                client = client_named(base.__module__)
                if client is not None and client.in_c:
                    return f"a {base.__name__.lower()} of {client.name}"
    return ""


def _said(one: Any, logs: frozenset[str]) -> Iterator[str]:
    cls = type(one)
    if issubclass(cls, socket.socket):
        if one.fileno() >= 0 and one.family != getattr(socket, "AF_UNIX", None):
            host, port = one.getpeername()[:2]
            yield f"a connection to {host}:{port}"
    elif issubclass(cls, io.FileIO):
        if not one.closed and one.writable() and one.fileno() > _STANDARD_MAX and _is_named(one.name, logs):
            yield f"the file {one.name}"
    elif cls is not BuiltinMethodType:
        yield _client_of(cls)


def _is_named(name: Any, logs: frozenset[str]) -> bool:
    return isinstance(name, str) and name != os.devnull and os.path.realpath(name) not in logs


def _files_of_logs() -> frozenset[str]:
    loggers = [logging.root, *logging.root.manager.loggerDict.values()]
    handlers = [one for logger in loggers for one in getattr(logger, "handlers", ())]
    return frozenset(os.path.realpath(getattr(one, "baseFilename", "")) for one in handlers)


def _taken(objects: Iterable[Any]) -> Iterator[str]:
    """Functions in C of a socket that somebody holds: no net meets who calls them."""
    for one in objects:
        if type(one) is BuiltinMethodType and one.__name__ in _SENDING:
            if not isinstance(one.__self__, socket.socket):
                continue
            for place in dict.fromkeys(holders_of(one, {id(objects)})):
                if not place.removeprefix("an object of ").startswith(_MET):
                    yield f"{one.__name__} of a connection that {place} holds"
