"""Replayed paths that try to reach past their process, through Python and through C, by what they do.

`given` has where to: a folder, listeners, the process of the program. Those that are no C go through what
CPython announces; those in C are seen by the kernel alone.
"""

from __future__ import annotations

import asyncio
import http.client
import logging
import os
import shutil
import socket
import sqlite3
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Callable
from multiprocessing import connection as connections
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

from tests.changeover.support import hostile_program_state as state

Given = dict[str, Any]
HELD_S = 0.3
"""What goes again by itself is kept for so long, so that it can be seen from outside."""
_DEEDS: dict[str, Callable[[Given], object]] = {}
SLEEPS = ["/bin/sleep", str(HELD_S)]


def deed(path: Callable[[Given], object]) -> Callable[[Given], object]:
    _DEEDS[path.__name__.replace("_", " ")] = path
    return path


def _folder(given: Given) -> Path:
    return Path(given["folder"])


def nicer(given: Given) -> int:
    """Another priority than the program has."""
    return os.getpriority(os.PRIO_PROCESS, given["program"]) + 1


@deed
def connects_over_tcp(given: Given) -> object:
    with socket.create_connection(("127.0.0.1", given["tcp"]), timeout=2) as found:
        found.sendall(b"hostile")
    return None


@deed
def sends_a_datagram(given: Given) -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        return found.sendto(b"hostile", ("127.0.0.1", given["udp"]))


@deed
def sends_on_a_connected_datagram_socket(given: Given) -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.connect(("127.0.0.1", given["udp"]))
        return found.send(b"hostile")


@deed
def connects_to_a_unix_socket(given: Given) -> object:
    with socket.socket(socket.AF_UNIX) as found:
        found.connect(given["unix"])
    return None


@deed
def connects_to_an_abstract_socket(given: Given) -> object:
    with socket.socket(socket.AF_UNIX) as found:
        found.connect(b"\0" + given["abstract"].encode())
    return None


@deed
def sends_a_datagram_to_a_unix_socket(given: Given) -> object:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as found:
        return found.sendto(b"hostile", given["unix_datagrams"])


@deed
def connects_in_a_loop(given: Given) -> object:
    async def ask() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", given["tcp"])
        writer.write(b"hostile")
        writer.close()
        await writer.wait_closed()

    return asyncio.run(ask())


@deed
def serves_in_a_loop(given: Given) -> object:
    async def serve() -> None:
        async with await asyncio.start_server(lambda *_: None, "127.0.0.1", given["bound"]):
            await asyncio.sleep(HELD_S)

    return asyncio.run(serve())


@deed
def serves_over_tcp(given: Given) -> object:
    with socket.create_server(("127.0.0.1", given["bound"])):
        time.sleep(HELD_S)
    return None


@deed
def binds_a_datagram_socket(given: Given) -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", given["bound"]))
        time.sleep(HELD_S)
    return None


@deed
def binds_a_unix_socket(given: Given) -> object:
    with socket.socket(socket.AF_UNIX) as found:
        found.bind(str(_folder(given) / "bound"))
        found.listen()
    return None


@deed
def asks_over_http(given: Given) -> object:
    found = http.client.HTTPConnection("127.0.0.1", given["tcp"], timeout=1)
    found.request("GET", "/hostile")
    return found.getresponse().status


@deed
def opens_a_url(given: Given) -> object:
    return urllib.request.urlopen(f"http://127.0.0.1:{given['tcp']}/", timeout=1).status


@deed
def connects_to_another_process(given: Given) -> object:
    connections.Client(("127.0.0.1", given["tcp"])).send("hostile")
    return None


@deed
def listens_for_another_process(given: Given) -> object:
    with connections.Listener(("127.0.0.1", given["bound"])):
        time.sleep(HELD_S)
    return None


@deed
def writes_to_a_connection_of_the_import(given: Given) -> object:
    assert state.CONNECTION is not None
    return state.CONNECTION.send(b"hostile")


@deed
def writes_to_every_descriptor(given: Given) -> object:
    sent = 0
    for number in range(3, 256):
        try:
            sent += os.write(number, b"hostile")
        except OSError:
            continue
    return sent


@deed
def makes_a_file(given: Given) -> object:
    return os.open(_folder(given) / "made", os.O_CREAT | os.O_WRONLY, 0o600)


@deed
def appends_to_a_file(given: Given) -> object:
    with Path(given["file"]).open("a", encoding="utf-8") as file:
        return file.write("hostile")


@deed
def copies_a_file(given: Given) -> object:
    return shutil.copy(given["file"], _folder(given) / "copied")


@deed
def copies_a_tree(given: Given) -> object:
    return shutil.copytree(_folder(given), _folder(given).with_name("copied"))


@deed
def removes_a_tree(given: Given) -> None:
    shutil.rmtree(_folder(given))


@deed
def makes_a_temporary_file(given: Given) -> object:
    return tempfile.mkstemp()


@deed
def makes_a_temporary_folder(given: Given) -> object:
    return tempfile.mkdtemp()


@deed
def makes_a_folder(given: Given) -> None:
    (_folder(given) / "made").mkdir()


@deed
def removes_a_folder(given: Given) -> None:
    (_folder(given) / "empty").rmdir()


@deed
def renames_a_file(given: Given) -> None:
    os.replace(given["file"], _folder(given) / "renamed")  # noqa: PTH105


@deed
def links_a_file(given: Given) -> None:
    os.symlink(given["file"], _folder(given) / "symbolic")  # noqa: PTH211
    os.link(given["file"], _folder(given) / "hard")


@deed
def links_a_file_hard(given: Given) -> None:
    os.link(given["file"], _folder(given) / "hard")


@deed
def changes_the_mode_of_a_file(given: Given) -> None:
    Path(given["file"]).chmod(0o666)


@deed
def changes_the_times_of_a_file(given: Given) -> None:
    os.utime(given["file"], (1, 1))


@deed
def changes_the_owner_of_a_file(given: Given) -> None:
    os.chown(given["file"], os.getuid(), 65_534)


@deed
def truncates_a_file(given: Given) -> None:
    os.truncate(given["file"], 1)


@deed
def gives_a_file_an_attribute(given: Given) -> None:
    os.setxattr(given["file"], "user.hostile", b"1")


@deed
def opens_a_database(given: Given) -> object:
    with sqlite3.connect(_folder(given) / "made.db") as found:
        return found.execute("CREATE TABLE hostile (a)").fetchall()


@deed
def archives_a_file(given: Given) -> None:
    with zipfile.ZipFile(_folder(given) / "made.zip", "w") as archive:
        archive.write(given["file"])


@deed
def logs_to_a_file(given: Given) -> None:
    handler = logging.FileHandler(_folder(given) / "made.log")
    handler.emit(logging.makeLogRecord({"msg": "hostile"}))


@deed
def shares_memory(given: Given) -> None:
    found = SharedMemory(given["shared"], create=True, size=16)
    time.sleep(HELD_S)
    found.close()


@deed
def writes_to_memory_of_the_import_that_is_shared(given: Given) -> object:
    state.SHARED[0:7] = b"hostile"
    return None


@deed
def tells_the_system_to_end_it_last(given: Given) -> object:
    return Path(f"/proc/{given['program']}/oom_score_adj").write_text("1")


DEEDS = _DEEDS
