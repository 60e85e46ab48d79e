"""What ports gave the answering path, and were handed by it: what it changes there is noticed."""

from __future__ import annotations

from typing import Any

from changeover.record.call_inputs import NO_INPUTS
from changeover.record.called_back import HANDED, Handed, functions_in
from changeover.record.context import Args, Kwargs
from changeover.record.held_copies import HeldCopies
from changeover.record.instrument import Hook
from changeover.record.live_answers import LiveAnswers
from changeover.record.path_notes import PathNotes
from changeover.record.port import PortMethod
from changeover.record.tape import Entry
from changeover.values.copy_time import CopyTime

_NOT_WATCHED = LiveAnswers()
_NOT_WATCHED.forget()


class GivenAnswers(PathNotes):
    """They are watched until the path has ended and is forgotten."""

    inputs = NO_INPUTS
    _given: LiveAnswers | None = None

    @property
    def has_given(self) -> bool:
        """Whether ports gave the path, or were handed by it, anything that can change."""
        return self._given is not None

    def changed_answers(self, time_left: CopyTime | None) -> dict[str, Any]:
        """What the path changed in what ports gave it, by place; raises TookTooLong, and what reads raise."""
        return {} if self._given is None else self._given.changed(self.tape.watched.first, time_left)

    @property
    def has_changed_answers(self) -> bool:
        """Whether an answer of a port, or what one was handed, changed while the path ran, by whomever."""
        return self._given is not None and self._given.has_changed

    def forget_answers(self) -> None:
        """Let go of what the path was given: from now on nothing in it is watched."""
        self.inputs = NO_INPUTS
        if self._given is None:
            self._given = _NOT_WATCHED
        else:
            self._given.forget()

    def _watch(self, entry: Entry, handed: Any, parts: list[Any], live: Args, named: Kwargs) -> None:
        """What a port was handed, and what it gave, may be changed by the path from now on."""
        given = self._given
        if given is None:
            given = self._given = LiveAnswers(self.inputs)
        if handed is not None:
            given.hand(*handed)
        if parts:
            given.watch(self.tape, entry, parts, live, named)

    def _watch_fixed(self, copy: Any, live: Any) -> None:
        """What somebody holds answers otherwise from now on, where the path changes it."""
        for recorder in self._chain:
            if recorder._given is None:
                recorder._given = LiveAnswers(recorder.inputs)
            recorder._given.hand(copy, live)

    def _hand_functions(self, method: PortMethod, args: Args, kwargs: Kwargs) -> None:
        """A port may call back what it is handed, then or later: what that changes is noticed.

        What it does is compared with the arguments of an effect; of a read a key may leave it out.
        """
        functions = functions_in((*args, *kwargs.values()))
        if not functions:
            return
        held = HeldCopies(functions, self.book.holds, self._time_left)
        for recorder in self._chain:
            if recorder._given is None:
                recorder._given = LiveAnswers(recorder.inputs)
            recorder._given.hand_functions(held)
            if method.key is not None and not method.is_effect and not recorder.running.answered:
                handed = HANDED.get(id(recorder)) or HANDED.setdefault(id(recorder), Handed(recorder))
                handed.add(functions, method.full_name)

    def called_back(self, hook: Hook, args: Args, function: str, port_method: str) -> None:
        """A function that a port was handed has called another port, or the same one: on no tape."""
        method = self.book.find(hook, args)
        if method is not None and method.attempts:
            what = f"{function} called {method.full_name} inside of {port_method}"
            self._note_problem(
                f"{what}, which calls it back: a replay never calls it; declare what it does as one effect"
            )
