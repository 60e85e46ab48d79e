"""Calls of a replayed path that are not on the tape: the answer is derived, one for all, or there is none."""

from __future__ import annotations

from changeover.errors import EffectWithheld, ReadMissing
from changeover.record.context import Args, Kwargs
from changeover.record.port import CallClass, PortMethod
from changeover.record.replay_problems import ProblemKind
from changeover.replay.derived_reads import NotDerived, RecordedReads, derived, effects_made
from changeover.replay.taped_calls import TapedCalls
from changeover.values.copying import snapshot
from changeover.values.observation import Outcome, PortCall, Returned


class UnrecordedCalls(TapedCalls):
    """An effect that nobody recorded is withheld; a read that nobody asked has no answer to give."""

    def _unrecorded(self, method: PortMethod, args: Args, kwargs: Kwargs) -> Outcome:
        """The answer to a question that nobody asked when the tape was made: derived, or none."""
        why = None
        if method.derive is not None:
            recorded = RecordedReads(self.book.port_of(method), self._look, self._made)
            try:
                outcome = derived(method, recorded, args, kwargs)
            except NotDerived as error:
                why = str(error)
            else:
                self._keep(method, args, kwargs, outcome)
                return outcome
        return self._refuse(ProblemKind.READ_MISSING, method, args, kwargs, ReadMissing, why)

    def _look(self, method: PortMethod, args: Args, kwargs: Kwargs) -> Outcome | None:
        """What the tape answers to a read at this point, for who does not ask as the path."""
        if method.call_class is not CallClass.READ:
            return None
        place = self._place(method, args, kwargs)
        served = self._port_tape(method).peek(place, unaffected=method.unaffected)
        return None if served is None or not served.exact else self._for_path(served.entry)

    def _made(self, method: PortMethod) -> tuple[PortCall, ...]:
        """What the path has done by this effect until now."""
        return effects_made(method, self.calls, self._ids)

    def _withheld(self, method: PortMethod, args: Args, kwargs: Kwargs) -> Outcome:
        """What the path is told of an effect that is withheld: what all recorded ones gave, or an end."""
        kind, given = ProblemKind.EFFECT_WITHHELD, self._port_tape(method).answer_of_all(method)
        if given is None or self._goes_beyond_record:
            return self._refuse(kind, method, args, kwargs, EffectWithheld)
        self._keep(method, args, kwargs, given, with_site=True)
        self._note_call(kind, method)
        return Returned(snapshot(given.give(), by_reference=self.book.holds))
