"""Identifiers that each path mints for itself: `order-17` on the tape is `order-3` in the replay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from changeover.record.tape import Entry
from changeover.replay.renamed_answers import RenamedAnswers
from changeover.values.form import open_by_name
from changeover.values.identifiers import Names, is_identifier
from changeover.values.identity import identity_of
from changeover.values.limits import DEPTH_MAX, NotComparable
from changeover.values.reading import Shape

_UUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}")


_UNNAMED = frozenset({bool, int, float, Decimal, date, type(None)})
"""Values of these are no identifiers, and have none in them."""


def teaches_nothing(on_tape: Any, of_path: Any) -> bool:
    """Whether nothing can be learned of two values, which is known at a glance."""
    cls = type(on_tape)
    return on_tape is of_path or cls in _UNNAMED or (cls is str is type(of_path) and bool(on_tape == of_path))


class IdMapping:
    """Pairs of an identifier on the tape and its twin in the replay; the first pair of a name stays."""

    def __init__(self) -> None:
        self._to_tape = Names()
        self._to_path = Names()

    def learn(self, on_tape: Any, of_path: Any) -> None:
        """Pair the identifiers that stand at the same places of two values and differ."""
        with suppress(NotComparable):  # what is too large teaches nothing more
            self._learn(on_tape, of_path, set(), 0)

    def _learn(self, on_tape: Any, of_path: Any, seen: set[tuple[int, int]], depth: int) -> None:
        if on_tape is of_path or type(on_tape) is not type(of_path) or depth > DEPTH_MAX:
            return
        if type(on_tape) is str and self._to_path.knows(on_tape):
            return
        if is_identifier(on_tape) and is_identifier(of_path):
            self._pair(on_tape, of_path)
            return
        shape, ours = open_by_name(on_tape)
        other, theirs = open_by_name(of_path)
        pair = (identity_of(on_tape), identity_of(of_path))
        if shape is not other or pair in seen or shape in (Shape.SCALAR, Shape.UNREADABLE, Shape.BAG):
            return
        seen.add(pair)
        if isinstance(ours, dict):
            pairs: Iterable[tuple[Any, Any]] = ((ours[name], theirs[name]) for name in ours if name in theirs)
        else:
            pairs = zip(ours, theirs, strict=False)
        for one, twin in pairs:
            if not teaches_nothing(one, twin):
                self._learn(one, twin, seen, depth + 1)

    def _pair(self, on_tape: Any, of_path: Any) -> None:
        if on_tape == of_path or self._to_tape.knows(of_path) or self._to_path.knows(on_tape):
            return
        for one, twin in _ways_of_writing(on_tape, of_path):
            self._to_tape.add(twin, one)
            self._to_path.add(one, twin)

    def for_tape(self, value: Any) -> Any:
        """The value with the identifiers of the tape."""
        return self._to_tape.applied(value)

    def answer_for_path(self, entry: Entry, answer: Any, answers: RenamedAnswers) -> Any:
        """The same of an answer on the tape, which many replays are given."""
        return answers.of(entry, answer, self._to_path)

    def for_path(self, value: Any) -> Any:
        """The value with the identifiers of the replayed path."""
        return self._to_path.applied(value)


def _ways_of_writing(on_tape: Any, of_path: Any) -> Iterator[tuple[Any, Any]]:
    """The pair itself; of two UUIDs also as texts, and the other way round."""
    yield on_tape, of_path
    ours, theirs = _uuid(on_tape), _uuid(of_path)
    if ours is not None and theirs is not None:
        yield ours, theirs
        yield str(ours), str(theirs)
        yield ours.hex, theirs.hex


def _uuid(value: Any) -> UUID | None:
    if type(value) is UUID:
        return value
    if type(value) is not str or not _UUID.fullmatch(value):
        return None
    return UUID(value)
