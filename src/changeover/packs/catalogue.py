"""Which packs there are: the toolkit's own by name, and those that installed packages offer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from changeover.errors import DeclarationError, did_you_mean
from changeover.quick_dataclass import dataclass
from changeover.record.file_writing import FILE_WRITING
from changeover.record.known_clients import there_are_packs

ENTRY_POINTS = "changeover.packs"
"""The group of entry points under which a package offers packs."""


@dataclass(frozen=True, slots=True)
class OwnPack:
    """A pack of the toolkit: `place` is its class; `covers` are the modules that a program imports to use it.

    What one covers that is no module is found by how the program is written (`program_look`). A pack that
    covers none is a choice: what it is about is imported by every program.

    `makers` are the functions or classes that make the object which `use` needs; none where it needs none.
    `extra` is that of the toolkit which the pack needs, if so, and `package` the module that it installs. One
    that is used `in_place` is used where its object is made, as that module imports all of the program.
    What one that `opens_early` covers is followed only where it was opened after the pack was in use.
    """

    place: str
    covers: tuple[str, ...]
    makers: tuple[str, ...] = ()
    extra: str | None = None
    package: str | None = None
    in_place: bool = False
    opens_early: bool = False


OWN: Mapping[str, OwnPack] = {
    "http": OwnPack(
        "changeover.packs.http.pack:HttpPack", ("requests", "httpx", "urllib3", "aiohttp", "urllib.request")
    ),
    "celery": OwnPack("changeover.packs.celery.pack:CeleryPack", ("celery",)),
    "sqlalchemy": OwnPack(
        "changeover.packs.sqlalchemy.pack:SqlalchemyPack",
        ("sqlalchemy",),
        ("sqlalchemy.create_engine", "sqlalchemy.ext.asyncio.create_async_engine"),
    ),
    "django": OwnPack("changeover.packs.django.pack:DjangoPack", ("django",)),
    "sqlite3": OwnPack("changeover.packs.sqlite.pack:SqlitePack", ("sqlite3",), opens_early=True),
    "clock": OwnPack(
        "changeover.packs.clock.pack:ClockPack", ("time", "datetime"), extra="clock", package="time_machine"
    ),
    "entropy": OwnPack("changeover.packs.entropy:EntropyPack", ("uuid", "secrets")),
    "chance": OwnPack("changeover.packs.chance:ChancePack", ()),
    "logging": OwnPack("changeover.packs.log_lines:LoggingPack", ()),
    "smtp": OwnPack("changeover.packs.smtp.pack:SmtpPack", ("smtplib", "aiosmtplib")),
    "fastapi": OwnPack(
        "changeover.packs.asgi.pack:FastapiPack", ("fastapi",), ("fastapi.FastAPI",), in_place=True
    ),
    "asgi": OwnPack(
        "changeover.packs.asgi.pack:AsgiPack",
        ("starlette",),
        ("starlette.applications.Starlette",),
        in_place=True,
    ),
    "wsgi": OwnPack("changeover.packs.wsgi.pack:WsgiPack", ("flask",), ("flask.Flask",), in_place=True),
    "files": OwnPack("changeover.packs.files.pack:FilesPack", (FILE_WRITING,)),
    "redis": OwnPack("changeover.packs.redis.pack:RedisPack", ("redis",)),
    "psycopg": OwnPack("changeover.packs.psycopg.pack:PsycopgPack", ("psycopg",)),
    "asyncpg": OwnPack("changeover.packs.asyncpg.pack:AsyncpgPack", ("asyncpg",)),
}
there_are_packs(OWN)


def pack_class(name: str) -> Callable[..., Any]:
    """What makes the pack of that name; raises DeclarationError for a name that nobody offers."""
    own = OWN.get(name)
    if own is not None:
        module, _, attribute = own.place.partition(":")
        made: Callable[..., Any] = getattr(import_module(module), attribute)
        return made
    offered = _offered()
    if name not in offered:
        known = sorted({*OWN, *offered})
        raise DeclarationError(
            f'use("{name}")', f"is no pack{did_you_mean(name, known)} allowed: {', '.join(known)}"
        )
    found: Callable[..., Any] = offered[name].load()
    return found


def pack_names() -> list[str]:
    """The names of all packs, the toolkit's own and those that installed packages offer."""
    return sorted({*OWN, *_offered()})


def _offered() -> dict[str, Any]:
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=ENTRY_POINTS)}
