"""Secrets found in texts: in whatever form they stand there, many of them at once.

A pattern for a set of secrets takes longer to be made than the texts of a run to be read, and every run has
secrets of its own. So the forms of a secret are worked out once, and kept by the four characters they begin
with; a text is read from left to right, and where four characters are known the longest form is taken.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus

FOUND_CHARACTERS_MIN = 4
"""A shorter secret is taken out of its own place only: as a part of other texts it would be anything."""
WHOLE_WORD_BELOW = 6
"""A shorter one is found only where it stands by itself: `4711`, but not in `147110`."""
_BASE64_BYTES_MIN = 6
_FORMS_KEPT_MAX = 8_192
_FINDERS_KEPT_MAX = 64
_STEP = FOUND_CHARACTERS_MIN


class Finder:
    """Looks for a set of secrets."""

    __slots__ = ("_by_start",)

    def __init__(self, secrets: Iterable[str]) -> None:
        self._by_start: dict[str, list[tuple[str, str]]] = {}
        for secret in sorted(secrets, key=lambda one: (-len(one), one)):
            for form in forms_of(secret):
                known = self._by_start.setdefault(form[:_STEP], [])
                if all(form != other for other, _ in known):
                    known.append((form, secret))
        for known in self._by_start.values():
            known.sort(key=lambda pair: (-len(pair[0]), pair[0]))

    def masked(self, text: str, token: Callable[[str], str]) -> str:
        """The text with every secret replaced; the same object where there is none."""
        starts = self._by_start
        made: list[str] = []
        done = at = 0
        last = len(text) - _STEP
        while at <= last:
            known = starts.get(text[at : at + _STEP])
            found = None if known is None else _longest(text, at, known)
            if found is None:
                at += 1
                continue
            form, secret = found
            made += text[done:at], token(secret)
            done = at = at + len(form)
        return text if not done else "".join((*made, text[done:]))


def _longest(text: str, at: int, known: list[tuple[str, str]]) -> tuple[str, str] | None:
    for form, secret in known:
        if text.startswith(form, at) and (len(form) >= WHOLE_WORD_BELOW or _stands_alone(text, at, form)):
            return form, secret
    return None


def _stands_alone(text: str, at: int, form: str) -> bool:
    end = at + len(form)
    return not (at and text[at - 1].isalnum()) and not (end < len(text) and text[end].isalnum())


@lru_cache(_FINDERS_KEPT_MAX)
def finder_of(secrets: frozenset[str]) -> Finder:
    """The finder of a set; the latest ones are kept."""
    return Finder(secrets)


@lru_cache(_FORMS_KEPT_MAX)
def forms_of(secret: str) -> tuple[str, ...]:
    """How a secret may be written in texts."""
    return tuple(dict.fromkeys(form for form in _forms(secret) if len(form) >= FOUND_CHARACTERS_MIN))


def _forms(secret: str) -> Iterator[str]:
    if len(secret) < FOUND_CHARACTERS_MIN:
        return
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
    data = secret.encode("utf-8", "surrogatepass")
    yield repr(data)[2:-1]
    for written in (quote(data, safe=""), quote(data), quote_plus(data)):
        yield written
        yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), written)
    for encode in (b64encode, urlsafe_b64encode):
        whole = encode(data).decode()
        yield from (whole, whole.rstrip("="))
    if len(data) >= _BASE64_BYTES_MIN:
        yield from _in_base64(data)
        yield data.hex()
        yield data.hex().upper()


def _in_base64(data: bytes) -> Iterator[str]:
    """The characters that are the same wherever the secret stands in what was encoded: one of 3 offsets."""
    for encode in (b64encode, urlsafe_b64encode):
        for offset in range(3):
            written = encode(bytes(offset) + data).decode().rstrip("=")
            start = (0, 2, 3)[offset]
            end = len(written) if (offset + len(data)) % 3 == 0 else -1
            yield written[start:end]
