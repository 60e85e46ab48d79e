"""The body of a request, which a server gives once: it is kept while the program reads it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from changeover.packs.host import cannot_be_given, is_replayed

KEPT_MAX = 8_000_000
"""Bytes of a body that are kept; of a longer one a replay gets nothing."""
_LOOKING = frozenset(
    {"close", "closed", "readable", "seekable", "writable", "fileno", "isatty", "name", "mode"}
)
NOT_READ = "the body of the request, which the answering path did not read to that place"


class KeptInput:
    """In the place of `wsgi.input`: reads as ever, and keeps what it has read, from the beginning."""

    def __init__(self, given: Any) -> None:
        self._given = given
        self._kept: list[bytes] = []
        self._size = 0
        self.is_at_end = False

    def read(self, size: int | None = -1) -> bytes:
        """As the server's own."""
        wanted = -1 if size is None else size
        return self._keep(self._read(wanted), wanted)

    def readline(self, size: int | None = -1) -> bytes:
        """As the server's own."""
        self._refuse_replay()
        return self._keep(self._given.readline(*(() if size in (None, -1) else (size,))), 1)

    def readlines(self, hint: int = -1) -> list[bytes]:
        """As the server's own."""
        return list(self)

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line

    def readinto(self, buffer: Any) -> int:
        """As of any raw stream."""
        view = memoryview(buffer)
        found = self.read(len(view))
        view[: len(found)] = found
        return len(found)

    def __getattr__(self, name: str) -> Any:
        self._refuse_replay()
        found = getattr(self._given, name)
        if name not in _LOOKING:
            self._size = KEPT_MAX + 1  # what is read in that way is not seen
        return found

    def _read(self, size: int) -> bytes:
        self._refuse_replay()
        found: bytes = self._given.read() if size < 0 else self._given.read(size)
        return found

    def _refuse_replay(self) -> None:
        if is_replayed():
            cannot_be_given("wsgi", "the body of a request that the path holds in another place")

    def _keep(self, found: bytes, wanted: int) -> bytes:
        self.is_at_end = self.is_at_end or wanted < 0 or (wanted > 0 and not found)
        self._size += len(found)
        if self._size <= KEPT_MAX:
            self._kept.append(found)
        else:
            self._kept.clear()
        return found

    @property
    def place(self) -> int:
        """How many bytes were read."""
        return self._size

    def again(self, place: int, length: str, refuse: Callable[[str], None]) -> io.RawIOBase:
        """The same body from that place on; `refuse` ends the path that reads more than was read.

        Args:
            place: where it begins.
            length: what the request says that it has in all, as a text; empty where it says nothing.
            refuse: is told why.
        """
        whole = b"".join(self._kept) if self._size <= KEPT_MAX else b""
        is_whole = self.is_at_end or (length.isdigit() and len(whole) >= int(length))
        return _Again(whole[place:], is_whole, refuse)


class ServerErrors:
    """In the place of `wsgi.errors`: what a replayed path writes there is not written."""

    def __init__(self, given: Any) -> None:
        self._given = given

    def write(self, text: str) -> Any:
        """As the server's own."""
        return len(text) if is_replayed() else self._given.write(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """As the server's own."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """As the server's own."""
        if not is_replayed():
            self._given.flush()


def keep_body(environ: Any) -> None:
    """Put these in the places of what the server gave, once."""
    if "wsgi.input" in environ and not isinstance(environ["wsgi.input"], KeptInput):
        environ["wsgi.input"] = KeptInput(environ["wsgi.input"])
    if "wsgi.errors" in environ and not isinstance(environ["wsgi.errors"], ServerErrors):
        environ["wsgi.errors"] = ServerErrors(environ["wsgi.errors"])


class _Again(io.RawIOBase):
    """A stream over what was read; at its end there is nothing only where the body ended there."""

    def __init__(self, body: bytes, is_whole: bool, refuse: Callable[[str], None]) -> None:
        self._body = io.BytesIO(body)
        self._left = len(body)
        self._is_whole = is_whole
        self._refuse = refuse

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As of any raw stream."""
        view = memoryview(buffer)
        found = self._body.read(len(view))
        if not found and len(view) and not self._is_whole:
            self._refuse(NOT_READ)
        view[: len(found)] = found
        return len(found)
