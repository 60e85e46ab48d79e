"""Secrets found again by value: as they are, and as JSON, `repr`, URLs and Base64 write them in a text."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from urllib.parse import quote, quote_plus, urlsplit

FOUND_CHARACTERS_MIN = 4
"""A shorter secret is taken out of its own place only: as a part of other texts it would be anything."""
WHOLE_WORD_BELOW = 6
"""A shorter one is found only where it stands by itself: `4711`, but not in `147110`."""
NAMED_CHARACTERS_MIN = 6
"""A shorter value of an environment variable is a setting rather than a secret."""
_SECRET_NAME = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIAL|COOKIE|_PASS$|^PASS$",
    re.IGNORECASE,
)
_PLACE_NAME = re.compile(r"(FILE|PATH|DIR|HOME|SOCK|URL|NAME|USER)$", re.IGNORECASE)
_PATTERNS_KEPT_MAX = 256
_BASE64_BYTES_MIN = 6


def secrets_of_environment(environment: Mapping[str, str]) -> frozenset[str]:
    """The values of variables whose names say that they are secret, and passwords in addresses."""
    found: set[str] = set()
    for name, value in environment.items():
        if _SECRET_NAME.search(name) and not _PLACE_NAME.search(name):
            found.add(value)
        elif "://" in value and "@" in value:
            found.update(_passwords(value))
    return frozenset(value for value in found if len(value) >= NAMED_CHARACTERS_MIN)


def _passwords(address: str) -> Iterator[str]:
    try:
        password = urlsplit(address).password
    except ValueError:
        return
    if password:
        yield password


def masked(text: str, known: frozenset[str], token: Callable[[str], str]) -> str:
    """The text with every secret replaced by what stands for it; the same object where there is none."""
    if not known:
        return text
    pattern, owners = _pattern(known)
    if pattern is None or pattern.search(text) is None:
        return text
    return pattern.sub(lambda found: token(owners[found[0]]), text)


@lru_cache(maxsize=_PATTERNS_KEPT_MAX)
def _pattern(known: frozenset[str]) -> tuple[re.Pattern[str] | None, dict[str, str]]:
    """One pattern over all forms, the longest first, and the secret that each form is one of."""
    owners: dict[str, str] = {}
    for secret in sorted(known, key=lambda one: (-len(one), one)):
        for form in _forms(secret):
            owners.setdefault(form, secret)
    forms = sorted(owners, key=lambda form: (-len(form), form))
    if not forms:
        return None, owners
    return re.compile("|".join(map(_alternative, forms))), owners


def _alternative(form: str) -> str:
    written = re.escape(form)
    return written if len(form) >= WHOLE_WORD_BELOW else rf"(?<![^\W_]){written}(?![^\W_])"


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


def as_secrets(texts: Iterable[str]) -> frozenset[str]:
    """Those that are long enough to be looked for."""
    return frozenset(text for text in texts if len(text) >= FOUND_CHARACTERS_MIN)
