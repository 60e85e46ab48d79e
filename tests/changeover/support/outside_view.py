"""What a process does to the world, counted from outside: files, sockets, other processes, locks, memory."""

from __future__ import annotations

import hashlib
import os
import selectors
import shutil
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

LOOK_S = 0.003
_OF_THE_TOOLKIT = (".changeover", "migration", "__pycache__")


class Outside:
    """A folder, listeners and the table of processes, watched by a thread until it is closed.

    Args:
        root: the folder of the program.
        below: gives the processes that a deed has started and that are there now.
    """

    def __init__(self, root: Path, below: Callable[[], list[int]]) -> None:
        self.root, self._below = root, below
        self._counts: Counter[str] = Counter()
        self.program: int | None = None
        """The process that recorded, once there is one: whether somebody traces it is seen from outside."""
        self._sockets: dict[str, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._over = threading.Event()
        self.scratch, self._shared = root / "scratch", f"hostile-{os.getpid()}-{id(self)}"
        for name, family, kind in (
            *(("tcp", socket.AF_INET, socket.SOCK_STREAM), ("udp", socket.AF_INET, socket.SOCK_DGRAM)),
            *(("unix", socket.AF_UNIX, socket.SOCK_STREAM), ("abstract", socket.AF_UNIX, socket.SOCK_STREAM)),
            ("unix_datagrams", socket.AF_UNIX, socket.SOCK_DGRAM),
        ):
            self._listen(name, family, kind)
        self.import_port = self._listen("import", socket.AF_INET, socket.SOCK_STREAM)
        self.bound, self._key = _free_port(), 0x6368_0000 | os.getpid() & 0xFFFF
        self.renew()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _listen(self, name: str, family: int, kind: int) -> int:
        found = self._sockets[name] = socket.socket(family, kind)
        address: Any = ("127.0.0.1", 0)
        if family == socket.AF_UNIX:
            address = f"\0{self._shared}" if name == "abstract" else str(self.root / f"{name}.socket")
        found.bind(address)
        if kind == socket.SOCK_STREAM:
            found.listen()
        found.setblocking(False)
        self._selector.register(found, selectors.EVENT_READ, name)
        return 0 if family == socket.AF_UNIX else int(found.getsockname()[1])

    @property
    def given(self) -> dict[str, Any]:
        """Where to a deed may reach."""
        return {
            "name": "SPY",
            "items": [{"price": 1}, {"price": 2}],
            "folder": str(self.scratch),
            "file": str(self.scratch / "orders.txt"),
            "tcp": self._sockets["tcp"].getsockname()[1],
            "udp": self._sockets["udp"].getsockname()[1],
            "unix": str(self.root / "unix.socket"),
            "unix_datagrams": str(self.root / "unix_datagrams.socket"),
            "abstract": self._shared,
            "bound": self.bound,
            "shared": self._shared,
            "key": self._key,
        }

    def renew(self) -> None:
        """The files as they are before a deed, and nothing counted."""
        for name in ("scratch", "copied", "temporary"):
            shutil.rmtree(self.root / name, ignore_errors=True)
        (self.root / "temporary").mkdir()
        (self.scratch / "empty").mkdir(parents=True)
        (self.scratch / "orders.txt").write_text("orders of a day")
        for name in ("hostile", "hostile.txt", "elsewhere"):
            (self.root / name).unlink(missing_ok=True)
        Path(f"/dev/shm/{self._shared}").unlink(missing_ok=True)  # noqa: S108
        _remove_shared_memory(self._key)
        (self.root / "shared").write_bytes(bytes(16))
        self._counts.clear()
        self._files = self._tree()

    def traces(self) -> dict[str, int]:
        """What was left or seen since it was renewed, by kind."""
        files = self._tree()
        changed = sum(files.get(name) != self._files.get(name) for name in files.keys() | self._files.keys())
        return dict(sorted({**self._counts, **({"file": changed} if changed else {})}.items()))

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self.renew()
        for key in [*self._selector.get_map().values()]:
            key.fileobj.close()  # type: ignore[union-attr]
        self._selector.close()

    def _tree(self) -> dict[str, str]:
        found = {}
        for folder, folders, names in os.walk(self.root):
            folders[:] = [name for name in folders if name not in _OF_THE_TOOLKIT]
            for name in (*folders, *names):
                path = Path(folder, name)
                with suppress(OSError):
                    state = path.lstat()
                    whole = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
                    attributes = os.listxattr(path, follow_symlinks=False)
                    times = int(state.st_mtime) if path.is_file() else 0
                    facts = (state.st_mode, state.st_uid, state.st_gid, times, attributes)
                    found[str(path)] = f"{facts} {hashlib.sha256(whole).hexdigest()}"
        return found

    def _watch(self) -> None:
        while not self._over.is_set():
            for key, _ in self._selector.select(LOOK_S):
                self._take(key)
            self._look()

    def _take(self, key: selectors.SelectorKey) -> None:
        found, name = self._sockets.get(key.data), key.data
        with suppress(OSError):
            if found is key.fileobj and found.type == socket.SOCK_STREAM:
                connected, _ = found.accept()
                if name != "import":
                    self._counts["connection"] += 1
                connected.setblocking(False)
                self._selector.register(connected, selectors.EVENT_READ, f"{name} data")
            elif found is key.fileobj:
                found.recv(100)
                self._counts["datagram"] += 1
            else:
                said = key.fileobj.recv(1000)  # type: ignore[union-attr]
                if said and name == "import data":
                    self._counts["connection of the import"] += 1
                if not said:
                    self._selector.unregister(key.fileobj)
                    key.fileobj.close()  # type: ignore[union-attr]

    def _look(self) -> None:
        processes = len(self._below())
        if processes > self._counts["process"]:
            self._counts["process"] = processes
        with suppress(OSError):
            if _is_bound(self.bound):
                self._counts["listener"] = 1
        if Path(f"/dev/shm/{self._shared}").exists():  # noqa: S108
            self._counts["shared memory"] = 1
        if any(
            line.split()[0] == str(self._key) for line in Path("/proc/sysvipc/shm").read_text().splitlines()
        ):
            self._counts["shared memory"] = 1
        with suppress(OSError):
            state = Path(f"/proc/{self.program}/status").read_text()
            if "TracerPid:\t0" not in state and "TracerPid" in state:
                self._counts["tracer of the program"] = 1
        with suppress(OSError):
            inode = (self.scratch / "orders.txt").stat().st_ino
            locks = (line.split() for line in Path("/proc/locks").read_text().splitlines())
            if any("FLOCK" in words and f":{inode}" in " ".join(words) for words in locks):
                self._counts["lock"] = 1


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _is_bound(port: int) -> bool:
    for name, state in (("tcp", " 0A "), ("udp", "")):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            if line.split()[1].endswith(f":{port:04X}") and state in line:
                return True
    return False


def _remove_shared_memory(key: int) -> None:
    import ctypes

    system = ctypes.CDLL(None)
    found = system.shmget(key, ctypes.c_size_t(0), 0)
    if found != -1:
        system.shmctl(found, 0, None)


def children_of(pid: int) -> list[int]:
    """Those that are alive; a zombie is one as well."""
    found: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
            with suppress(OSError):
                found += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
    return found


def until(is_so: Callable[[], bool], seconds: float) -> bool:
    """Wait for it; False where it does not come."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.03)
    return True
