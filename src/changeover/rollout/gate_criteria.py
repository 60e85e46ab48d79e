"""What a gate asks before a phase may enter a stage: as `phases.toml` says, else the strict default."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any

from changeover.quick_dataclass import dataclass
from changeover.values.stage import Stage
from changeover.values.toml_table import Table

BLIND_SPOT_WORDS = ("listed", "none", "any")
ANSWERED_BY_WORDS = ("legacy", "candidate")
CHECK_TIMEOUT_S = 1800
NOT_ASKED = "not_asked"
EXPLORED_LEAST = 10_000


@dataclass(frozen=True, slots=True)
class CorpusCriteria:
    """What runs over a corpus must show. Without `sources` any will do, but one must be whole.

    A maximum of None allows any number; what differs in an effect is never allowed.
    """

    sources: tuple[str, ...] = ()
    divergences_max: int | None = 0
    not_compared_max: int | None = 0
    tags: tuple[str, ...] = ()
    answered_by: str | None = None


@dataclass(frozen=True, slots=True)
class ProductionCriteria:
    """What runs in production must show; rates are shares of one, days are distinct days of UTC.

    `seams_not_asked` gives, by seam, the reason for asking no rate of it: nobody crosses it in production.
    """

    rate_max: float = 0.01
    confidence: float = 0.95
    not_compared_max: float = 0.001
    unpaired_max: float = 0.01
    span_days: int = 20
    answered_by: str | None = None
    seams_not_asked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExploreCriteria:
    """What `changeover explore` must have shown of each seam: so many schedules, or all that there are.

    `seams` are those that are asked, all of the phase where it is empty.
    """

    schedules: int = EXPLORED_LEAST
    divergences_max: int = 0
    seams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gate:
    """The criteria for entering one stage; None and empty ask nothing of their kind.

    `not_asked` gives, by key, the reason that `phases.toml` has for not asking what the default asks.
    """

    corpus: CorpusCriteria | None = None
    production: ProductionCriteria | None = None
    own_time_p95_ratio_max: float | None = None
    blind_spots: str = "listed"
    check: tuple[str, ...] = ()
    check_timeout_s: int = CHECK_TIMEOUT_S
    rollback_rehearsed: bool = False
    explore: ExploreCriteria | None = None
    not_asked: Mapping[str, str] = field(default_factory=dict)


_AS_LIVE = Gate(CorpusCriteria(), ProductionCriteria(), own_time_p95_ratio_max=1.5)
STRICT_GATES: Mapping[Stage, Gate] = MappingProxyType(
    {
        Stage.SHADOW: Gate(CorpusCriteria(divergences_max=None, not_compared_max=None), blind_spots="any"),
        Stage.RAMP: _AS_LIVE,
        Stage.LIVE: _AS_LIVE,
        Stage.COMPLETE: Gate(
            production=ProductionCriteria(answered_by="candidate"),
            check=("changeover legacy prove",),
            rollback_rehearsed=True,
        ),
        Stage.DONE: Gate(blind_spots="any"),
    }
)
"""What is asked where `phases.toml` says nothing."""


def parse_gate(table: Table, stage: Stage) -> Gate:
    """Read the table of one stage; a missing key asks what the default asks. Raises ConfigurationError."""
    default = STRICT_GATES[stage]
    reasons: dict[str, str] = {}

    def asked(key: str, read: Callable[[str], Any], nothing: Any = None) -> Any:
        """What a key asks, `nothing` where it only says why nothing is asked, else what the default asks."""
        content = table.raw(key)
        if isinstance(content, Mapping) and NOT_ASKED in content:
            excused = table.inner(content, key)
            reasons[key] = excused.text(NOT_ASKED)
            excused.done()
            return nothing
        found = read(key) if table.has(key) else getattr(default, key)
        if getattr(default, key) and not found:
            words = ("was false", "true") if found is False else ("was empty", "commands")
            raise table.error(key, f'{words[0]}, allowed: {words[1]}, or {{ {NOT_ASKED} = "the reason" }}')
        return found

    def inner(key: str) -> Table:
        return table.inner(table.raw(key), key)

    usual = default.production or ProductionCriteria()
    gate = Gate(
        corpus=asked("corpus", lambda key: _corpus(inner(key))),
        production=asked("production", lambda key: _production(inner(key), usual)),
        own_time_p95_ratio_max=asked("own_time_p95_ratio_max", lambda key: float(table.number(key))),
        blind_spots=table.text("blind_spots", default.blind_spots, among=BLIND_SPOT_WORDS),
        check=asked("check", table.texts, ()),
        check_timeout_s=table.whole("check_timeout_s", CHECK_TIMEOUT_S, least=1),
        explore=asked("explore", lambda key: _explore(inner(key))),
        rollback_rehearsed=asked("rollback_rehearsed", table.flag, False),
        not_asked=reasons,
    )
    table.done()
    return gate


def _corpus(table: Table) -> CorpusCriteria:
    criteria = CorpusCriteria(
        sources=table.texts("sources"),
        divergences_max=table.whole("divergences_max", 0),
        not_compared_max=table.whole("not_compared_max", 0),
        tags=table.texts("tags"),
        answered_by=table.text("answered_by", None, among=ANSWERED_BY_WORDS),
    )
    table.done()
    return criteria


def _explore(table: Table) -> ExploreCriteria:
    criteria = ExploreCriteria(
        schedules=table.whole("schedules", EXPLORED_LEAST, least=1),
        divergences_max=table.whole("divergences_max", 0),
        seams=table.texts("seams"),
    )
    table.done()
    return criteria


def _production(table: Table, default: ProductionCriteria) -> ProductionCriteria:
    def share(key: str, otherwise: Any) -> float:
        return float(table.number(key, otherwise, above=-1e-9, most=1.0))

    criteria = ProductionCriteria(
        rate_max=float(table.number("rate_max", default.rate_max, most=0.999999)),
        confidence=float(table.number("confidence", default.confidence, most=0.999999)),
        not_compared_max=share("not_compared_max", default.not_compared_max),
        unpaired_max=share("unpaired_max", default.unpaired_max),
        span_days=table.whole("span_days", default.span_days),
        answered_by=table.text("answered_by", default.answered_by, among=ANSWERED_BY_WORDS),
        seams_not_asked=_reasons(table.table("seams_not_asked")),
    )
    table.done()
    return criteria


def _reasons(table: Table | None) -> Mapping[str, str]:
    return {} if table is None else {seam: table.text(seam) for seam, _ in list(table.items())}
