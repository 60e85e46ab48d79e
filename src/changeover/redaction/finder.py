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
_STARTS_FOUND_MAX = 100
"""Up to so many beginnings are looked for one by one, which takes less than to look at every place."""


class Finder:
    """Looks for a set of secrets."""

    __slots__ = ("_lengths", "_owners")

    def __init__(self, secrets: Iterable[str]) -> None:
        self._owners: dict[str, str] = {}
        lengths: dict[str, set[int]] = {}
        for secret in sorted(secrets, key=lambda one: (-len(one), one)):
            for form in forms_of(secret):
                self._owners.setdefault(form, secret)
                lengths.setdefault(form[:_STEP], set()).add(len(form))
        self._lengths = {start: sorted(found, reverse=True) for start, found in lengths.items()}

    def masked(self, text: str, token: Callable[[str], str]) -> str:
        """The text with every secret replaced; the same object where there is none."""
        made: list[str] = []
        done = 0
        for at in self._places(text):
            if at < done:
                continue
            form = self._longest(text, at)
            if form is not None:
                made += text[done:at], token(self._owners[form])
                done = at + len(form)
        return text if not done else "".join((*made, text[done:]))

    def _places(self, text: str) -> Iterator[int] | list[int]:
        """Where four characters stand that a form begins with, from left to right."""
        starts = self._lengths
        if len(starts) > _STARTS_FOUND_MAX:
            return (at for at in range(len(text) - _STEP + 1) if text[at : at + _STEP] in starts)
        places: list[int] = []
        for start in starts:
            at = text.find(start)
            while at >= 0:
                places.append(at)
                at = text.find(start, at + 1)
        places.sort()
        return places

    def _longest(self, text: str, at: int) -> str | None:
        for length in self._lengths[text[at : at + _STEP]]:
            form = text[at : at + length]
            if form in self._owners and (length >= WHOLE_WORD_BELOW or _stands_alone(text, at, form)):
                return form
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
