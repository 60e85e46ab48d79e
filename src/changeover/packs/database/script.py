"""What a path sent to a database and was given, and the rows that it changed by that.

With it a path is replayed where the database is not: as long as it sends the same statements in the same
order, and is given the same, it changes the same rows. What it would change otherwise nobody can say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import field
from typing import Any

from changeover.packs.database.row_effect import RowEffect
from changeover.packs.database.savepoint_names import SavepointNames
from changeover.packs.database.sql_answer import NOTHING, SqlAnswer
from changeover.quick_dataclass import dataclass
from changeover.values.content_key import same_content
from changeover.values.copying import copied_error
from changeover.values.limits import NotComparable

SHOWN_MAX = 200
COMMIT, ROLLBACK = "commit", "rollback"
AGAIN = "where the database is, it can be recorded again: changeover scenarios record"
_WORD = re.compile(r"\w+")


@dataclass
class Step:
    """One statement, or the end of a transaction in which something was sent.

    Args:
        text: of the statement; `commit` or `rollback`.
        parameters: in one form for all drivers.
        answer: what it gave; None where it raised, and of an end.
        error: what it raised, if so; a commit may be refused as well.
    """

    text: str
    parameters: Any = None
    answer: SqlAnswer | None = None
    error: BaseException | None = None


@dataclass
class Script:
    """The statements of one path, in order, and its changes as they are compared.

    Args:
        steps: in the order in which they were sent, over all connections.
        effects: net row changes.
        in_block: whether the caller had a transaction open, where the library asks.
        is_flushed: whether what a session still held was sent at the end, as the caller's commit would.
        problem: why it does not say enough for a replay; empty where it does.
    """

    steps: list[Step] = field(default_factory=list)
    effects: list[RowEffect] = field(default_factory=list)
    in_block: bool = False
    is_flushed: bool = False
    problem: str = ""

    def names(self) -> Iterator[str]:
        """Columns, named parameters, and the words of the statements."""
        for step in self.steps:
            yield from _WORD.findall(step.text)
            if step.answer is not None:
                yield from (name for name, _ in step.answer.columns or ())
            for one in step.parameters if isinstance(step.parameters, tuple) else (step.parameters,):
                yield from one if isinstance(one, dict) else ()
        for effect in self.effects:
            yield from effect.columns


KEPT_CLASSES = (SqlAnswer, RowEffect, Step, Script)
"""What stands in stored runs of a database."""


class ScriptWriter:
    """Keeps what is sent. Ends of transactions in which nothing was sent are left out: pools make them."""

    def __init__(self) -> None:
        self.script = Script()
        self._open: set[int] = set()
        self._savepoints = SavepointNames()
        self._is_over = False

    def sent(self, connection: Any, key: tuple[str, Any], answer: SqlAnswer | None) -> None:
        """A statement gave this; None where it cannot be read twice."""
        self._add(connection, key, answer=answer)

    def raised(self, connection: Any, key: tuple[str, Any], error: BaseException) -> None:
        """A statement was refused."""
        self._add(connection, key, error=error)

    def ended(self, connection: Any, how: str, error: BaseException | None = None) -> None:
        """A transaction ended with `commit` or `rollback`, or its commit was refused with an error."""
        if id(connection) in self._open and not self._is_over:
            self._open.discard(id(connection))
            self.script.steps.append(Step(how, error=error))

    def close(self) -> None:
        """The path has ended: how a transaction ends that it leaves open is none of it."""
        self._is_over = True

    def cannot(self, why: str) -> None:
        """The script will not say enough."""
        self.script.problem = self.script.problem or why

    def _add(self, connection: Any, key: tuple[str, Any], **ended: Any) -> None:
        self._open.add(id(connection))
        text, parameters = key
        self.script.steps.append(Step(self._savepoints.plain(text), parameters, **ended))


class ScriptReader:
    """Gives a replayed path what its script says, as long as it follows that.

    Args:
        script: of the path.
        leave: is told how the path leaves it, and ends it: nobody can say what it would change. Work that
            goes on after the answer is not ended, and is given nothing.
    """

    def __init__(self, script: Script, leave: Callable[[str], Any]) -> None:
        self.script = script
        self._leave = leave
        self._at = 0
        self._open: set[int] = set()
        self._savepoints = SavepointNames()
        self._is_over = False

    def begin(self) -> None:
        """The path begins; it cannot where the script does not say enough."""
        if self.script.problem:
            self._leave(f"what the path sent could not be kept: {self.script.problem}")

    def answer(self, connection: Any, key: tuple[str, Any]) -> SqlAnswer:
        """What this statement gave; raises what it had raised."""
        self._open.add(id(connection))
        step = self._next(self._savepoints.plain(key[0]))
        if not _are_same(step.parameters, key[1]):
            step = self._left(f"it sends other values than when it was recorded with {_shown(key[0])}")
        if step.error is not None:
            raise copied_error(step.error)
        return NOTHING if step.answer is None else step.answer

    def ended(self, connection: Any, how: str) -> None:
        """A transaction ends; raises what the commit had raised."""
        if id(connection) in self._open and not self._is_over:
            self._open.discard(id(connection))
            step = self._next(how)
            if step.error is not None:
                raise copied_error(step.error)

    def end(self) -> None:
        """The path has ended, and has sent all of it."""
        self._is_over = True
        if self._at < len(self.script.steps):
            missing = _shown(self.script.steps[self._at].text)
            self._left(f"it no longer sends what was recorded: {missing}")

    def _next(self, text: str) -> Step:
        steps = self.script.steps
        if self._at == len(steps):
            return self._left(f"it sends more than when it was recorded: {_shown(text)}")
        step = steps[self._at]
        if step.text != text:
            there = _shown(step.text)
            return self._left(f"it sends {_shown(text)}, and when it was recorded {there}")
        self._at += 1
        return step

    def _left(self, how: str) -> Step:
        self._leave(f"{how}; {AGAIN}")
        return Step("")


def _shown(text: str) -> str:
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"


def _are_same(recorded: Any, now: Any) -> bool:
    try:
        return same_content(_listed(recorded), _listed(now))
    except NotComparable:
        return False


def _listed(parameters: Any) -> Any:
    """Parameters are given as tuples, lists or nothing at all, which is the same to a driver."""
    if parameters is None:
        return []
    return _plain_lists(parameters)


def _plain_lists(value: Any) -> Any:
    return [_plain_lists(one) for one in value] if isinstance(value, (list, tuple)) else value
