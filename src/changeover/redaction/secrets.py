"""Which values are secrets by their type, and what of a secret can be found again."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import PurePath
from threading import Lock
from typing import Any
from uuid import UUID

from changeover.redaction.finder import FOUND_CHARACTERS_MIN, finder_of
from changeover.redaction.key import TOKEN
from changeover.values.content_key import frozen
from changeover.values.form import open_value, type_name
from changeover.values.reading import Shape


def masked(text: str, known: frozenset[str], token: Callable[[str], str]) -> str:
    """The text with every secret replaced by its token; the same object where there is none."""
    return finder_of(known).masked(text, token) if known else text


def as_secrets(texts: Iterable[str]) -> frozenset[str]:
    """Those that are long enough to be looked for."""
    return frozenset(text for text in texts if len(text) >= FOUND_CHARACTERS_MIN)


TYPES_REMEMBERED_MAX = 4_096
DEPTH_MAX = 100
SCALARS = (int, float, complex, Decimal, UUID, datetime, date, time, timedelta)


def is_token(value: Any) -> bool:
    """Whether it is the token of a secret already."""
    if isinstance(value, bytes | bytearray):
        value = bytes(value).decode("latin-1")
    return isinstance(value, str) and TOKEN.fullmatch(value) is not None


def _reader(cls: type) -> Callable[[Any], Any] | None:
    reader = getattr(cls, "get_secret_value", None)
    return reader if callable(reader) else None


def _fields(cls: type) -> frozenset[str]:
    if not (is_dataclass(cls) or hasattr(cls, "__pydantic_fields__") or hasattr(cls, "_fields")):
        return frozenset()
    try:
        hints = typing.get_type_hints(cls)
    except Exception:  # noqa: BLE001  an annotation that cannot be resolved says nothing
        return frozenset()
    return frozenset(name for name, hint in hints.items() if any(map(_says_secret, _types_in(hint))))


secret_reader: Callable[[type], Callable[[Any], Any] | None] = lru_cache(TYPES_REMEMBERED_MAX)(_reader)
"""How instances of a type give their secret away, None for types that are none (pydantic's are)."""

secret_fields: Callable[[type], frozenset[str]] = lru_cache(TYPES_REMEMBERED_MAX)(_fields)
"""The fields of a type that are annotated as secrets, whatever stands in them."""


def _says_secret(hint: Any) -> bool:
    return isinstance(hint, type) and _reader(hint) is not None


def _types_in(hint: Any) -> Iterator[Any]:
    """A type, its alternatives; not what its items are, which are found one by one."""
    origin = typing.get_origin(hint)
    yield origin if isinstance(origin, type) else hint
    if origin is not None and not (isinstance(origin, type) and issubclass(origin, Mapping | Sequence | Set)):
        for part in typing.get_args(hint):
            yield from _types_in(part)


def texts_in(value: Any, depth: int = 0) -> Iterator[str]:
    """Every text in a secret that may be looked for elsewhere."""
    if isinstance(value, bytes | bytearray):
        value = bytes(value).decode("utf-8", "surrogateescape")
    if isinstance(value, str | PurePath) or (isinstance(value, SCALARS) and not isinstance(value, bool)):
        text = str(value)
        if len(text) >= FOUND_CHARACTERS_MIN and not TOKEN.fullmatch(text):
            yield text
        return
    if depth > DEPTH_MAX:
        return
    try:
        shape, parts = open_value(value)
    except Exception:  # noqa: BLE001  what cannot be read cannot be found again
        return
    if shape in (Shape.SCALAR, Shape.UNREADABLE):
        return
    for part in parts.values() if isinstance(parts, dict) else parts:
        if part is not value:
            reveal = secret_reader(type(part))
            yield from texts_in(reveal(part) if reveal is not None else part, depth + 1)


def identity_of(value: Any) -> bytes:
    """The same for equal secrets: text by its letters, numbers as written, others by their content."""
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, str | PurePath | int | float | Decimal | UUID):
        return str(value).encode("utf-8", "surrogatepass")
    try:
        return repr(frozen(value)).encode("utf-8", "surrogatepass")
    except Exception:  # noqa: BLE001  a value that cannot be told from others of its type
        return type_name(type(value)).encode()


SECRETS_REMEMBERED_MAX = 500
_lately: dict[str, None] = {}
_lock = Lock()


def remember(secrets: Iterable[str]) -> None:
    """The latest `SECRETS_REMEMBERED_MAX` stay known."""
    with _lock:
        for secret in secrets:
            _lately.pop(secret, None)
            _lately[secret] = None
        for secret in list(_lately)[:-SECRETS_REMEMBERED_MAX]:
            del _lately[secret]


def remembered() -> frozenset[str]:
    """All that are known."""
    with _lock:
        return frozenset(_lately)
