"""Which recorded answer a read of the replayed path gets where calls were made at the same time. Pure.

Calls that overlapped have no order, so such a port has no epochs as a whole. Each branch (the n-th task, job
or thread of its parent) has its own: the answers that it got between its own effects are those that the same
branch of the replay gets. An example, of two tasks that ran at the same time:

    task 1: cash() -> 100      task 2: cash() -> 60
    task 1: buy("SPY")         task 2: buy("TLT")

The replay runs task 1 to its end before task 2 begins, and task 2 still gets its 60. A branch that the
recorded path did not have is given what any branch was answered; where those answers differ, it is a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from changeover.record.port import CallClass, PortMethod
from changeover.record.tape import Entry
from changeover.replay.port_tape import BranchName, ReadCursor, Served, answer_of_all, same_outcome
from changeover.replay.touched_parts import EffectsByPart, Parts, parts_of
from changeover.values.observation import During, Outcome

Recorded = tuple[Entry, During]


class ConcurrentPortTape:
    """One port's tape whose calls overlapped, cut into epochs by branch; see the example above."""

    def __init__(self, recorded: Sequence[Recorded]) -> None:
        self._effects: list[Recorded] = []
        self._reads: dict[Any, list[Recorded]] = {}
        self._during: dict[int, During] = {}
        own: dict[BranchName, tuple[list[Entry], list[int]]] = {}
        self._own: dict[BranchName, EffectsByPart] = {}
        self._touching = EffectsByPart()
        self._parts: dict[Any, Parts] = {}
        loose: dict[BranchName, list[Entry]] = {}
        self._alike: dict[Any, bool] = {}
        self._branches: dict[Any, set[BranchName]] = {}
        for entry, during in recorded:
            branch = during.branch
            self._branches.setdefault(entry.place, set()).add(branch)
            if entry.method.call_class is CallClass.EFFECT:
                parts = parts_of(entry)
                self._own.setdefault(branch, EffectsByPart()).add(len(self._effects), parts)
                self._touching.add(len(self._effects), parts)
                self._effects.append((entry, during))
            elif entry.method.call_class is CallClass.READ:
                self._during[id(entry)] = during
                self._reads.setdefault(entry.place, []).append((entry, during))
                if entry.method.unaffected:
                    loose.setdefault(branch, []).append(entry)
                    continue
                self._parts[entry.place] = parts_of(entry)
                entries, epochs = own.setdefault(branch, ([], []))
                entries.append(entry)
                epochs.append(len(self._own_on(branch, entry.place)))
        self._cursors = {branch: ReadCursor(*reads) for branch, reads in own.items()}
        self._loose = {branch: ReadCursor(entries) for branch, entries in loose.items()}
        self._matched: set[int] = set()
        self._served: dict[tuple[Any, BranchName], int] = {}

    def read(self, place: Any, branch: BranchName = (), *, unaffected: bool = False) -> Served | None:
        """The answer to a read of this branch, never from across an effect that has an order to it."""
        served = self._of_branch(place, branch, unaffected=unaffected)
        if served is None:
            return self._of_any_branch(place, branch, unaffected=unaffected)
        during = self._during[id(served.entry)]
        fits = unaffected or self._fits(during, place)
        if self._is_alike(place):
            return Served(served.entry, served.exact and fits)
        at_once = [
            other.branch
            for entry, other in self._reads[place]
            if not other.precedes(during) and not during.precedes(other) and entry is not served.entry
        ]
        return Served(served.entry, served.exact and fits and branch not in at_once, bool(at_once))

    def _own_on(self, branch: BranchName, place: Any) -> Sequence[int]:
        own = self._own.get(branch)
        return () if own is None else own.on(self._parts.get(place))

    def _of_branch(self, place: Any, branch: BranchName, *, unaffected: bool) -> Served | None:
        """What this very branch was answered after the effects that it has done."""
        cursor = self._loose.get(branch) if unaffected else self._cursors.get(branch)
        if cursor is None:
            return None
        if unaffected:
            return cursor.serve(place)
        own = self._own_on(branch, place)
        done = [index for index in own if index in self._matched]
        return cursor.serve(place, len(done)) if done == list(own[: len(done)]) else None

    def crosses(self, place: Any, branch: BranchName) -> bool:
        """Whether the recorded path made this call, and in other branches alone."""
        found = self._branches.get(place)
        return found is not None and branch not in found

    def _is_alike(self, place: Any) -> bool:
        if place not in self._alike:
            (first, _), *others = self._reads[place]
            self._alike[place] = all(same_outcome(first.outcome, one.outcome) for one, _ in others)
        return self._alike[place]

    def _of_any_branch(self, place: Any, branch: BranchName, *, unaffected: bool) -> Served | None:
        found = self._reads.get(place, [])
        fitting = found if unaffected else [one for one in found if self._fits(one[1], place)]
        if not fitting:
            return None
        number = self._served.get((place, branch), 0)
        self._served[place, branch] = number + 1
        entry = fitting[min(number, len(fitting) - 1)][0]
        return Served(entry, all(same_outcome(entry.outcome, other.outcome) for other, _ in fitting))

    def peek(self, place: Any, *, unaffected: bool) -> Served | None:
        """What any branch was answered, for one who only looks; exact where all answers are alike."""
        found = self._reads.get(place, [])
        fitting = found if unaffected else [one for one in found if self._fits(one[1], place)]
        if not fitting:
            return None
        entry = fitting[0][0]
        return Served(entry, all(same_outcome(entry.outcome, other.outcome) for other, _ in fitting))

    def answer_of_all(self, method: PortMethod) -> Outcome | None:
        """What every recorded call of an effect gave, None where they gave different things."""
        return answer_of_all(method, [entry for entry, _ in self._effects])

    def _fits(self, read: During, place: Any) -> bool:
        """Whether the effects done so far are those that lay before the read, or had no order to it."""
        during = ((index, self._effects[index][1]) for index in self._touching.on(self._parts.get(place)))
        return all(
            not read.precedes(one) if index in self._matched else not one.precedes(read)
            for index, one in during
        )

    def match(self, place: Any, branch: BranchName = ()) -> Entry | None:
        """A recorded effect of this intent, not matched before: one of the same branch, else the first."""
        waiting = [
            index
            for index, (entry, _) in enumerate(self._effects)
            if index not in self._matched and entry.place == place
        ]
        if not waiting:
            return None
        same = [index for index in waiting if self._effects[index][1].branch == branch]
        index = (same or waiting)[0]
        self._matched.add(index)
        return self._effects[index][0]
