"""`phases.toml`: the plan of the migration: phases, their seams, their order, what each must show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any

from changeover.errors import did_you_mean
from changeover.quick_dataclass import dataclass
from changeover.redaction.redact_paths import REDACT_ROOTS
from changeover.rollout.alerts_table import parse_alerts
from changeover.rollout.gate_criteria import STRICT_GATES, Gate, parse_gate
from changeover.settings import LAG_MAX_S, MODES, ON_LAG
from changeover.telemetry.alert_settings import AlertSettings
from changeover.values.stage import CHECK_STAGES, SEAM_STAGES, Stage, Stages, stage_variable
from changeover.values.toml_table import Table, parse_toml, read_text

_GATED_SEAM_STAGES = tuple(str(stage) for stage in SEAM_STAGES[1:])
_GATED_CHECK_STAGES = (str(Stage.DONE),)


@dataclass(frozen=True, slots=True)
class Phase:
    """One step of the migration; without seams it consists of checks only.

    `gates` are those that are written down, `gate_to` gives the one that holds.
    """

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

    def gate_to(self, stage: Stage) -> Gate:
        """What is asked before it may enter a stage; raises KeyError for one that needs no gate."""
        return self.gates.get(stage) or STRICT_GATES[stage]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that `phases.toml` says; `legacy` and `code` are packages, `redact` are paths.

    `scenario_tags` are the classes of input that the committed scenarios must show. `mode` is where runs are
    compared, None where the program says; with `worker` `in_process` says whether the program may compare
    what no worker can, `lag_max_s` how old a waiting run may be, `on_lag` what becomes of `ramp` then.
    `ports` are packs by name, with their options. `alerts` is who hears of what.
    """

    name: str
    legacy: tuple[str, ...]
    code: tuple[str, ...]
    redact: tuple[str, ...]
    phases: Mapping[str, Phase]
    scenario_tags: tuple[str, ...] = ()
    mode: str | None = None
    in_process: bool = True
    lag_max_s: float = LAG_MAX_S
    on_lag: str = ON_LAG[0]
    ports: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    alerts: AlertSettings = field(default_factory=AlertSettings)

    @property
    def stages(self) -> Stages:
        """The stages that each phase may have."""
        return {name: phase.stages for name, phase in self.phases.items()}

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
        raise top.missing("migration", "a table with a name")
    name = migration.text("name")
    legacy, code, redact = (migration.texts(key) for key in ("legacy", "code", "redact"))
    _check_redact(migration, redact)
    migration.raw("removal")  # of interest only to whoever removes: changeover/removal/plan.py
    scenario_tags = migration.texts("scenario_tags")
    mode = migration.text("mode", None, among=MODES)
    in_process = migration.flag("in_process", True)
    lag_max_s = float(migration.number("lag_max_s", LAG_MAX_S))
    on_lag = migration.text("on_lag", ON_LAG[0], among=ON_LAG)
    migration.done()
    ports, alerts = _ports(top), parse_alerts(top.table("alerts"))
    phases: dict[str, Phase] = {}
    tables = top.tables("phase")
    for table in tables:
        phase = _phase(table, len(phases) + 1)
        if phase.name in phases:
            raise table.error("name", f"{phase.name!r} is the name of two phases")
        phases[phase.name] = phase
    top.done()
    _check_together(phases, top, tables)
    more = (scenario_tags, mode, in_process, lag_max_s, on_lag, ports, alerts)
    return Plan(name, legacy, code, redact, phases, *more)


def _check_redact(table: Table, paths: tuple[str, ...]) -> None:
    """A path that can never match would leave a secret where it is, and nobody would hear of it."""
    from changeover.compare.paths import PathError, parse_path

    for number, path in enumerate(paths):
        try:
            parse_path(path, REDACT_ROOTS)
        except PathError as error:
            raise table.error(f"redact[{number}]", str(error)) from None


def _ports(top: Table) -> dict[str, dict[str, Any]]:
    """The packs that are used, each with its options."""
    table = top.table("ports")
    found: dict[str, dict[str, Any]] = {}
    for name, said in [] if table is None else table.items():
        if said is not True and not isinstance(said, dict):
            raise top.error(f"ports.{name}", f"was {said!r}, allowed: true, or a table of options")
        found[name] = {} if said is True else dict(said)
    return found


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
            meant = did_you_mean(stage, allowed)
            raise table.error(stage, f"is no stage with a gate{meant} allowed: {', '.join(allowed)}")
        gates[Stage(stage)] = parse_gate(table.inner(content, stage), Stage(stage))
    return gates


def _check_together(phases: Mapping[str, Phase], top: Table, tables: Sequence[Table]) -> None:
    owners: dict[str, str] = {}
    earlier: set[str] = set()
    variables: dict[str, str] = {}
    for phase, table in zip(phases.values(), tables, strict=True):
        variable = stage_variable(phase.name)
        other = variables.setdefault(variable, phase.name)
        if other != phase.name:
            problem = f"{phase.name!r} and {other!r} have the same variable {variable}, and one of them would"
            raise table.error("name", f"{problem} follow what is meant for the other; needed: another name")
        for seam in phase.seams:
            if owners.setdefault(seam, phase.name) != phase.name:
                raise table.error("seams", f"{seam!r} belongs to phase {owners[seam]!r} already")
        for needed in phase.requires:
            if needed not in earlier:
                unknown = f"is unknown{did_you_mean(needed, earlier)}"
                known = "comes later or is the phase itself," if needed in phases else unknown
                allowed = ", ".join(sorted(earlier)) or "none, it is the first"
                raise table.error("requires", f"{needed!r} {known} allowed: {allowed}")
        earlier.add(phase.name)
        _check_seams_not_asked(phase, table)
        _check_explored(phase, table)
    numbers = [phase.number for phase in phases.values()]
    if len(set(numbers)) != len(numbers):
        raise top.error("phase", f"numbers were {numbers}, needed: each once")


def _check_explored(phase: Phase, table: Table) -> None:
    for stage, gate in phase.gates.items():
        for seam in () if gate.explore is None else gate.explore.seams:
            if seam not in phase.seams:
                known = ", ".join(phase.seams)
                raise table.error(f"gate.{stage}.explore.seams", f"named {seam!r}, allowed: {known}")


def _check_seams_not_asked(phase: Phase, table: Table) -> None:
    for stage, gate in phase.gates.items():
        excused = () if gate.production is None else tuple(gate.production.seams_not_asked)
        where = f"gate.{stage}.production.seams_not_asked"
        for seam in excused:
            if seam not in phase.seams:
                meant = did_you_mean(seam, phase.seams)
                raise table.error(
                    where, f"{seam!r} is no seam of the phase{meant} allowed: {', '.join(phase.seams)}"
                )
        if excused and len(excused) == len(phase.seams):
            raise table.error(
                where, 'names every seam of the phase; allowed: production = { not_asked = "the reason" }'
            )


def redact_paths_of(plan: Plan | None) -> tuple[str, ...]:
    """The places that are never written or shown; none without a plan."""
    return () if plan is None else plan.redact
