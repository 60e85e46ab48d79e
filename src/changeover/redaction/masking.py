"""Values copied without their secrets: at redact paths, in types and fields that say so, and again by value.

What holds no secret is the same object afterwards. A copy keeps its class where the class lets it, so that it
compares, shows and encodes as before; a secret itself becomes a text that says nothing but which one it is.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from enum import Enum
from operator import is_
from pathlib import PurePath
from typing import Any

from changeover.redaction.redact_paths import RedactPaths, Stand
from changeover.redaction.secrets import (
    SCALARS,
    identity_of,
    is_token,
    masked,
    secret_fields,
    secret_reader,
    texts_in,
)
from changeover.values.copying import copied_error
from changeover.values.divergence import ABSENT
from changeover.values.form import open_value, type_name
from changeover.values.limits import NotComparable
from changeover.values.place import Key, Segment, TypedKey, key_text
from changeover.values.reading import Shape, own_state

DEPTH_MAX = 100
BEYOND_DEPTH = "(deeper than what is kept)"
CYCLE = "(a value that contains itself)"
_UNTOUCHED = frozenset({bool, type(None), type(...), type(NotImplemented)})
_QUICK = frozenset({*SCALARS, *_UNTOUCHED})
_LEAVES = _QUICK | {str}
_CONTAINERS = frozenset({dict, list, tuple, set, frozenset})
NOWHERE: Stand = frozenset()


class Redacting:
    """One pass over the values of one run. `found` are the secrets it met, as texts.

    `known` are looked for by value. `retyped` names the first path or field whose value became a text and was
    none, so that what is left can be shown and not replayed.
    """

    def __init__(self, paths: RedactPaths, known: frozenset[str], token: Callable[[bytes], str]) -> None:
        self.paths = paths
        self.found: set[str] = set()
        self.retyped: str | None = None
        self._known = known
        self._token = token
        self._done: dict[tuple[int, Stand], tuple[Any, Any]] = {}
        self._inside: set[int] = set()

    def text(self, text: str) -> str:
        """A text without the secrets that are known."""
        return masked(text, self._known, self._stand_in_text) if self._known else text

    def value(self, value: Any, stand: Stand = NOWHERE) -> Any:
        """The value at this stand of the paths; the same object where nothing in it is secret."""
        cls = type(value)
        if stand and self.paths.matches(stand):
            return self.secret(value, self.paths.matched(stand))
        if cls in _QUICK:
            return self._scalar(value) if self._known and cls not in _UNTOUCHED else value
        if cls is str:
            return self.text(value) if self._known else value
        parts = value.values() if cls is dict else ()
        if cls in _CONTAINERS and self._harmless(value, stand) and self._harmless(parts, stand):
            return value
        if id(value) in self._inside:
            return CYCLE
        if len(self._inside) >= DEPTH_MAX:
            return BEYOND_DEPTH
        key = (id(value), stand)
        if key in self._done:
            return self._done[key][0]
        self._inside.add(id(value))
        try:
            made = self._made(value, stand)
        finally:
            self._inside.discard(id(value))
        self._done[key] = made, value  # holding the value keeps its identity its own
        return made

    def secret(self, value: Any, where: str) -> Any:
        """The token of a value that is secret as a whole; None and empty text are none.

        `where` is the path or field that says so.
        """
        if value is None or value is ABSENT or value == "" or is_token(value):
            return value
        reveal = secret_reader(type(value))
        inner = reveal(value) if reveal is not None else value
        if reveal is not None and (is_token(inner) or inner in ("", b"", None)):
            return value
        self.found.update(texts_in(inner))
        token = self._token(identity_of(inner))
        if reveal is not None:
            return _remade_secret(value, inner, token)
        if not isinstance(value, str):
            self.retyped = self.retyped or f"{where}: {type_name(type(value))} was redacted and is a text now"
        return token

    def _stand_in_text(self, secret: str) -> str:
        return self._token(secret.encode("utf-8", "surrogatepass"))

    def _made(self, value: Any, stand: Stand) -> Any:
        cls = type(value)
        if cls is dict:
            return self._mapping(value, stand)
        if cls is list or cls is tuple:
            return self._items(value, stand, cls)
        if secret_reader(cls) is not None:
            return self.secret(value, cls.__name__)
        if isinstance(value, (Enum, type)):
            return value
        if isinstance(value, (str, bytes, bytearray, PurePath)):
            return self._textual(value)
        if isinstance(value, SCALARS):
            return self._scalar(value)
        if isinstance(value, BaseException):
            return self.error(value, stand)
        if isinstance(value, Mapping):
            return self._mapping(value, stand)
        if isinstance(value, tuple) and hasattr(cls, "_fields"):
            return self._named_tuple(value, stand)
        if isinstance(value, Set):
            return self._items(value, stand, set if isinstance(value, set) else frozenset)
        if isinstance(value, Sequence) and cls is not range:
            return self._items(value, stand, tuple if isinstance(value, tuple) else list)
        return self._object(value, stand)

    def _scalar(self, value: Any) -> Any:
        written = str(value)
        return self._stand_in_text(written) if written in self._known else value

    def _textual(self, value: Any) -> Any:
        if isinstance(value, bytes | bytearray):
            text = bytes(value).decode("utf-8", "surrogateescape")
            done = self.text(text)
            return value if done is text or done == text else done.encode("utf-8", "surrogateescape")
        written = str(value)
        done = self.text(written)
        if done == written:
            return value
        return type(value)(done) if isinstance(value, PurePath) else done

    def _harmless(self, parts: Iterable[Any], stand: Stand) -> bool:
        """Whether there is nothing to look for in these, known without looking at each: most data are so."""
        return not self._known and not stand and _LEAVES.issuperset(map(type, parts))

    def _mapping(self, value: Mapping[Any, Any], stand: Stand) -> Any:
        made: dict[Any, Any] = {}
        same = True
        for key, part in value.items():
            clean = self.value(key)
            inside = self.value(part, self.paths.step(stand, _segment(key)) if stand else stand)
            same = same and clean is key and inside is part
            made[clean if isinstance(clean, Hashable) else str(clean)] = inside
        if same:
            return value
        if type(value) is not dict and isinstance(value, dict):
            try:
                twin = copy.copy(value)
                twin.clear()
                twin.update(made)
                return twin
            except Exception:  # noqa: BLE001  a class of the program: its content is what counts
                return made
        return made

    def _items(self, value: Any, stand: Stand, kind: Callable[[Iterable[Any]], Any]) -> Any:
        items = [
            self.value(item, self.paths.step(stand, number) if stand else stand)
            for number, item in enumerate(value)
        ]
        return value if all(map(is_, items, value)) else kind(items)

    def _named_tuple(self, value: Any, stand: Stand) -> Any:
        items = list(self._fields(value, dict(zip(type(value)._fields, value, strict=True)), stand).values())
        return value if all(map(is_, items, value)) else type(value)._make(items)

    def _fields(self, value: Any, parts: Mapping[Any, Any], stand: Stand) -> dict[Any, Any]:
        secret = secret_fields(type(value))
        return {
            name: self.secret(part, f"{type(value).__name__}.{name}")
            if name in secret
            else self.value(part, self.paths.step(stand, name) if stand else stand)
            for name, part in parts.items()
        }

    def _object(self, value: Any, stand: Stand) -> Any:
        try:
            shape, parts = open_value(value)
        except (NotComparable, Exception):  # noqa: BLE001  a class of the program may raise anything
            return self._unreadable(value)
        if shape is not Shape.NAMES:
            return self._unreadable(value)
        changed = {
            name: part for name, part in self._fields(value, parts, stand).items() if part is not parts[name]
        }
        if not changed:
            return value
        return _with(value, changed) or {str(name): changed.get(name, part) for name, part in parts.items()}

    def _unreadable(self, value: Any) -> Any:
        """It is shown as it prints itself, if at all."""
        try:
            written = str(value)
        except Exception:  # noqa: BLE001  it cannot be shown then
            return value
        done = self.text(written)
        return value if done == written else done

    def error(self, error: BaseException, stand: Stand) -> BaseException:
        """An exception by its arguments, attributes and message; a stand-in for one that still tells."""
        args = self.value(error.args, self.paths.step(stand, "args") if stand else stand)
        state = own_state(error)
        clean = self._fields(error, state, stand)
        written = _message(error)
        hidden = bool(stand) and self.paths.matches(self.paths.step(stand, "message"))
        message = self.secret(written, "error.message") if hidden else self.text(written)
        if args is error.args and message == written and all(clean[name] is state[name] for name in state):
            return error
        with suppress(Exception):  # a class of the program may not let itself be copied
            made = copied_error(error)
            made.args = (message,) if hidden else args
            vars(made).update(clean)
            if _message(made) == self.text(_message(made)) and (not hidden or _message(made) == message):
                return made
        return _stand_in(error, message)


def _segment(key: Any) -> Segment:
    if isinstance(key, str) and not isinstance(key, Enum):
        return Key(key)
    return TypedKey(type(key).__name__, key_text(key), key_text(key))


def _remade_secret(value: Any, inner: Any, token: str) -> Any:
    try:
        return type(value)(token.encode() if isinstance(inner, bytes) else token)
    except Exception:  # noqa: BLE001  a type of the program that takes no such text
        return token


def _with(value: Any, changed: Mapping[str, Any]) -> Any:
    """A copy with other attributes, past validation and frozenness; None where that cannot be made."""
    try:
        made = copy.copy(value)
        extra = getattr(made, "__pydantic_extra__", None)
        for name, part in changed.items():
            if isinstance(extra, dict) and name in extra:
                extra[name] = part
            else:
                object.__setattr__(made, name, part)
        _, parts = open_value(made)
        taken = all(parts[name] is part for name, part in changed.items())
    except Exception:  # noqa: BLE001  a class of the program: its names and values are what counts
        return None
    return made if taken and made is not value else None


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  an exception that cannot say what it is
        return ""


def _stand_in(error: BaseException, message: str) -> BaseException:
    cls = type(error)
    base = Exception if isinstance(error, Exception) else BaseException
    made: BaseException = type(cls.__name__, (base,), {"__module__": cls.__module__})(message)
    type(made).__qualname__ = cls.__qualname__
    return made
