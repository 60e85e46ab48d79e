"""`migration.use("django")`: the rows that a path changes are its effects, and so are its mails."""

from __future__ import annotations

from contextlib import suppress
from importlib.util import find_spec
from typing import Any

from changeover.errors import DeclarationError, MissingPackageError
from changeover.packs.database.compared_in_traffic import BY_ROWS, compared_in_traffic
from changeover.packs.database.named_port import PORT, channel_of_database
from changeover.packs.database.postgres_capture import ROWS_MAX
from changeover.packs.database.row_operations import ROW_OPERATIONS
from changeover.packs.database.script import KEPT_CLASSES, Script
from changeover.packs.django.answering_path import AnsweringPath, KeptRows
from changeover.packs.django.cache import CachePort
from changeover.packs.django.database import DjangoDatabase
from changeover.packs.django.hooks import DRIVERS, NAME, hook_connections, hook_cursors, hook_driver
from changeover.packs.django.mail import MailPort
from changeover.packs.django.replayed_path import ReplayedPath
from changeover.packs.django.requests import NAME as REQUESTS
from changeover.packs.django.requests import DjangoRequests
from changeover.packs.django.scripted_path import ScriptedPath
from changeover.packs.django.services import hook_backends, hook_caches, hook_mail
from changeover.packs.django.statements_within import StatementsWithin
from changeover.packs.django.taped_path import TapedPath
from changeover.packs.host import Host, Operation, follower_where, is_replayed
from changeover.record.port import CallClass
from changeover.values.libraries.django_values import let_copies_ask

DEADLINE_MS = 250
"""How long a copy may hold rows that the program's traffic may want."""
ALONE_S = 30.0
"""The same in a test and in a comparison, where nobody waits for the rows."""


class DjangoPack:
    """The ports `db` of one database of Django's settings, `mail` and `cache`.

    Args:
        alias: of the database, as in DATABASES.
        rows: whether changed rows are compared in the program's own traffic as well; in tests and comparisons
            they always are.
        deadline_ms: how long a copy of the database may last in the program's own traffic, in milliseconds.
        rows_max: PostgreSQL tables with more rows are not read through for the few that a path changed.
        port: the name of the port, where another pack has `db`.
        mail: whether mail is the port `mail`; it belongs to the first database that is in use.
        cache: whether caches are the port `cache`; likewise.
    """

    name = NAME
    is_of_one_thing = True

    def __init__(
        self,
        *,
        alias: str = "default",
        rows: bool = False,
        deadline_ms: int = DEADLINE_MS,
        rows_max: int = ROWS_MAX,
        port: str = PORT,
        mail: bool = True,
        cache: bool = True,
    ) -> None:
        self.alias = alias
        self._rows = rows
        self._deadline_ms = deadline_ms
        self._rows_max = rows_max
        self._port = port
        self._covers = {"mail": mail, "cache": cache}
        self.mail: MailPort | None = None
        self.cache: CachePort | None = None

    def install(self, host: Host) -> None:
        """Open the channel, and cover Django when the program imports it."""
        if find_spec("django") is None:
            raise MissingPackageError("django", "django")
        if not isinstance(self.alias, str) or not self.alias:
            host.wrong("alias", self.alias, "the name of a database in DATABASES")
        for option, chosen in (("rows", self._rows), *self._covers.items()):
            if not isinstance(chosen, bool):
                host.wrong(option, chosen, "true, false")
        for option, found in (("deadline_ms", self._deadline_ms), ("rows_max", self._rows_max)):
            if type(found) is not int or found < 1:
                host.wrong(option, found, "a whole number of 1 or more")
        host.keeps(*KEPT_CLASSES)
        is_first = not host.others
        if any(one.alias == self.alias for one in host.others):
            raise DeclarationError(f'use("{NAME}")', f'the database "{self.alias}" is in use already')
        channel = channel_of_database(host, self._port, _operations(), NAME)
        if not is_first:
            self.name = f"{NAME}:{self._port}"
        self._database = DjangoDatabase(self.name, self.alias, channel, self._rows_max)
        if is_first:  # requests, mail and caches are of no database
            host.beside(REQUESTS, DjangoRequests(host))
        self.mail = MailPort(host) if self._covers["mail"] and is_first else None
        self.cache = CachePort(host) if self._covers["cache"] and is_first else None
        host.when_imported("django.core.mail", hook_mail)
        host.when_imported("django.core.mail.backends.base", hook_backends)
        host.when_imported("django.core.cache", hook_caches)
        host.when_imported("django.db.backends.utils", hook_cursors)
        host.when_imported("django.db.backends.base.base", hook_connections)
        let_copies_ask(_is_answered)
        for module in DRIVERS:
            host.when_imported(module, hook_driver)

    def compares(self) -> str:
        """What `doctor` says of it where nothing is wrong."""
        with suppress(Exception):  # without settings, or with some that do not work, Django raises its own
            has_rows = self._database.kind in BY_ROWS
            return compared_in_traffic(self._port, self._rows, has_rows=has_rows)
        return f"{self._port}: not known, as Django has no settings for it here"

    def follow(self, session: Any, *, waits: bool, stays: bool) -> Any:
        """What is done around one path: its rows are looked at, or its statements stand on the tape."""
        database = self._database
        if session.replaying:
            kept = session.left_by(self.name)
            if isinstance(kept, KeptRows):
                return ReplayedPath(database, session, kept)
            script = session.script_of(self.name)
            if isinstance(script, Script):
                return ScriptedPath(database, session, script)
            return TapedPath(database, session)
        if database.kind not in BY_ROWS or not (waits or (self._rows and stays)):
            return TapedPath(database, session)
        if not waits and database.is_in_memory:
            why = "rows of a database in one connection are compared in tests and comparisons alone"
            session.cannot_follow(self.name, why)
            return TapedPath(database, session)
        around = session.follower_around(self.name)
        if isinstance(around, AnsweringPath | StatementsWithin):
            return StatementsWithin(database, session, around)
        session.sees_otherwise(self._port)
        return AnsweringPath(database, session, ALONE_S if waits else self._deadline_ms / 1000, alone=waits)


def _is_answered(alias: str) -> bool:
    """Whether a replay under way here has a database of that name; any, where routers decide."""
    if not is_replayed():
        return False
    wanted = follower_where(lambda one: hasattr(one, "alias") and alias in ("", one.alias))
    return wanted is not None


def _operations() -> list[Operation]:
    return [
        Operation("block", CallClass.READ, (), is_mark=True),
        Operation(
            "on_commit", CallClass.EFFECT, ("left_to", "functions"), key=lambda left_to, _=None: left_to
        ),
        Operation("set_rollback", CallClass.EFFECT, ("left_to",), key=lambda left_to: left_to),
        *ROW_OPERATIONS,
    ]
