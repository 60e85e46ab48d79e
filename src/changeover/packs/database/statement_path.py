"""A path that asks a driver by itself: its statements stand on the tape; what is rolled back is no effect."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from changeover.errors import ReplayRefusal
from changeover.packs.database.driver_answer import DriverAnswer
from changeover.packs.database.open_transaction import OpenTransaction
from changeover.packs.database.recorded_writes import MadeWrites, RecordedWrites
from changeover.packs.database.statement_kind import first_word, key_of, kind_for_driver, statements_in
from changeover.packs.database.timed import timed
from changeover.packs.database.transaction_words import TransactionStep, step_of
from changeover.packs.database.unsent_statement import BY_A_PORT, why_unsent
from changeover.packs.host import Channel, Operation, apart, outside
from changeover.quick_dataclass import dataclass
from changeover.record.port import CallClass
from changeover.record.taken_back import as_call_of

_STATEMENT = ("statement", "parameters")
DRIVER_OPERATIONS = (
    Operation("block", CallClass.READ, (), unaffected=True, is_mark=True),
    Operation("write", CallClass.EFFECT, _STATEMENT),
    Operation("undone", CallClass.EFFECT, _STATEMENT, is_mark=True),
    Operation("commit", CallClass.EFFECT, ()),
    Operation("rollback", CallClass.EFFECT, (), is_mark=True),
    Operation("ends_callers", CallClass.EFFECT, ("how",)),
)
"""What a driver may be asked; `read` is declared by its pack. `undone` is what was written and rolled back,
and `block` says that the path was given a connection with a transaction in it, which it may end."""
MIXED = "several statements in one text, one of which begins or ends a transaction"
LOST = "the path has rolled back what the answering path committed: nobody knows what it would be told now"
HANDED_ON = "a transaction in two phases: who ends it, and how, is not seen here"


@dataclass
class Asked:
    """One statement on its way: the operation as which it is asked, None where it is none of the path's."""

    connection: Any
    operation: str | None
    arguments: tuple[Any, ...]
    step: TransactionStep | None = None
    status: str = ""


class StatementPath:
    """Follows one path, in either role.

    Args:
        name: of the pack.
        channel: through which statements come onto the tape.
        session: that of the path.
        is_refused: whether an error says that the statement has changed nothing.
    """

    def __init__(
        self, name: str, channel: Channel, session: Any, is_refused: Callable[[BaseException], bool]
    ) -> None:
        self.name = name
        self.session = session
        self.replaying: bool = session.replaying
        self._channel = channel
        self._is_refused = is_refused
        around = None if self.replaying else session.follower_around(name)
        self._open: dict[int, OpenTransaction[Any]] = {} if around is None else around._open
        self._met: dict[int, Any] = {} if around is None else around._met
        self._is_ended = self._is_lost = False
        self._own_writes = MadeWrites(session, channel.name)
        self._recorded_writes = RecordedWrites(session, channel.name) if self.replaying else None

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The path begins."""
        return args, kwargs

    def end(self) -> None:
        """The path has ended; what it has left open is its caller's to end, and counts."""
        for left in self._open.values():
            self._keep(left.written)

    async def begin_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The same under a loop."""
        return self.begin(args, kwargs)

    async def end_async(self) -> None:
        """The same under a loop."""
        self.end()

    def spent(self, began: float, ended: float) -> None:
        """The database took that time."""
        self.session.spend(began, ended)

    def meet(self, connection: Any, *, in_transaction: bool) -> None:
        """A connection is used: one that was given with a transaction in it is the caller's to end."""
        if id(connection) not in self._met:
            self._met[id(connection)] = connection  # so that no identity is used twice
            if in_transaction and id(connection) not in self._open:
                self._channel.tell("block", ())
                self.open_for_caller(connection)

    def open_for_caller(self, connection: Any) -> None:
        """The path is given a connection with a transaction in it."""
        self._open[id(connection)] = OpenTransaction(is_callers=True)

    @property
    def was_in_block(self) -> bool:
        """Whether the answering path was given a connection with a transaction in it."""
        return bool(self.session.recorded_calls(self._channel.name, "block"))

    def is_open(self, connection: Any) -> bool:
        """Whether the path has begun a transaction there."""
        return id(connection) in self._open

    async def ask_async(
        self,
        connection: Any,
        asked: tuple[str, Any, str],
        send: Callable[[], Awaitable[DriverAnswer]],
    ) -> DriverAnswer:
        """What a statement, with its parameters, gave where so many rows of it were asked for."""
        found = self._asked(connection, *asked)
        try:
            if found.operation is not None:
                answer = await self._channel.ask_async(found.operation, found.arguments, send)
            elif self.replaying:
                answer = DriverAnswer(status=found.status)
            else:
                with timed(self):
                    answer = await apart(send)
        except BaseException as error:
            self._failed(found, error)
            raise
        self._done(found, answer)
        return answer

    def ask(
        self, connection: Any, asked: tuple[str, Any, str], send: Callable[[], DriverAnswer]
    ) -> DriverAnswer:
        """The same, where nothing is awaited."""
        found = self._asked(connection, *asked)
        try:
            if found.operation is not None:
                answer = self._channel.ask(found.operation, found.arguments, send)
            elif self.replaying:
                answer = DriverAnswer(status=found.status)
            else:
                with timed(self), outside():
                    answer = send()
        except BaseException as error:
            self._failed(found, error)
            raise
        self._done(found, answer)
        return answer

    def step(self, connection: Any, statement: str) -> None:
        """The driver has sent this by itself, which begins or ends a transaction or a part of one."""
        step = step_of(statement)
        if step is None:
            return
        asked = self._asked_for_step(connection, step, statement)
        if asked.operation is not None:
            self._channel.tell(asked.operation, asked.arguments)
        self._take(connection, step, first_word(statement))

    def dropped(self, connection: Any) -> None:
        """A connection is closed or reset: what was not committed there is undone."""
        found = self._open.pop(id(connection), None)
        if found is not None:
            self._undo(found.written)
            if found.is_callers:
                self._channel.tell("ends_callers", ("rollback",))

    def refuse(self, what: str) -> None:
        """The run cannot be compared; a replay ends here."""
        if self.replaying:
            self.session.cannot_follow(self.name, what)
        else:
            self.session.not_followed(what)  # also from within a call, where nobody else is followed

    def _asked(self, connection: Any, statement: str, parameters: Any, rows: str) -> Asked:
        text, values = key_of(statement, parameters)
        pieces = statements_in(text)
        steps = [step for step in map(step_of, pieces) if step is not None]
        if steps and len(pieces) > 1:
            self.refuse(MIXED)
        if steps and steps[0].step == "unknown":
            self.refuse(HANDED_ON)
        if steps:
            return self._asked_for_step(connection, steps[0], text)
        kind = kind_for_driver(text)
        if kind == "session":
            return Asked(connection, None, (), status=first_word(text))
        if self.replaying:
            why = why_unsent(self.session, self.name, self._channel.name, kind, text, BY_A_PORT)
            if why:
                self.refuse(why)
        if kind == "read" and self._is_lost:
            self.refuse(LOST)
        if kind == "read":
            return Asked(connection, "read", (text, values, rows))
        operation = "write" if self._recorded_writes is None else self._recorded_writes.next_as(text, values)
        return Asked(connection, operation, (text, values))

    def _asked_for_step(self, connection: Any, step: TransactionStep, text: str) -> Asked:
        operation = None
        found = self._open.get(id(connection))
        if step.step in ("commit", "rollback") and found is not None and found.is_callers:
            return Asked(connection, "ends_callers", (step.step,), step, first_word(text))
        if step.step in ("commit", "rollback") and found is not None and found.written:
            operation = step.step
        if operation == "rollback" and self._recorded_writes and not self._recorded_writes.next_rollback():
            operation, self._is_lost = None, True
        return Asked(connection, operation, (), step, first_word(text))

    def _done(self, asked: Asked, answer: DriverAnswer) -> None:
        if asked.operation in ("write", "undone"):
            entry = self._own_writes.ended(*asked.arguments)
            found = self._open.get(id(asked.connection))
            if entry is None:
                return
            if found is not None:
                found.wrote(entry)
            else:
                self._turn(entry, "write")
        elif asked.step is not None:
            self._take(asked.connection, asked.step, answer.status)

    def _failed(self, asked: Asked, error: BaseException) -> None:
        self._is_ended = self._is_ended or isinstance(error, ReplayRefusal)
        is_refused = self._is_refused(error)
        if asked.operation in ("write", "undone"):
            entry = self._own_writes.ended(*asked.arguments)
            if entry is not None:
                self._turn(entry, "undone" if is_refused else "write")
        elif asked.step is not None and asked.step.step == "commit":
            found = self._open.pop(id(asked.connection), None)
            if found is not None:  # where no answer came it may be committed
                (self._undo if is_refused else self._keep)(found.written)

    def _take(self, connection: Any, step: TransactionStep, status: str | None) -> None:
        """The server has taken a step; a commit of what has failed is a rollback, and says so."""
        found = self._open.get(id(connection))
        if step.step == "begin":
            self._open.setdefault(id(connection), OpenTransaction())
        elif step.step in ("commit", "rollback"):
            self._open.pop(id(connection), None)
            is_undone = step.step == "rollback" or status == "ROLLBACK"
            if found is not None:
                (self._undo if is_undone else self._keep)(found.written)
            if step.chains:
                self._open[id(connection)] = OpenTransaction()
        elif step.step == "savepoint":
            found = self._open.setdefault(id(connection), OpenTransaction())
            found.savepoint(step.name)
        elif found is not None and step.step == "release":
            found.release(step.name)
        elif found is not None:
            self._undo(found.roll_back_to(step.name))

    def _undo(self, entries: list[Any]) -> None:
        for entry in () if self._is_ended else entries:  # the library rolls back what a refusal has ended
            self._turn(entry, "undone")

    def _keep(self, entries: list[Any]) -> None:
        for entry in entries:
            self._turn(entry, "write")

    def _turn(self, entry: Any, operation: str) -> None:
        """What was written counts, or does not."""
        if entry.method.name != operation:
            instead = as_call_of(entry, self._channel.method(operation))
            self._own_writes.know(instead)
            self.session.take_back(entry, instead)
