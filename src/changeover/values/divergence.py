"""One difference between two observations, with its place and kind, and the verdict of one run."""

from __future__ import annotations

import sys
from enum import Enum, StrEnum
from typing import Any

from changeover.quick_dataclass import dataclass


class Kind(StrEnum):
    """What kind of difference it is."""

    VALUE = "value"
    TYPE = "type"
    ZONE = "zone"
    MISSING = "missing"
    EXTRA = "extra"
    ROW_MISSING = "row-missing"
    ROW_EXTRA = "row-extra"
    ORDER = "order"
    TOLERANCE_EXCEEDED = "tolerance-exceeded"
    NOT_A_BIJECTION = "not-a-bijection"
    ERROR_ONE_SIDE = "error-one-side"
    ERROR_DIFFERS = "error-differs"
    EFFECT_MISSING = "effect-missing"
    EFFECT_EXTRA = "effect-extra"
    EFFECT_CHANGED = "effect-changed"
    EFFECT_ORDER = "effect-order"
    INPUT_MUTATED = "input-mutated"  # of stores of before: what changed is compared by content now
    UNDECLARED_EFFECT = "undeclared-effect"
    READ_MISSING = "read-missing"
    TIMEOUT = "timeout"
    COMPARER_ERROR = "comparer-error"
    INVARIANT_BROKEN = "invariant-broken"
    # Of events that both paths publish:
    EVENT_MISSING = "event-missing"
    EVENT_EXTRA = "event-extra"
    EVENT_CHANGED = "event-changed"
    EVENT_ORDER = "event-order"
    # Of the candidate's events, held against the contract of their bus:
    EVENT_UNKNOWN = "event-unknown"
    EVENT_CORRELATION = "event-correlation"
    EVENT_CAUSE = "event-cause"
    EVENT_TOO_EARLY = "event-too-early"
    EVENT_AFTER_END = "event-after-end"
    EVENT_REPEATED = "event-repeated"
    EVENT_UNANSWERED = "event-unanswered"
    EVENT_FIELD_LOST = "event-field-lost"
    HANDLED_TWICE = "handled-twice"


class Absent(Enum):
    """In place of the value on the side that has none; never a value of a program."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT
AFTER_ALL = sys.maxsize
"""The position of what the replayed path would have done after its last call."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """Always legacy first, then candidate, whichever of them answered.

    `place` is a dotted path, anchored at `result`, `error`, `effects`, `events`, `arguments`, `self` or
    `answers` ("result.items[3].quantity", "effects.broker.submit_order[SPY,SELL].quantity"). `position`
    is the tape position of the first call it shows at, None for a difference of results. `consequence_of`
    names the place that led to it, where known. `detail` says how an argument of an effect differs, where
    the kind is `effect-changed`. `normal_place` is the place without what differs from run to run
    (`result.items[*].quantity`), as clusters are named. `pattern` is that of the change, where the values
    themselves no longer show it (they were redacted). `replayed_at` is the position among the calls of
    the replayed path, by which it is decided what follows what; of an effect that this path never made,
    that of the next one it did, or `AFTER_ALL`.
    """

    place: str
    kind: Kind
    legacy: Any
    candidate: Any
    position: int | None = None
    consequence_of: str | None = None
    detail: Kind | None = None
    normal_place: str | None = None
    pattern: str | None = None
    replayed_at: int | None = None

    @property
    def is_unsafe(self) -> bool:
        """True where an effect differs, or where a path may act a second time or after its end."""
        return self.kind in _UNSAFE


_EFFECTS = (Kind.EFFECT_MISSING, Kind.EFFECT_EXTRA, Kind.EFFECT_CHANGED, Kind.EFFECT_ORDER)
# By these a path may act a second time or after its end; whether it did in this run is chance.
_ACTS_AGAIN = (Kind.HANDLED_TWICE, Kind.EVENT_REPEATED, Kind.EVENT_AFTER_END)
_UNSAFE = frozenset({*_EFFECTS, Kind.UNDECLARED_EFFECT, *_ACTS_AGAIN})
