"""Calls of a replayed path that a real object answers, or a copy of one: `fixed`, `local` and time untold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.errors import ReplayRefusal, UndeclaredCall
from changeover.record.context import SESSION, Args, Kwargs
from changeover.record.port import CallClass, PortMethod
from changeover.record.port_copies import PortCopies
from changeover.record.replay_problems import ProblemKind
from changeover.record.tape import Entry
from changeover.replay.answering_objects import Delegates, DelegateSession, NoDelegate
from changeover.replay.taped_time import TapedTime
from changeover.values.atom_types import ATOMS
from changeover.values.copying import SnapshotError, copied_error, snapshot
from changeover.values.identity import identity_of
from changeover.values.observation import Outcome, Raised, Returned


class RealAnswers(TapedTime):
    """The path gets what the object gave; what a `fixed` call gave, as a copy."""

    copies: PortCopies | None
    delegates: Delegates
    _fixed: dict[int, tuple[Any, Any]]  # answers of `fixed` calls, each with its copy

    def _own(self, method: PortMethod, outcome: Outcome) -> Outcome:
        """What a `fixed` call gave, as the path may have it: one copy of an object that can change.

        What has no copy, as a context, is the port's own.
        """
        if not method.is_fixed or not isinstance(outcome, Returned) or type(outcome.value) in ATOMS:
            return outcome
        known = self._fixed.get(identity_of(outcome.value))
        if known is None:
            try:
                copy = snapshot(outcome.value, by_reference=self.book.holds)
            except SnapshotError:
                copy = outcome.value
            known = self._fixed[identity_of(outcome.value)] = outcome.value, copy
        return outcome if known[1] is outcome.value else Returned(known[1])

    def _really(self, method: PortMethod, owner: Any, args: Args, kwargs: Kwargs) -> Any:
        token = SESSION.set(self._delegate_session(method, owner))
        try:
            return self._target_call(method, owner, args, kwargs)()
        finally:
            SESSION.reset(token)

    def _delegate_session(self, method: PortMethod, owner: Any) -> DelegateSession:
        copied = self.delegates.copy_of(method, owner)
        return DelegateSession(self, () if copied is None else (copied,))

    def _target_call(self, method: PortMethod, owner: Any, args: Args, kwargs: Kwargs) -> Callable[[], Any]:
        try:
            return self.delegates.call(method, owner, args, kwargs)
        except NoDelegate as error:
            self.note(ProblemKind.UNDECLARED_CALL, method.full_name, str(error))
            raise self._ended(UndeclaredCall(f"{method.full_name}: {error}")) from error

    def _keep_real(self, method: PortMethod, args: Args, kwargs: Kwargs, outcome: Outcome) -> None:
        """Keep a call that a real object or a copy answered."""
        if method.call_class is CallClass.CLOCK and not method.sleeps:
            self.clock(method.port).begin(method.name, outcome)
        if isinstance(outcome, Raised):
            if isinstance(outcome.error, ReplayRefusal):
                self._ended(outcome.error)
            self._keep(
                method, args, kwargs, Raised(copied_error(outcome.error, self.book.holds)), with_site=True
            )
        elif method.call_class is CallClass.FIXED:
            self._keep(method, args, kwargs, None, answer=outcome.value)
            self._verify_fixed(self.calls[-1])
        else:
            kept = Returned(snapshot(outcome.value, by_reference=self.book.holds))
            self._keep(method, args, kwargs, kept, with_site=method.call_class is CallClass.EFFECT)

    def _verify_fixed(self, entry: Entry) -> None:
        """Data that has changed since a stored tape was made are another world."""
        if not self._tape.is_stored:
            return
        for recorded in self._tape.of_port(entry.method.port, lambda found: found.place == entry.place):
            if recorded.answer_digest not in (None, entry.answer_digest):
                self.note(ProblemKind.FIXED_CHANGED, entry.method.full_name, "answers otherwise now")
                return
