"""Where a store is: a file, a database of PostgreSQL, or nowhere. Secrets of an address are never shown."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from changeover.errors import ChangeoverError, ConfigurationError
from changeover.quick_dataclass import dataclass
from changeover.settings import DATABASE_SCHEMES, STATE_FOLDER, STORE_SCHEME, STORE_VARIABLE

NOTHING_KEPT = "none"
NOWHERE = Path(os.devnull)
DEFAULT_PLACE = Path(STATE_FOLDER) / "evidence.db"
DEFAULT_SCHEMA = "changeover"
ALLOWED = f"{STORE_SCHEME}PATH, {DATABASE_SCHEMES[0]}HOST/DATABASE, or {NOTHING_KEPT} to keep nothing"
_SCHEMA_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_SECRET_PARAMETERS = ("password", "sslpassword", "oauth_client_secret")
_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Database:
    """A schema in a database of PostgreSQL; `parent` is where this machine keeps what cannot be kept there.

    It looks like a path as far as a store is concerned. Its text has neither user nor password.
    """

    address: str = field(repr=False)
    schema: str = DEFAULT_SCHEMA
    parent: Path = field(default=Path(STATE_FOLDER), compare=False)

    def __str__(self) -> str:
        parts = urlsplit(self.address)
        where = parts.netloc.rpartition("@")[2]
        schema = "" if self.schema == DEFAULT_SCHEMA else f"?schema={self.schema}"
        return f"{DATABASE_SCHEMES[0]}{where}{parts.path}{schema}"

    def exists(self) -> bool:
        """One that is away is a problem, and not an empty store."""
        return True

    def with_name(self, name: str) -> Path:
        """A file of this machine beside the store."""
        return self.parent / name

    def without_secrets(self, text: str) -> str:
        """A message of the database in one line, in which no secret of the address stands."""
        parts = urlsplit(self.address)
        said = [value for name, value in parse_qsl(parts.query) if name in _SECRET_PARAMETERS]
        login = parts.netloc.rpartition("@")[0]
        password = login.partition(":")[2]
        for secret in filter(None, (login if password else "", password, unquote(password), *said)):
            text = text.replace(secret, _HIDDEN)
        return " ".join(text.split())


StorePlace = Path | Database


class StoreProblem(ChangeoverError):
    """A store could not be read or written."""

    def __init__(self, path: StorePlace, why: object) -> None:
        self.place = path
        self.why = str(why) or type(why).__name__
        super().__init__(f"{path}: {self.why}")


def store_path(root: Path, environment: Mapping[str, str] | None = None) -> StorePlace:
    """Where the store is, NOWHERE for one that keeps nothing; raises ConfigurationError for no such place."""
    named = (os.environ if environment is None else environment).get(STORE_VARIABLE)
    if not named:
        return root / DEFAULT_PLACE
    if named == NOTHING_KEPT:
        return NOWHERE
    return place_named(STORE_VARIABLE, named, root / STATE_FOLDER)


def is_address(text: str) -> bool:
    """Whether it is meant as an address as CHANGEOVER_STORE names one, and not as the path of a file."""
    return "://" in text


def place_named(where: str, named: str, beside: Path) -> StorePlace:
    """The store at an address that stands `where`; raises ConfigurationError for no address of one."""
    if named.startswith(DATABASE_SCHEMES):
        return _database(where, named, beside)
    place = named.removeprefix(STORE_SCHEME)
    if place == named or not place:
        shown = named if "@" not in named else f"{named.partition(':')[0]}://{_HIDDEN}"
        raise ConfigurationError(where, f"was {shown!r}, allowed: {ALLOWED}")
    return Path(place)


def _database(where: str, named: str, beside: Path) -> Database:
    schema = DEFAULT_SCHEMA
    try:
        parts = urlsplit(named)
        query = parse_qsl(parts.query, keep_blank_values=True)
        _ = parts.port  # raises ValueError for what is no number
    except ValueError:
        raise ConfigurationError(where, f"is no address of a database, allowed: {ALLOWED}") from None
    if "\0" in unquote(named):
        raise ConfigurationError(where, f"is no address of a database, allowed: {ALLOWED}")
    others = []
    for name, value in query:
        if name == "schema":
            schema = value
        else:
            others.append((name, value))
    if not _SCHEMA_NAME.fullmatch(schema):
        rule = "a letter or _, then letters, digits and _, all small and at most 63"
        raise ConfigurationError(where, f"schema was {schema!r}, allowed: {rule}")
    return Database(parts._replace(query=urlencode(others)).geturl(), schema, beside)
