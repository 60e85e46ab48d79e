"""Commands, answers and faults of Redis in a form that has nothing of the client which sent them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from changeover.packs.redis.commands import Word
from changeover.quick_dataclass import dataclass

_PLAIN = (str, int, float, bool, type(None))
_UNITS = {"SETEX": "EX", "PSETEX": "PX"}
_WORDS_OF_SETEX = 4
_ANY_ORDER = {
    **dict.fromkeys(("HSET", "HMSET"), (2, 2)),
    **dict.fromkeys(("MSET", "MSETNX"), (1, 2)),
    **dict.fromkeys(("SADD", "SREM", "HDEL", "ZREM", "PFADD"), (2, 1)),
    **dict.fromkeys(("DEL", "UNLINK", "TOUCH", "EXISTS"), (1, 1)),
}
"""Commands whose words may stand in any order: where those begin, and of how many each consists."""
_LOOKED_AT = "keys"
"""An option of every read that tells the client's own cache which keys it is about."""


class RedisFault(Exception):
    """The client raised; `error` names the class among those of the library, `text` is what it says.

    `known` are the plain attributes of the exception.
    """

    def __init__(self, error: str, text: str, known: dict[str, Any]) -> None:
        super().__init__(error, text, known)
        self.error = error
        self.text = text
        self.known = known


@dataclass(frozen=True, slots=True)
class RedisError:
    """An error that a client gives as one of the answers of a pipeline, told as a fault is."""

    error: str
    text: str
    known: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RedisAnswer:
    """What the client gave; `is_text` says that it makes texts of what the server sends."""

    value: Any
    is_text: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One command with its words as the server gets them, and what the client is to make of the answer."""

    words: tuple[Word, ...]
    options: dict[str, Any]


def asked(args: Sequence[Any], options: Mapping[str, Any]) -> Asked:
    """The command as it is kept: numbers and bytes as the texts that they are on the wire."""
    first, *rest = args
    words = _in_one_spelling((*_text(first).split(), *(_word(one) for one in rest)))
    return Asked(words, {name: _option(value) for name, value in options.items() if name != _LOOKED_AT})


def _in_one_spelling(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """`SETEX key 60 x` is `SET key x EX 60`, and is answered alike: programs move from one to the other.

    So are fields, members and keys that come in another order: a mapping has none for the server.
    """
    command = str(words[0]).upper()
    if command in _ANY_ORDER:
        return _in_one_order(words, *_ANY_ORDER[command])
    unit = _UNITS.get(command) if len(words) == _WORDS_OF_SETEX else None
    if unit is None:
        return words
    _, key, ends, value = words
    return "SET", key, value, unit, ends


def _in_one_order(words: tuple[Word, ...], first: int, step: int) -> tuple[Word, ...]:
    """Sorted by field, member or key; where a field is given twice the last value holds: they stay."""
    parts = [words[at : at + step] for at in range(first, len(words), step)]
    names = [part[0] for part in parts]
    if step > 1 and len(set(names)) < len(names):
        return words
    parts.sort(key=lambda part: str(part[0]))
    return *words[:first], *(word for part in parts for word in part)


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _word(value: Any) -> Word:
    if isinstance(value, bytes | bytearray | memoryview):
        plain = bytes(value)
        try:
            return plain.decode()
        except UnicodeDecodeError:
            return plain
    return repr(value) if isinstance(value, float) else str(value)


def _option(value: Any) -> Any:
    """What an option says: of a function its name, of all else that is no plain value its type."""
    if isinstance(value, _PLAIN):
        return value
    return getattr(value, "__qualname__", None) or type(value).__qualname__


def server_of(client: Any) -> str:
    """Which server and database a client asks, as far as it was told."""
    known: Mapping[str, Any] = getattr(client.connection_pool, "connection_kwargs", {})
    place = known.get("path") or f"{known.get('host', 'localhost')}:{known.get('port', 6379)}"
    return f"{place}/{known.get('db') or 0}"


def gives_text(client: Any) -> bool:
    """Whether the client makes texts of what the server sends."""
    known: Mapping[str, Any] = getattr(client.connection_pool, "connection_kwargs", {})
    return bool(known.get("decode_responses"))


def as_text(value: Any) -> Any:
    """An answer as a client gives it that makes texts."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, dict):
        return {as_text(key): as_text(part) for key, part in value.items()}
    if type(value) in (list, tuple, set):
        return type(value)(as_text(part) for part in value)
    return value
