"""Values copied without their secrets: at redact paths, in types and fields that say so, and again by value.

What holds no secret is the same object afterwards. A copy keeps its class where the class lets it, so that it
compares, shows and encodes as before; a secret itself becomes a text that says nothing but which one it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from enum import Enum
from operator import is_
from pathlib import PurePath
from typing import Any

from changeover.redaction.finder import FOUND_CHARACTERS_MIN, finder_of
from changeover.redaction.redact_paths import RedactPaths, Stand
from changeover.redaction.secrets import (
    SCALARS,
    identity_of,
    is_token,
    secret_fields,
    secret_reader,
    texts_in,
)
from changeover.values.divergence import ABSENT
from changeover.values.limits import NotComparable
from changeover.values.own_state import class_name as type_name
from changeover.values.own_state import set_state
from changeover.values.place import Key, Segment, TypedKey, key_text
from changeover.values.reading import Reading, Shape, reading_of
from changeover.values.replaced_parts import remade_items, remade_mapping, remade_object
from changeover.values.scalars import text as scalar_text

DEPTH_MAX = 100
BEYOND_DEPTH = "(deeper than what is kept)"
CYCLE = "(a value that contains itself)"
_UNTOUCHED = frozenset({bool, type(None), type(...), type(NotImplemented)})
_QUICK = frozenset({*SCALARS, *_UNTOUCHED})
_LEAVES = _QUICK | {str}
_CONTAINERS = frozenset({dict, list, tuple, set, frozenset})
_LONG_TEXT = 1_000
"""A text from this length on is read once, however often it stands in a run."""
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
        self._finder = finder_of(known)
        self._texts: dict[str, str] = {}
        self._token = token
        self._done: dict[tuple[int, Stand], tuple[Any, Any]] = {}
        self._inside: set[int] = set()
        self._met_itself = False
        self._ways_back = False

    def text(self, text: str) -> str:
        """A text without the secrets that are known."""
        if len(text) < FOUND_CHARACTERS_MIN or not self._known:
            return text
        if len(text) < _LONG_TEXT:
            return self._finder.masked(text, self._stand_in_text)
        done = self._texts.get(text)
        if done is None:
            done = self._texts[text] = self._finder.masked(text, self._stand_in_text)
        return text if done == text else done

    def value(self, value: Any, stand: Stand = NOWHERE) -> Any:
        """The value at this stand of the paths; the same object where nothing in it is secret."""
        self._met_itself = False
        made = self._walked(value, stand)
        if made is value or not self._met_itself:
            return made
        # A way back to where one is has changed something, or a secret has: with ways back left as they are
        # only secrets do.
        self._done, self._ways_back = {}, True
        try:
            is_clean = self._walked(value, stand) is value
        finally:
            self._done, self._ways_back = {}, False
        return value if is_clean else made

    def _walked(self, value: Any, stand: Stand = NOWHERE) -> Any:
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
            self._met_itself = True
            return value if self._ways_back else CYCLE
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
            return self._mapping(value, value, {}, stand)
        if cls is list or cls is tuple:
            return self._items(value, value, {}, stand, Shape.ITEMS)
        if secret_reader(cls) is not None:
            return self.secret(value, cls.__name__)
        try:
            return self._by_reading(value, reading_of(cls), stand)
        except NotComparable:
            return self._unreadable(value)

    def _by_reading(self, value: Any, reading: Reading, stand: Stand) -> Any:
        if reading.handle is not None:
            return value
        state = {} if reading.state is None else reading.state(value)
        if reading.shape is Shape.SCALAR:
            return self._scalar_of_class(value, reading, state, stand)
        if reading.shape is Shape.ERROR:
            return self.error(value, stand)
        parts = reading.parts(value)
        if parts is None or reading.shape is Shape.UNREADABLE:
            return self._unreadable(value)
        clean = self._fields(value, state, stand) if state else state
        if reading.mapping:
            return self._mapping(value, parts, clean, stand, state)
        if reading.shape is not Shape.NAMES:
            return self._items(value, parts, clean, stand, reading.shape, state)
        return self._object(value, {**parts, **state}, stand)

    def _scalar_of_class(self, value: Any, reading: Reading, state: dict[Any, Any], stand: Stand) -> Any:
        base = reading.scalar
        if base not in _MAY_TELL:
            return value
        content = reading.parts(value)
        done = self._textual(value, content) if base in _TEXTUAL else self._scalar(content)
        if done is not content and done is not value:
            return done
        clean = self._fields(value, state, stand) if state else state
        if all(clean[name] is part for name, part in state.items()):
            return value
        if reading.make is None:
            return content
        made = reading.make(type(value), content, clean)
        set_state(made, clean)
        return made

    def _scalar(self, value: Any) -> Any:
        if not self._known:
            return value
        written = scalar_text(value)
        return self._stand_in_text(written) if written in self._known else value

    def _textual(self, value: Any, content: Any) -> Any:
        """The value itself, or a text, bytes or path without secrets."""
        if isinstance(content, bytes | bytearray):
            text = bytes(content).decode("utf-8", "surrogateescape")
            done = self.text(text)
            return value if done is text else done.encode("utf-8", "surrogateescape")
        written = content if type(content) is str else scalar_text(content)
        done = self.text(written)
        if done == written:
            return value
        return PurePath(done) if isinstance(content, PurePath) else done

    def _harmless(self, parts: Iterable[Any], stand: Stand) -> bool:
        """Whether there is nothing to look for in these, known without looking at each: most data are so."""
        return not self._known and not stand and _LEAVES.issuperset(map(type, parts))

    def _mapping(
        self, value: Any, parts: dict[Any, Any], state: dict[Any, Any], stand: Stand, old: Any = None
    ) -> Any:
        made: dict[Any, Any] = {}
        same = not state or all(state[name] is part for name, part in old.items())
        for key, part in parts.items():
            clean = self._walked(key)
            inside = self._walked(part, self.paths.step(stand, _segment(key)) if stand else stand)
            same = same and clean is key and inside is part
            made[clean if type(clean) in _KEYS else _as_key(clean)] = inside
        if same:
            return value
        return made if type(value) is dict else remade_mapping(value, made, state)

    def _items(
        self,
        value: Any,
        parts: Any,
        state: dict[Any, Any],
        stand: Stand,
        shape: Shape,
        old: Any = None,
    ) -> Any:
        items = [
            self._walked(item, self.paths.step(stand, number) if stand else stand)
            for number, item in enumerate(parts)
        ]
        if all(map(is_, items, parts)) and (
            not state or all(state[name] is part for name, part in old.items())
        ):
            return value
        return remade_items(value, [*map(_as_key, items)] if shape is Shape.BAG else items, state, shape)

    def _fields(self, value: Any, parts: Mapping[Any, Any], stand: Stand) -> dict[Any, Any]:
        secret = secret_fields(type(value))
        return {
            name: self.secret(part, f"{type(value).__name__}.{name}")
            if name in secret
            else self._walked(part, self.paths.step(stand, name) if stand else stand)
            for name, part in parts.items()
        }

    def _object(self, value: Any, parts: dict[Any, Any], stand: Stand) -> Any:
        changed = {
            name: part for name, part in self._fields(value, parts, stand).items() if part is not parts[name]
        }
        if not changed:
            return value
        made = remade_object(value, changed)
        if made is None:
            name = type_name(type(value))
            self.retyped = self.retyped or f"{name} was redacted and is a table of its parts now"
            return {str(name): changed.get(name, part) for name, part in parts.items()}
        return made

    def _unreadable(self, value: Any) -> Any:
        """It is shown as it prints itself, if at all."""
        if not self._known:
            return value
        try:
            written = str(value)
        except Exception:  # noqa: BLE001  it cannot be shown then
            return value
        done = self.text(written)
        return value if done == written else done

    def error(self, error: BaseException, stand: Stand) -> BaseException:
        """An exception by its arguments, attributes and message; a stand-in for one that still tells."""
        reading = reading_of(type(error))
        old = (reading.copied or reading.parts)(error)
        clean = {name: self._of_error(error, name, part, stand) for name, part in old.items()}
        written = _message(error)
        hidden = bool(stand) and self.paths.matches(self.paths.step(stand, "message"))
        message = self.secret(written, "error.message") if hidden else self.text(written)
        if message == written and all(clean[name] is part for name, part in old.items()):
            return error
        if hidden:
            clean["args"] = (message,)
        with suppress(Exception):  # a class of the program may not let itself be made again
            if reading.make is not None:
                made: BaseException = reading.make(type(error), clean, {})
                if _message(made) == self.text(_message(made)) and (not hidden or _message(made) == message):
                    return made
        return _stand_in(error, message)

    def _of_error(self, error: BaseException, name: str, part: Any, stand: Stand) -> Any:
        if name == "state" or name == "members":
            clean = self._fields(error, part, stand)
            return part if all(clean[key] is inner for key, inner in part.items()) else clean
        if name == "message":
            return self.text(part) if type(part) is str else part
        return self._walked(part, self.paths.step(stand, name) if stand else stand)


_TEXTUAL = frozenset({str, bytes, bytearray, PurePath})
_MAY_TELL = _TEXTUAL | {*SCALARS}
_KEYS = frozenset({str, int, float, bool, type(None), bytes})


def _as_key(value: Any) -> Any:
    """What was a key, or a member of a set, has to be one again."""
    if type(value) in _KEYS:
        return value
    try:
        hash(value)
    except Exception:  # noqa: BLE001  a class of the program
        return str(value)
    return value


def _segment(key: Any) -> Segment:
    if isinstance(key, str) and not isinstance(key, Enum):
        return Key(key)
    return TypedKey(type(key).__name__, key_text(key), key_text(key))


def _remade_secret(value: Any, inner: Any, token: str) -> Any:
    try:
        return type(value)(token.encode() if isinstance(inner, bytes) else token)
    except Exception:  # noqa: BLE001  a type of the program that takes no such text
        return token


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
