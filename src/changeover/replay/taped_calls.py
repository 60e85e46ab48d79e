"""The calls of a replayed path and those on the tape: which is which, and what the path is given for one."""

from __future__ import annotations

from typing import Any, cast

from changeover.errors import ReplayRefusal, UndeclaredCall
from changeover.record.context import Args, Kwargs
from changeover.record.instrument import calling_site
from changeover.record.port import PortBook, PortMethod
from changeover.record.replay_problems import ProblemKind, ReplayProblem
from changeover.record.tape import Entry
from changeover.record.work_branch import current_branch, tick
from changeover.replay.called_objects import AnotherObject, CalledObjects
from changeover.replay.carried_changes import carry_into
from changeover.replay.concurrent_tape import ConcurrentPortTape
from changeover.replay.given_objects import GivenObjects
from changeover.replay.id_mapping import IdMapping, teaches_nothing
from changeover.replay.path_stops import PathStops
from changeover.replay.port_tape import PortTape
from changeover.replay.renamed_answers import RenamedAnswers
from changeover.replay.replayed_work import AnyPortTape
from changeover.values.atom_types import ATOMS
from changeover.values.content_key import frozen, unread_in
from changeover.values.copying import SnapshotError, copied_error, snapshot
from changeover.values.error_text import class_and_message, message_of
from changeover.values.observation import Outcome, Raised, Returned
from changeover.values.value_text import parts_text

ARGUMENT_SHOWN_MAX = 200
NO_NAMES: Kwargs = {}


class TapedCalls(PathStops):
    """A call of the path is the recorded one with the same key, but for identifiers that were made anew."""

    book: PortBook
    _objects: GivenObjects
    _ports: dict[str, AnyPortTape]
    _called: dict[str, CalledObjects]
    renamed: RenamedAnswers | None = None  # of many replays of one tape
    _ids: IdMapping | None = None  # where no identifier was met, none is renamed

    def _place(self, method: PortMethod, args: Args, kwargs: Kwargs) -> Any:
        ids = self._ids
        if ids is not None:
            args, kwargs = ids.for_tape(args), ids.for_tape(kwargs)
        try:
            return (method.name, frozen(method.key_of(args, kwargs)))
        except Exception as error:  # a key function is a program's own code and may raise anything
            raise self._keyless(method, error) from error

    def _of_object(self, method: PortMethod, owner: Any, place: Any) -> Any:
        """The place of a call on this object; ends the path where it was recorded on another one."""
        if not method.is_of_class or owner is None:
            return place
        try:
            return self._called[method.port].place(place, owner)
        except AnotherObject as error:
            self.note(ProblemKind.UNDECLARED_CALL, method.full_name, str(error))
            raise self._ended(UndeclaredCall(f"{method.full_name}: {error}")) from error

    def _port_tape(self, method: PortMethod) -> AnyPortTape:
        found = self._ports.get(method.port)
        if found is not None:
            return found
        tape, entries = self._tape, self._tape.of_port(method.port, lambda _: True)
        try:
            if method.is_of_class:
                compared = [entry for entry in entries if entry.method.is_compared]
                self._called[method.port] = CalledObjects(compared, is_of_elsewhere=tape.is_of_elsewhere)
            if self._by_branch:
                found = ConcurrentPortTape([(entry, tape.during(entry)) for entry in entries])
            else:
                found = PortTape(entries)
            self._ports[method.port] = found
            return found
        except Exception as error:  # the same, for the calls on the tape
            raise self._keyless(method, error) from error

    def _keyless(self, method: PortMethod, error: Exception | str) -> ReplayRefusal:
        why = error if type(error) is str else class_and_message(cast(Exception, error))
        what = f"its key cannot be worked out: {why}"
        self.note(ProblemKind.UNDECLARED_CALL, method.full_name, what)
        return self._ended(UndeclaredCall(f"{method.full_name}: {what}"))

    def _refuse_unread_key(self, method: PortMethod, args: Args, kwargs: Kwargs, place: Any) -> None:
        """End the path where its effect is a recorded one but for what nobody can read in both keys."""
        if self._ids is not None:
            args, kwargs = self._ids.for_tape(args), self._ids.for_tape(kwargs)
        key = method.key_of(args, kwargs)
        blank = frozen(key, is_read=False)
        if blank == place[1]:
            return
        entries = self._tape.of_port(method.port, lambda entry: entry.method.name == method.name)
        keys = [entry.key for entry in entries if entry.place != place]
        if len(keys) == len(entries) and any(frozen(other, is_read=False) == blank for other in keys):
            why = f"both paths made {unread_in(key)}: nobody can say whether they are the same"
            raise self._keyless(method, why)

    def _learn(self, on_tape: dict[str, Any], of_path: dict[str, Any]) -> None:
        for name, value in on_tape.items():
            now = of_path.get(name)
            if value is not now and not teaches_nothing(value, now):
                break
        else:
            return
        self._ids = self._ids or IdMapping()
        self._ids.learn(on_tape, of_path)

    def _keep(
        self,
        method: PortMethod,
        args: Args,
        kwargs: Kwargs,
        outcome: Outcome | None,
        *,
        with_site: bool = False,
        answer: Any = None,
    ) -> None:
        site = calling_site(method.hook.module, machinery=method.hook.machinery) if with_site else None
        try:
            holds = self.book.holds
            args = args if ATOMS.issuperset(map(type, args)) else snapshot(args, by_reference=holds)
            kwargs = snapshot(kwargs, by_reference=holds) if kwargs else kwargs
        except SnapshotError as error:
            self.note(ProblemKind.NOT_KEPT, method.full_name, f"its arguments: {error}")
            args, kwargs = (), {}
        entry = Entry(method, args, kwargs, outcome, site, immutable_answer=answer)
        entry.began = entry.ended = tick()
        entry.branch = current_branch()
        self.calls.append(entry)

    def _for_path(self, entry: Entry, args: Args = (), kwargs: Kwargs = NO_NAMES) -> Outcome:
        """How a recorded call ended, for the replayed one with these arguments."""
        outcome, ids = entry.outcome, self._ids
        if entry.left is not None:
            self._carry(entry, entry.left, args, kwargs)
        if isinstance(outcome, Raised):
            error = copied_error(outcome.error, self.book.holds)
            return Raised(error if ids is None else ids.for_path(error))
        if outcome is None:
            return Returned(None)
        value = outcome.value
        if ids is not None:
            answers = self.renamed
            value = ids.for_path(value) if answers is None else ids.answer_for_path(entry, value, answers)
        return Returned(self._objects.given(entry, value, args, kwargs))

    def _carry(self, entry: Entry, left: tuple[Args, Kwargs], args: Args, kwargs: Kwargs) -> None:
        """Write what the recorded call has changed in its arguments into those of the replayed one."""
        method, ids = entry.method, self._ids

        def given(value: Any) -> Any:
            found = value if ids is None else ids.for_path(value)
            return snapshot(found, by_reference=self.book.holds)

        live, after = method.arguments(args, kwargs), method.arguments(*left)
        try:
            for name, before in entry.arguments.items():
                if name in live and name in after:
                    carry_into(live[name], before, after[name], given)
        except Exception as error:  # noqa: BLE001  values are the program's own code
            what = f"what the call has changed in its arguments: {message_of(error)}"
            self.note(ProblemKind.NOT_KEPT, method.full_name, what)

    def _refuse(
        self,
        kind: ProblemKind,
        method: PortMethod,
        args: Args,
        kwargs: Kwargs,
        refusal: type[ReplayRefusal],
        why: str | None = None,
    ) -> Outcome:
        outcome = Raised(self._ended(refusal(f"{method.full_name}: {kind}")))
        if self._is_beyond_record():
            return outcome
        self._keep(method, args, kwargs, outcome, with_site=True)
        self._note_call(kind, method, why)
        return outcome

    def _note_call(self, kind: ProblemKind, method: PortMethod, why: str | None = None) -> None:
        """Note a problem of the last call."""
        position = len(self.calls)
        call = self.calls[-1].call(position)
        given = (f"{name}={parts_text(value, ARGUMENT_SHOWN_MAX)}" for name, value in call.arguments.items())
        asked = f"{method.name}({', '.join(given)})"
        detail = asked if why is None else f"{asked}: {why}"
        self.problems.add(ReplayProblem(kind, method.full_name, detail, position, call.asked_at, call))
