"""Which recorded answer a read of the replayed path gets, given what the path has done before. Pure.

An effect may change what reads answer, so a port's tape is cut at its effects into *epochs*: epoch k holds
the reads that were recorded after exactly the first k effects. A replay reads from the epoch of the effects
that it has repeated so far. An example, of a broker whose recorded path did this:

    cash() -> 100        epoch 0
    buy("SPY")           first effect
    cash() -> 60         epoch 1
    price("SPY") -> 40   epoch 1
    buy("TLT")           second effect
    cash() -> 10         epoch 2

The replayed path asks, in this order:

    cash()               100: no effect yet, so epoch 0
    buy("TLT")           repeats the second effect, while the first is still missing
    cash()               no answer: nobody recorded a broker with TLT and without SPY (`read-missing`)
    buy("SPY")           now exactly the first two effects are done
    cash()               10: epoch 2; the order of the two effects is for the comparison to judge
    price("SPY")         no answer from epoch 2, and never the 40 of epoch 1: an effect lies between

Within an epoch nothing changed the port, so reads may come in another order than they were recorded in. A
read that was recorded several times gets its answers in turn, and then the last one again.

Where a port names its parts, only effects on a part that the read touches count for its epoch
(`replay.touched_parts`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, NamedTuple

from changeover.record.port import CallClass, PortMethod
from changeover.record.tape import Entry
from changeover.replay.touched_parts import EffectsByPart, Parts, parts_of
from changeover.values.content_key import same_content
from changeover.values.observation import Outcome, Raised, Returned

BranchName = tuple[str, ...]


class Served(NamedTuple):
    """A recorded call that answers one of the replay; not exact where other answers were as good.

    `by_branch` says that only the branch that asks tells it from other answers; `other` is a call whose other
    answer would be as good, where it is known.
    """

    entry: Entry
    exact: bool
    by_branch: bool = False
    other: Entry | None = None


class ReadCursor:
    """Reads in the order of the tape, each with its epoch, and how far the replay has come in them."""

    def __init__(self, entries: Sequence[Entry], epochs: Sequence[int] = ()) -> None:
        self._entries = entries
        self._questions = [
            (entry.place, epochs[index] if epochs else 0) for index, entry in enumerate(entries)
        ]
        self._where: dict[Any, list[int]] = {}
        for index, question in enumerate(self._questions):
            self._where.setdefault(question, []).append(index)
        self._cursor = -1
        self._last_question: Any = None
        self._last = -1

    def serve(self, place: Any, epoch: int = 0) -> Served | None:
        """The answer to a read at this point of the replay, None where it was never asked."""
        question = (place, epoch)
        found = self._where.get(question)
        if found is None:
            return None
        index, other = self._choose(question, found)
        self._last_question, self._last = question, index
        self._cursor = max(self._cursor, index)
        return self._served(index, other)

    def peek(self, place: Any, epoch: int = 0) -> Served | None:
        """The same, without coming any further."""
        question = (place, epoch)
        found = self._where.get(question)
        return None if found is None else self._served(*self._choose(question, found))

    def _served(self, index: int, other: int | None) -> Served:
        entry = None if other is None else self._entries[other]
        return Served(self._entries[index], entry is None, other=entry)

    def _choose(self, question: Any, found: list[int]) -> tuple[int, int | None]:
        """The index of the answer, and of another one that would have been as good."""
        if question == self._last_question:  # in a row: walk on, and repeat the last
            later = bisect_right(found, self._last)
            return (found[later] if later < len(found) else self._last), None
        following = self._cursor + 1
        if following < len(self._entries) and self._questions[following] == question:
            return following, None
        if found[0] > self._cursor:  # what lies between was not asked for by this path
            return found[0], None
        ahead = bisect_right(found, self._cursor)
        chosen = found[min(ahead, len(found) - 1)]
        return chosen, self._another(found, chosen)

    def _another(self, found: list[int], chosen: int) -> int | None:
        """One of these whose answer is another than the chosen one's, None where all are alike."""
        given = self._entries[chosen].outcome
        return next((one for one in found if not same_outcome(given, self._entries[one].outcome)), None)


def same_outcome(one: Any, other: Any) -> bool:
    """Whether two calls ended alike."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Raised):
        return same_content(one.error, other.error)
    return same_content(one.value, other.value)


def answer_of_all(method: PortMethod, effects: Sequence[Entry]) -> Outcome | None:
    """What every recorded call of an effect gave, None where they gave different things or there is none.

    One that is annotated to give None gives that, recorded or not.
    """
    given = [entry.outcome for entry in effects if entry.method.name == method.name]
    if not given:
        return Returned(None) if method.gives_none else None
    first = given[0]
    is_alike = isinstance(first, Returned) and all(same_outcome(first, other) for other in given[1:])
    return first if is_alike else None


class PortTape:
    """One port's tape, cut into epochs at the port's effects; see the example above."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        reads: list[Entry] = []
        epochs: list[int] = []
        unaffected: list[Entry] = []
        self._effects: list[Entry] = []
        self._touching = EffectsByPart()
        self._parts: dict[Any, Parts] = {}
        for entry in entries:
            if entry.method.call_class is CallClass.EFFECT:
                self._touching.add(len(self._effects), parts_of(entry))
                self._effects.append(entry)
            elif entry.method.call_class is CallClass.READ and entry.method.unaffected:
                unaffected.append(entry)
            elif entry.method.call_class is CallClass.READ:
                parts = self._parts[entry.place] = parts_of(entry)
                reads.append(entry)
                epochs.append(len(self._touching.on(parts)))
        self._reads = ReadCursor(reads, epochs)
        self._unaffected = ReadCursor(unaffected)
        self._waiting: dict[Any, list[int]] = {}
        for index, entry in enumerate(self._effects):
            self._waiting.setdefault(entry.place, []).append(index)
        self._matched: set[int] = set()
        self._in_order = 0

    def read(self, place: Any, branch: BranchName = (), *, unaffected: bool) -> Served | None:
        """The answer to a read, never from across an effect; these calls had an order in every branch."""
        if unaffected:
            return self._unaffected.serve(place)
        epoch = self._epoch(place)
        return None if epoch is None else self._reads.serve(place, epoch)

    def _epoch(self, place: Any) -> int | None:
        """How many effects that touch it are done; None where those are not the first ones of them."""
        parts = self._parts.get(place)
        if parts is None:
            return self._in_order if self._in_order == len(self._matched) else None
        touching = self._touching.on(parts)
        done = [index for index in touching if index in self._matched]
        return len(done) if done == list(touching[: len(done)]) else None

    def crosses(self, place: Any, branch: BranchName) -> bool:
        """All is one branch here."""
        return False

    def peek(self, place: Any, *, unaffected: bool) -> Served | None:
        """The same for one who only looks: the next answer to the question stays what it is."""
        if unaffected:
            return self._unaffected.peek(place)
        epoch = self._epoch(place)
        return None if epoch is None else self._reads.peek(place, epoch)

    def answer_of_all(self, method: PortMethod) -> Outcome | None:
        """What every recorded call of an effect gave, None where they gave different things."""
        return answer_of_all(method, self._effects)

    def match(self, place: Any, branch: BranchName = ()) -> Entry | None:
        """The first recorded effect of this intent that was not matched before; its epoch begins."""
        waiting = self._waiting.get(place)
        if not waiting:
            return None
        index = waiting.pop(0)
        self._matched.add(index)
        while self._in_order in self._matched:
            self._in_order += 1
        return self._effects[index]
