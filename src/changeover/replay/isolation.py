"""What a replay may not do past its ports: CPython announces sockets, processes, threads and files."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from changeover.record.context import PERMIT, SESSION, Args

_REFUSED = frozenset(
    {
        *("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"),
        *("socket.gethostbyname", "socket.gethostbyaddr"),
        *("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn"),
        *("os.startfile", "pty.spawn", "_thread.start_new_thread", "_thread.start_joinable_thread"),
        *("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink"),
    }
)
_LOOKED_INTO = frozenset({"open", "socket.__new__", "sqlite3.connect"})
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LOCAL_FAMILY = getattr(socket, "AF_UNIX", None)
_installing = Lock()
_installed = False


@contextmanager
def isolated() -> Iterator[None]:
    """Refuse such deeds while a replay runs, and for ever to what it left behind."""
    global _installed
    with _installing:
        if not _installed:
            _installed = True
            sys.addaudithook(_on_event)
    yield


def _on_event(event: str, args: Args) -> None:
    if event not in _REFUSED and event not in _LOOKED_INTO:
        return
    catch = getattr(SESSION.get(), "catch", None)
    if catch is None or PERMIT.given:
        return
    detail = _detail(event, args)
    if detail is not None:
        catch(event, detail)


def _detail(event: str, args: Args) -> str | None:
    """What was to be opened; None where it is harmless."""
    if event == "open":
        return _written_file(*args)
    if event == "socket.__new__":  # an event loop's own pair of sockets is no way out
        return None if args[1] == _LOCAL_FAMILY else f"family {args[1]}"
    if event == "sqlite3.connect":
        name = os.fsdecode(args[0]) if isinstance(args[0], str | bytes | os.PathLike) else str(args[0])
        return None if name in (":memory:", "") or "mode=ro" in name or "mode=memory" in name else name
    words = [argument for argument in args if isinstance(argument, str | bytes | tuple | list | int)]
    return repr(words[0])[:200] if words else ""


def _written_file(path: Any, mode: Any, flags: Any) -> str | None:
    if isinstance(path, int) or not isinstance(path, str | bytes | os.PathLike):
        return None  # a descriptor that is open already
    writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool(flags & _WRITING)
    name = os.fsdecode(path)
    if not writes or name == os.devnull or "__pycache__" in name:
        return None
    return name
