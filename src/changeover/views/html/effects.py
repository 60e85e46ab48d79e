"""The effects of both paths, method by method: what was performed, and what the other path asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from changeover.evidence.store.records import EffectCounts


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """asked = equal + changed + only_asked; performed = equal + changed + only_performed."""

    name: str
    performed: int
    asked: int
    equal: int
    changed: int
    only_performed: int
    only_asked: int
    refused: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """The lines and their sum."""

    lines: tuple[LedgerLine, ...]
    total: LedgerLine


def ledger(effects: Sequence[EffectCounts]) -> Ledger:
    """The ledger of one comparison."""
    lines = tuple(
        LedgerLine(
            one.name,
            one.performed,
            one.asked,
            one.equal,
            one.changed,
            one.performed - one.equal - one.changed,
            one.asked - one.equal - one.changed,
            one.refused,
        )
        for one in effects
    )
    return Ledger(
        lines,
        LedgerLine(
            "",
            sum(line.performed for line in lines),
            sum(line.asked for line in lines),
            sum(line.equal for line in lines),
            sum(line.changed for line in lines),
            sum(line.only_performed for line in lines),
            sum(line.only_asked for line in lines),
            sum(line.refused for line in lines),
        ),
    )
