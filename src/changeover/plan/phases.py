"""`phases.toml`: the plan of the migration: phases, their seams, their order, what each must show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from changeover.errors import ConfigurationError
from changeover.plan.stages import CHECK_STAGES, SEAM_STAGES, Stage
from changeover.table import Table, parse_toml, read_text

BLIND_SPOT_WORDS = ("listed", "none", "any")
ANSWERED_BY_WORDS = ("legacy", "candidate")
_GATED_SEAM_STAGES = tuple(str(stage) for stage in SEAM_STAGES[1:])
_GATED_CHECK_STAGES = (str(Stage.DONE),)


@dataclass(frozen=True, slots=True)
class CorpusCriteria:
    """What runs over a corpus must show."""

    sources: tuple[str, ...]
    divergences_max: int = 0
    not_compared_max: int = 0
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProductionCriteria:
    """What runs in production must show; rates are shares of one."""

    rate_max: float
    confidence: float = 0.95
    not_compared_max: float = 0.001
    unpaired_max: float = 0.01
    span_days: int = 0
    answered_by: str | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """The criteria for entering one stage; None and empty ask nothing of their kind."""

    corpus: CorpusCriteria | None = None
    production: ProductionCriteria | None = None
    own_time_p95_ratio_max: float | None = None
    blind_spots: str = "listed"
    check: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Phase:
    """One step of the migration; without seams it consists of checks only."""

    name: str
    number: int
    title: str
    requires: tuple[str, ...] = ()
    seams: tuple[str, ...] = ()
    supplement: tuple[str, ...] = ()
    fallback: bool = False
    sample: float = 1.0
    trip_after: int | None = None
    gates: Mapping[Stage, Gate] = field(default_factory=dict)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that this phase may have."""
        return SEAM_STAGES if self.seams else CHECK_STAGES


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that `phases.toml` says; `legacy` and `code` are packages, `redact` are paths."""

    name: str
    legacy: tuple[str, ...]
    code: tuple[str, ...]
    redact: tuple[str, ...]
    phases: Mapping[str, Phase]

    def phase_of(self, seam: str) -> Phase | None:
        """The phase that owns a seam, or None."""
        return next((phase for phase in self.phases.values() if seam in phase.seams), None)


def load_plan(path: Path) -> Plan:
    """Read `phases.toml`; raises ConfigurationError."""
    return parse_plan(parse_toml(read_text(path), str(path)), str(path))


def parse_plan(content: Any, where: str) -> Plan:
    """Check parsed content; raises ConfigurationError naming the key, what was found and what is allowed."""
    top = Table(content, where)
    migration = top.table("migration")
    if migration is None:
        raise top.error("migration", "is missing, needed: a table with a name")
    name = migration.text("name")
    legacy, code, redact = (migration.texts(key) for key in ("legacy", "code", "redact"))
    migration.done()
    phases: dict[str, Phase] = {}
    for table in top.tables("phase"):
        phase = _phase(table, len(phases) + 1)
        if phase.name in phases:
            raise table.error("name", f"{phase.name!r} is the name of two phases")
        phases[phase.name] = phase
    top.done()
    _check_together(phases, where)
    return Plan(name, legacy, code, redact, phases)


def _phase(table: Table, number: int) -> Phase:
    name = table.text("name")
    table.key = f'phase "{name}"'
    seams = table.texts("seams")
    supplement = table.texts("supplement")
    for place in supplement:
        if place.count(".") != 1:
            raise table.error("supplement", f"was {place!r}, allowed: port.method")
    gates = table.table("gate")
    phase = Phase(
        name=name,
        number=table.whole("number", number, least=1),
        title=table.text("title", name),
        requires=table.texts("requires"),
        seams=seams,
        supplement=supplement,
        fallback=table.flag("fallback"),
        sample=float(table.number("sample", 1.0, above=-1e-9, most=1.0)),
        trip_after=table.whole("trip_after", None),
        gates={} if gates is None else _gates(gates, bool(seams)),
    )
    table.done()
    return phase


def _gates(table: Table, has_seams: bool) -> dict[Stage, Gate]:
    allowed = _GATED_SEAM_STAGES if has_seams else _GATED_CHECK_STAGES
    gates = {}
    for stage, content in table.items():
        if stage not in allowed:
            raise table.error(stage, f"is no stage with a gate, allowed: {', '.join(allowed)}")
        gates[Stage(stage)] = _gate(Table(content, table.where, f"{table.key}.{stage}"))
    return gates


def _gate(table: Table) -> Gate:
    corpus, production = table.table("corpus"), table.table("production")
    gate = Gate(
        corpus=None if corpus is None else _corpus(corpus),
        production=None if production is None else _production(production),
        own_time_p95_ratio_max=table.number("own_time_p95_ratio_max", None),
        blind_spots=table.text("blind_spots", "listed", among=BLIND_SPOT_WORDS),
        check=table.texts("check"),
    )
    table.done()
    return gate


def _corpus(table: Table) -> CorpusCriteria:
    criteria = CorpusCriteria(
        sources=table.texts("sources"),
        divergences_max=table.whole("divergences_max", 0),
        not_compared_max=table.whole("not_compared_max", 0),
        tags=table.texts("tags"),
    )
    if not criteria.sources:
        raise table.error("sources", "is missing or empty, needed: the names of scenario sources")
    table.done()
    return criteria


def _production(table: Table) -> ProductionCriteria:
    criteria = ProductionCriteria(
        rate_max=float(table.number("rate_max", most=1.0)),
        confidence=float(table.number("confidence", 0.95, most=0.999999)),
        not_compared_max=float(table.number("not_compared_max", 0.001, above=-1e-9, most=1.0)),
        unpaired_max=float(table.number("unpaired_max", 0.01, above=-1e-9, most=1.0)),
        span_days=table.whole("span_days", 0),
        answered_by=table.text("answered_by", None, among=ANSWERED_BY_WORDS),
    )
    table.done()
    return criteria


def _check_together(phases: Mapping[str, Phase], where: str) -> None:
    owners: dict[str, str] = {}
    earlier: set[str] = set()
    for phase in phases.values():
        place = f'{where}: phase "{phase.name}"'
        for seam in phase.seams:
            if owners.setdefault(seam, phase.name) != phase.name:
                raise ConfigurationError(
                    f"{place}.seams", f"{seam!r} belongs to phase {owners[seam]!r} already"
                )
        for needed in phase.requires:
            if needed not in earlier:
                known = "comes later or is the phase itself" if needed in phases else "is unknown"
                allowed = ", ".join(sorted(earlier)) or "none, it is the first"
                raise ConfigurationError(f"{place}.requires", f"{needed!r} {known}, allowed: {allowed}")
        earlier.add(phase.name)
    numbers = [phase.number for phase in phases.values()]
    if len(set(numbers)) != len(numbers):
        raise ConfigurationError(f"{where}: phase", f"numbers were {numbers}, needed: each once")
