"""Reading a parsed file strictly: every error names the file, the key, what was found and what is allowed."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Any

from changeover.errors import ConfigurationError, describe_os_error, did_you_mean, nearest_name

if TYPE_CHECKING:
    from changeover.values.toml_lines import KeyPath

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
        # Never waits: a pipe that has taken its place since the look above would wait for its writer.
        with open(path, "rb", opener=without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigurationError(str(path), "was not a regular file")
            data = file.read(FILE_BYTES_MAX)
        return data.decode("utf-8-sig")
    except OSError as error:
        raise ConfigurationError(str(path), f"could not be read: {describe_os_error(error)}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(str(path), f"was not UTF-8 at byte {error.start}") from error


def without_waiting(path: str, flags: int) -> int:
    """Opens a file as `open` does, and a pipe without waiting for whoever writes to it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def parse_json(text: str, where: str) -> Any:
    """Strict JSON: no duplicate keys, no NaN, bounded nesting; raises ConfigurationError."""
    return _parsed(
        text, where, "JSON", lambda: loads(text, object_pairs_hook=_unique_keys, parse_constant=_no_constant)
    )


class TomlContent(dict[str, Any]):
    """A TOML file as it was parsed, which knows the line of a key when an error has to name it."""

    def __init__(self, content: Mapping[str, Any], text: str) -> None:
        super().__init__(content)
        self._text = text

    def line_of(self, path: KeyPath) -> int | None:
        """The line of a key, else that of the table around it; None where neither can be found."""
        from changeover.values.toml_lines import lines_of  # only where something is wrong

        lines = lines_of(self._text)
        return next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), None)


def parse_toml(text: str, where: str) -> TomlContent:
    """TOML; raises ConfigurationError."""
    return TomlContent(_parsed(text, where, "TOML", lambda: tomllib.loads(text)), text)


def _parsed(text: str, where: str, language: str, parse: Callable[[], Any]) -> Any:
    if not text.strip():
        raise ConfigurationError(where, "was empty")
    try:
        return parse()
    except RecursionError:
        raise ConfigurationError(where, f"was not {language} that can be read: nested too deeply") from None
    except ValueError as error:
        raise ConfigurationError(where, f"was not valid {language}: {error}") from error


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
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


class TableError(ConfigurationError):
    """Something in a table is wrong; `place` is the key and `line` its line, where that is known."""

    def __init__(self, where: str, line: int | None, place: str, problem: str) -> None:
        at = where if line is None else f"{where} line {line}"
        super().__init__(f"{at}: {place}" if place else at, problem)
        self.line = line
        self.place = place


def _parts_of(key: str) -> KeyPath:
    """The way to `redact[0]` or `metadata.percent`, as errors write it."""
    return tuple(int(part) if part.isdecimal() else part for part in re.split(r"[.\[\]]+", key) if part)


class Table:
    """A mapping whose keys are read one by one; `done` raises for a key that was not read.

    Args:
        data: What was parsed.
        where: The file, as errors name it.
        key: How errors call this table within the file.
        content: The whole file, of which `path` leads to this table, so that errors can name lines.
    """

    def __init__(
        self, data: object, where: str, key: str = "", content: TomlContent | None = None, path: KeyPath = ()
    ) -> None:
        self.where = where
        self.key = key
        self._content = data if isinstance(data, TomlContent) else content
        self._path = path
        self._taken: set[str] = set()
        self._data: Mapping[str, Any] = {}
        if not isinstance(data, Mapping):
            raise self.error("", f"was {shown(data)}, allowed: a table")
        self._data = data

    def inner(self, data: object, key: str, *path: str | int) -> Table:
        """The table at a key of this one; `path` leads to it where that takes more than the key."""
        name = f"{self.key}.{key}" if self.key else key
        return Table(data, self.where, name, self._content, (*self._path, *(path or (key,))))

    def error(self, key: str, problem: str) -> TableError:
        """An error at a key of this table, or at one further in: `names[2]`, `gate.live`."""
        place = ".".join(part for part in (self.key, key) if part)
        return self._error(key, place, problem)

    def _error(self, key: str, place: str, problem: str) -> TableError:
        line = None
        if self._content is not None:
            line = self._content.line_of((*self._path, *((key,) if key in self._data else _parts_of(key))))
        return TableError(self.where, line, place, problem)

    def missing(self, key: str, wanted: str) -> TableError:
        """An error for a key that must be there; says which other key may be meant for it."""
        unknown = nearest_name(key, (other for other in self._data if other not in self._taken))
        if unknown is None:
            return self.error(key, f"is missing, needed: {wanted}")
        place = f"{self.key}.{key}" if self.key else key
        return self._error(unknown, place, f'is missing, needed: {wanted} (is "{unknown}" meant for it?)')

    def unknown_keys(self) -> Iterator[TableError]:
        """An error for each key that was not read."""
        for key in self._data:
            if key not in self._taken:
                meant = did_you_mean(str(key), self._taken)
                allowed = ", ".join(sorted(self._taken))
                yield self._error(str(key), self.key, f'unknown key "{key}"{meant} allowed: {allowed}')

    def done(self) -> None:
        """Raise for the first key that was not read."""
        for error in self.unknown_keys():
            raise error

    def raw(self, key: str, default: Any = None) -> Any:
        """The value of a key, unchecked."""
        self._taken.add(key)
        return self._data.get(key, default)

    def has(self, key: str) -> bool:
        """Whether the key is there; this does not count as reading it."""
        return key in self._data

    def _typed(self, key: str, kinds: type | tuple[type, ...], wanted: str, default: Any) -> Any:
        value = self.raw(key)
        if value is None and key not in self._data:
            if default is ...:
                raise self.missing(key, wanted)
            return default
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds in (int, _NUMBER)):
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
            meant = did_you_mean(value, words)
            raise self.error(key, f"was {shown(value)}{meant} allowed: {', '.join(words)}")
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

    def flag(self, key: str, default: Any = False) -> Any:
        """True or false."""
        return self._typed(key, bool, "true or false", default)

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

    def day(self, key: str, default: Any = ...) -> Any:
        """A date of TOML."""
        wanted = "a day without quotes, such as 2027-03-31"
        value = self._typed(key, object, wanted, default)
        if value is not default and type(value) is not date:
            found = value.isoformat(" ") if isinstance(value, datetime) else value
            raise self.error(key, f"was {shown(found)}, allowed: {wanted}")
        return value

    def table(self, key: str) -> Table | None:
        """A table, or None where the key is missing."""
        value = self.raw(key)
        return None if key not in self._data else self.inner(value, key)

    def tables(self, key: str) -> list[Table]:
        """An array of tables, empty where the key is missing."""
        heading = "" if self._content is None else f", each under [[{key}]]"
        values = self._typed(key, list, f"an array of tables{heading}", [])
        return [self.inner(value, f"{key}[{number}]", key, number) for number, value in enumerate(values)]

    def items(self) -> list[tuple[str, Any]]:
        """Every key and its value; all count as read."""
        self._taken.update(str(key) for key in self._data)
        return [(str(key), value) for key, value in self._data.items()]
