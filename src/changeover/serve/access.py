"""Who may ask, and who may move: hosts by name, a token that is compared in constant time, and its tries."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest
from ipaddress import ip_address

TRIES_MAX = 5
TRIES_S = 60.0
"""So many wrong tokens within so many seconds, then nobody may try for a while."""
TOKEN_LEAST = 16
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Hosts:
    """The names under which pages may be asked for.

    A page of another site can have its own name lead to this machine (DNS rebinding), and then read pages
    that listen on loopback. So these answer to the names of this machine alone, and to those that were given.
    """

    def __init__(self, listens_at: str, also: Iterable[str] = ()) -> None:
        named = frozenset(name.lower() for name in also)
        self._allowed = None if not named and not is_loopback(listens_at) else named | set(LOOPBACK_NAMES)

    def allows(self, header: str) -> bool:
        """Whether a `Host` header names this server."""
        return self._allowed is None or name_in(header) in self._allowed


def name_in(header: str) -> str:
    """The name in `name:port`, in small letters."""
    text = header.strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0]


def is_of_this_site(headers: Mapping[str, str]) -> bool:
    """Whether a form was sent by a page of this server, as far as the browser says.

    It is no more than a second lock: no page of another site knows the token.
    """
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2].lower() == headers.get("host", "").lower()


class Allowed(StrEnum):
    """What became of a try with a token."""

    YES = "yes"
    NO = "no"
    LATER = "later"


class Token:
    """Compares in constant time, and lets nobody guess: after some wrong tries all have to wait."""

    def __init__(self, secret: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._digest, self._monotonic = _digest(secret), monotonic
        self._wrong: deque[float] = deque(maxlen=TRIES_MAX)
        self._lock = threading.Lock()

    def check(self, given: str) -> Allowed:
        """Whether it is the token; a right one is of no use either while everybody has to wait."""
        with self._lock:
            now = self._monotonic()
            if len(self._wrong) == TRIES_MAX and now - self._wrong[0] < TRIES_S:
                return Allowed.LATER
            if compare_digest(_digest(given), self._digest):
                return Allowed.YES
            self._wrong.append(now)
            return Allowed.NO


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "backslashreplace")).digest()
