"""What a replay may not do past its ports: CPython announces sockets, processes, threads and files."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from importlib import import_module
from threading import Lock, local
from typing import Any

from changeover.errors import ReplayRefusal
from changeover.record.calling_client import CallingClient, calling_client
from changeover.record.context import PERMIT, Args, current_session
from changeover.record.instrument import replace_imported_names
from changeover.record.program_log import hear_program_log
from changeover.replay.held_collections import leave_garbage_to_the_program
from changeover.replay.own_pairs import note_pair
from changeover.replay.own_signals import keep_signals_apart
from changeover.replay.random_numbers import give_replays_own_random, load_random_of_numpy
from changeover.values.identity import id_is_heard

_THREAD_STARTS = "_thread.start_new_thread"
_PROCESS_STARTS = "_posixsubprocess.fork_exec"
_UNANNOUNCED = {  # by CPython: what ends a process, is shared with others, or changes what there is one of
    "os": (
        *(
            "_exit",
            "abort",
            "umask",
            "nice",
            "setpriority",
            "setpgid",
            "setpgrp",
            "setsid",
            "mkfifo",
            "mknod",
        ),
        *("sched_setaffinity", "sched_setscheduler", "sched_setparam"),
    ),
    "signal": ("pidfd_send_signal",),
    "_posixshmem": ("shm_open", "shm_unlink"),
}
_REFUSED = frozenset(
    {
        *(f"{module}.{name}" for module, names in _UNANNOUNCED.items() for name in names),
        *("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo"),
        *("socket.gethostbyname", "socket.gethostbyaddr"),
        *("subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn"),
        *("os.startfile", "pty.spawn", "_thread.start_new_thread", "_thread.start_joinable_thread"),
        *("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink"),
        *("os.chmod", "os.chown", "os.chflags", "os.utime", "os.setxattr", "os.removexattr", "os.lockf"),
        *("os.kill", "os.killpg", "signal.pthread_kill", "os.putenv", "os.unsetenv", "os.chdir"),
        *("http.client.send", "http.client.connect", "ftplib.sendcmd", "ftplib.connect", "smtplib.send"),
        *("smtplib.connect", "imaplib.send", "imaplib.open", "poplib.putline", "poplib.connect"),
        *("telnetlib.Telnet.write", "telnetlib.Telnet.open", "nntplib.putline", "nntplib.connect"),
        *("syslog.syslog", "syslog.openlog", "socket.sethostname", "resource.setrlimit", _PROCESS_STARTS),
        *("resource.prlimit", "fcntl.flock", "fcntl.lockf", "builtins.input"),
        *("sqlite3.enable_load_extension", "winreg.SetValue", "winreg.DeleteKey", "winreg.CreateKey"),
    }
)
_LOOK_UPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
_LOOKED_INTO = frozenset({"open", "socket.__new__", "sqlite3.connect", "os.kill", *_LOOK_UPS})
_OF_BYTECODE = {"os.mkdir": 1, "os.rename": 2, "os.remove": 1}
"""What an import does beside opening a file, and how many of the arguments are paths."""
_SQLITE_ATTACH = 24  # VACUUM INTO attaches as well
_SQLITE_OK, _SQLITE_DENY = 0, 1
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LOCAL_FAMILY = getattr(socket, "AF_UNIX", None)
_installing = Lock()
_installed = False
watched: tuple[bool, bool] | None = None
"""Whether numpy, whole, and structlog were there when replays were isolated last; None before that."""


def keep_isolated() -> None:
    """Isolate replays where that was not done yet, or where numpy or structlog has come since."""
    if watched != ("numpy" in sys.modules, "structlog" in sys.modules):
        isolate()


def isolate() -> None:
    """Refuse such deeds from now on to what runs as a replay, and for ever to what it left behind.

    Its log and its random numbers are its own. Needed once, and once more when one of the two has come
    (`keep_isolated`).
    """
    global _installed, watched
    with _installing:
        hear_program_log()
        watched = (load_random_of_numpy(), "structlog" in sys.modules)
        give_replays_own_random()
        if not _installed:
            _installed = True
            sys.addaudithook(_on_event)
            id_is_heard()
            _watch_unannounced()
            _watch_databases()
            keep_signals_apart()
            leave_garbage_to_the_program()


def _on_event(
    event: str,
    args: Args,
    heard: frozenset[str] = _REFUSED | _LOOKED_INTO,
    here: dict[str, Any] = globals(),  # noqa: B008  this very one
) -> None:
    # A hook cannot be taken away, and at its end the interpreter empties this module.
    if event not in heard or here["_REFUSED"] is None:
        return
    catch = _refuser()
    if catch is None or PERMIT.given:
        return
    detail = _detail(event, args)
    if detail is not None:
        catch(event, detail)


def _refuser() -> Callable[[str, str], None] | None:
    """What refuses a deed in a replay, and in code that only looks; None elsewhere."""
    catch: Callable[[str, str], None] | None = getattr(current_session(), "catch", None)
    return catch


def _watch_unannounced() -> None:
    """What the functions below all others announce not."""
    _announce("_thread", "start_new_thread", _THREAD_STARTS)
    _announce("_thread", "start_new", _THREAD_STARTS)
    _announce("_posixsubprocess", "fork_exec", _PROCESS_STARTS)
    for module, names in _UNANNOUNCED.items():
        for name in names:
            _announce(module, name, f"{module}.{name}")


def _announce(module_name: str, name: str, event: str) -> None:
    try:
        module = import_module(module_name)
        original = getattr(module, name)
    except (ImportError, AttributeError):
        return  # not on this system

    @wraps(original)
    def announced(*args: Any, **kwargs: Any) -> Any:
        _on_event(event, (getattr(args[0], "__qualname__", event) if args else event,))
        return original(*args, **kwargs)

    setattr(module, name, announced)


def _watch_databases() -> None:
    """Connections that a replay opens are asked what they attach; those of an answering path are noted."""
    try:
        sqlite3 = import_module("sqlite3")  # of the program; the toolkit's own store is another room
    except ImportError:
        return
    original = sqlite3.connect

    @wraps(original)
    def connect(*args: Any, **kwargs: Any) -> Any:
        if _refuser() is None:
            _note_database(args[0] if args else kwargs.get("database"))
            return original(*args, **kwargs)
        _connecting.is_watched = True
        try:
            connection = original(*args, **kwargs)
        finally:
            _connecting.is_watched = False
        _watch_database(connection, sqlite3.Connection.set_authorizer)
        return connection

    for module in (sqlite3, sqlite3.dbapi2):
        setattr(module, "connect", connect)  # noqa: B010  as an assignment it would not type
    replace_imported_names(original, connect)


def _note_database(name: Any) -> None:
    """What an answering path writes into a file by itself stands in no observation: a pack is not asked."""
    sent: Callable[[str, CallingClient, None], None] | None = getattr(current_session(), "sent", None)
    if sent is None or PERMIT.given or not isinstance(name, str | bytes | os.PathLike):
        return
    path = os.fsdecode(name)
    followers: Any = getattr(current_session(), "followers", {}).values()
    is_followed = any(one.covers_database(path) for one in followers if hasattr(one, "covers_database"))
    if not _is_in_memory(path) and not is_followed:
        sent(path, calling_client("sqlite3"), None)


class _Connecting(local):
    """Whether this thread opens a database that is asked from then on."""

    is_watched = False


_connecting = _Connecting()


def _watch_database(connection: Any, set_authorizer: Any) -> None:
    """A database in memory can write into others that it attaches."""

    def authorize(action: int, argument: str | None, *_: Any) -> int:
        catch = _refuser()
        is_harmless = action != _SQLITE_ATTACH or (argument is not None and _is_in_memory(argument))
        if is_harmless or catch is None:
            return _SQLITE_OK
        with suppress(ReplayRefusal):  # what is raised here, SQLite drops
            catch("sqlite3.attach", argument or "a file that is a parameter")
        return _SQLITE_DENY

    set_authorizer(connection, authorize)


def _is_in_memory(name: str) -> bool:
    return name in (":memory:", "") or "mode=ro" in name or "mode=memory" in name


def _is_own_host(name: Any) -> bool:
    """Whether a look-up is of this machine's own name, as `email.utils.make_msgid` makes."""
    own = (socket.gethostname(), "localhost", "127.0.0.1", "::1", "0.0.0.0", "", None)  # noqa: S104  no bind
    return name in own


def _detail(event: str, args: Args) -> str | None:
    """What was to be opened; None where it is harmless."""
    if event == "open":
        return _written_file(*args)
    if event == "socket.__new__":  # an event loop's own pair of sockets is no way out
        if args[1] != _LOCAL_FAMILY:
            return f"family {args[1]}"
        note_pair(args[0])
        return None
    if event == "sqlite3.connect":
        name = os.fsdecode(args[0]) if isinstance(args[0], str | bytes | os.PathLike) else str(args[0])
        return None if _is_in_memory(name) and _connecting.is_watched else name
    if event in _LOOK_UPS and _is_own_host(args[0]):
        return None
    if event == "os.kill" and not args[1]:
        return None  # whether a process is there
    if event in _OF_BYTECODE and all(map(_is_bytecode, args[: _OF_BYTECODE[event]])):
        return None  # what is imported for the first time is compiled
    words = [argument for argument in args if isinstance(argument, str | bytes | tuple | list | int)]
    return repr(words[0])[:200] if words else ""


def _written_file(path: Any, mode: Any, flags: Any) -> str | None:
    if isinstance(path, int) or not isinstance(path, str | bytes | os.PathLike):
        return None  # a descriptor that is open already
    writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool(flags & _WRITING)
    name = os.fsdecode(path)
    return None if not writes or name == os.devnull or _is_bytecode(name) else name


def _is_bytecode(path: Any) -> bool:
    """Whether Python keeps what it compiled there."""
    name = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
    prefix = sys.pycache_prefix
    return "__pycache__" in name or (prefix is not None and f"{name}{os.sep}".startswith(f"{prefix}{os.sep}"))
