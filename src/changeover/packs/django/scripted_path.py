"""A path of a stored run that is replayed by its script: there is no database, and its rows are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.packs.database.script import COMMIT, ROLLBACK, Script, ScriptReader
from changeover.packs.database.statement_kind import key_of
from changeover.packs.django.answering_path import OTHER
from changeover.packs.django.database import DjangoDatabase
from changeover.packs.django.taped_path import TapedPath


class ScriptedPath(TapedPath):
    """Follows one replay, which has changed what its script says where it has sent all that stands there."""

    def __init__(self, database: DjangoDatabase, replay: Any, script: Script) -> None:
        super().__init__(database, replay)
        self._script = ScriptReader(script, self.cannot_see)

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The path gets a connection that reaches nothing."""
        begun = super().begin(args, kwargs)
        self._script.begin()
        return begun

    def _kind_of_block(self, program: Any) -> str:
        return "atomic" if self._script.script.in_block else ""

    def end(self) -> None:
        """The rows that are known to be changed."""
        self._let_go()
        self._script.end()
        self._database.tell(self._script.script.effects)
        self._tell_of_caller()

    def execute(self, send: Callable[[], Any], cursor: Any, statement: str, parameters: Any = None) -> Any:
        """Give what the statement gave."""
        connection = cursor.db
        if connection.alias != self._database.alias:
            self.cannot_see(OTHER.format(connection.alias, self._database.alias))
        connection.validate_no_broken_transaction()
        key = key_of(statement, parameters)
        answer = self._script.answer(connection, key)
        return self._give(cursor, answer)

    def commit(self, send: Callable[[], Any], connection: Any) -> Any:
        """The path commits, as it did."""
        self._script.ended(connection, COMMIT)

    def rollback(self, send: Callable[[], Any], connection: Any) -> Any:
        """The path rolls back, as it did."""
        self._script.ended(connection, ROLLBACK)
