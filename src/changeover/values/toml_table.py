"""Reading a parsed file strictly: every error names the file, the key, what was found and what is allowed."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Callable, Iterable, Mapping
from json import loads
from pathlib import Path
from typing import Any

from changeover.errors import ConfigurationError, describe_os_error

FILE_BYTES_MAX = 4 * 1024 * 1024
SHOWN_CHARACTERS_MAX = 60
_NUMBER = (int, float)


def read_text(path: Path) -> str:
    """The text of a regular UTF-8 file of bounded size; raises ConfigurationError, OSError is wrapped."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ConfigurationError(str(path), "was not a regular file")
        if status.st_size > FILE_BYTES_MAX:
            raise ConfigurationError(str(path), f"was {status.st_size} bytes, allowed: {FILE_BYTES_MAX}")
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX)
        return data.decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(str(path), f"could not be read: {describe_os_error(error)}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(str(path), f"was not UTF-8 at byte {error.start}") from error


def parse_json(text: str, where: str) -> Any:
    """Strict JSON: no duplicate keys, no NaN, bounded nesting; raises ConfigurationError."""
    return _parsed(
        text, where, "JSON", lambda: loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    )


def parse_toml(text: str, where: str) -> dict[str, Any]:
    """TOML; raises ConfigurationError."""
    found: dict[str, Any] = _parsed(text, where, "TOML", lambda: tomllib.loads(text))
    return found


def _parsed(text: str, where: str, language: str, parse: Callable[[], Any]) -> Any:
    if not text.strip():
        raise ConfigurationError(where, "was empty")
    try:
        return parse()
    except RecursionError:
        raise ConfigurationError(where, f"was not {language} that can be read: nested too deeply") from None
    except ValueError as error:
        raise ConfigurationError(where, f"was not valid {language}: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for key, value in pairs:
        if key in table:
            raise ValueError(f"the key {key!r} stands there twice")
        table[key] = value
    return table


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def shown(value: object) -> str:
    """The value for an error message, cut to a length that can be read."""
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS_MAX else text[: SHOWN_CHARACTERS_MAX - 3] + "..."


class Table:
    """A mapping of which every key must be taken by somebody; `done` refuses what nobody took."""

    def __init__(self, data: object, where: str, key: str = "") -> None:
        self.where = where
        self.key = key
        if not isinstance(data, Mapping):
            raise self.error("", f"was {shown(data)}, allowed: a table")
        self._data = data
        self._taken: set[str] = set()

    def error(self, key: str, problem: str) -> ConfigurationError:
        """An error at a key of this table."""
        place = ".".join(part for part in (self.key, key) if part)
        return ConfigurationError(f"{self.where}: {place}" if place else self.where, problem)

    def done(self) -> None:
        """Refuse keys that nobody asked for."""
        for key in self._data:
            if key not in self._taken:
                raise self.error(
                    str(key), f"is no key of this table, allowed: {', '.join(sorted(self._taken))}"
                )

    def raw(self, key: str, default: Any = None) -> Any:
        """Whatever stands there."""
        self._taken.add(key)
        return self._data.get(key, default)

    def has(self, key: str) -> bool:
        """Whether the key is there; asking does not take it."""
        return key in self._data

    def _typed(self, key: str, kinds: type | tuple[type, ...], wanted: str, default: Any) -> Any:
        value = self.raw(key)
        if value is None and key not in self._data:
            if default is ...:
                raise self.error(key, f"is missing, needed: {wanted}")
            return default
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            raise self.error(key, f"was {shown(value)}, allowed: {wanted}")
        return value

    def text(self, key: str, default: Any = ..., *, among: Iterable[str] | None = None) -> Any:
        """A string that is not empty, one of `among` where that is given."""
        value = self._typed(key, str, "a text", default)
        if value is default:
            return value
        if not value.strip():
            raise self.error(key, "was empty, needed: a text")
        words = None if among is None else list(among)
        if words is not None and value not in words:
            raise self.error(key, f"was {shown(value)}, allowed: {', '.join(words)}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of different strings, empty where the key is missing."""
        values = self._typed(key, list, "a list of texts", [])
        for number, value in enumerate(values):
            if not isinstance(value, str) or not value.strip():
                raise self.error(f"{key}[{number}]", f"was {shown(value)}, allowed: a text")
            if value in values[:number]:
                raise self.error(f"{key}[{number}]", f"{value!r} stands there twice")
        return tuple(values)

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""
        found: bool = self._typed(key, bool, "true or false", default)
        return found

    def whole(self, key: str, default: Any = ..., *, least: int = 0) -> Any:
        """A whole number."""
        value = self._typed(key, int, f"a whole number from {least}", default)
        if value is not default and value < least:
            raise self.error(key, f"was {value}, allowed: a whole number from {least}")
        return value

    def number(self, key: str, default: Any = ..., *, above: float = 0.0, most: float = float("inf")) -> Any:
        """A number greater than `above`, at most `most`."""
        value = self._typed(key, _NUMBER, "a number", default)
        if value is not default and not above < value <= most:
            limit = "" if most == float("inf") else f", at most {most:g}"
            raise self.error(key, f"was {value}, allowed: a number above {above:g}{limit}")
        return value

    def table(self, key: str) -> Table | None:
        """A table, or None where the key is missing."""
        value = self.raw(key)
        place = f"{self.key}.{key}" if self.key else key
        return None if key not in self._data else Table(value, self.where, place)

    def tables(self, key: str) -> list[Table]:
        """An array of tables, empty where the key is missing."""
        values = self._typed(key, list, "an array of tables", [])
        place = f"{self.key}.{key}" if self.key else key
        return [Table(value, self.where, f"{place}[{number}]") for number, value in enumerate(values)]

    def items(self) -> list[tuple[str, Any]]:
        """Every key with what stands there, all of them taken."""
        self._taken.update(str(key) for key in self._data)
        return [(str(key), value) for key, value in self._data.items()]
