"""What a migration is made of, wired together: stages, judge, evidence, alerts, tripwire and background."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from changeover.errors import ConfigurationError, DeclarationError
from changeover.evidence.alert_sending import alert_sender, redacting
from changeover.evidence.writer import EvidenceWriter
from changeover.quick_dataclass import dataclass
from changeover.record.codec import Codec
from changeover.record.option_check import check_function, check_known, check_switch, number, shown
from changeover.record.run import Run, Sink
from changeover.rollout.difference_alerts import DifferenceAlerts
from changeover.rollout.plan_file import Plan, redact_paths_of
from changeover.rollout.resolver import Resolver
from changeover.rollout.stage_provider import StageProvider, client_of
from changeover.rollout.test_override import ACTIVE
from changeover.seam.background import HUNG_AFTER_S, Background
from changeover.seam.judge import Judge, comparing_judge, waived_by
from changeover.seam.on_loop import OnLoop
from changeover.seam.runtime import Runtime
from changeover.settings import (
    BACKGROUND,
    INLINE,
    MODES,
    PRODUCTION,
    REFRESH_S,
    RULES_FILE,
    WAIVERS_FILE,
    WORKER,
    absolute,
    mode_of,
    population_of,
    program_environment,
)
from changeover.telemetry.alert_settings import AlertSettings
from changeover.telemetry.alerts import Alert, AlertKind, Alerts, AlertSink, LogAlerts
from changeover.telemetry.receiver import Receiver
from changeover.values.limits import Limits
from changeover.values.stage import Stages
from changeover.values.toml_table import parse_toml, read_text

if TYPE_CHECKING:
    from changeover.evidence.code_digest import Judged

WORLDS = ("tape", "copy")
LINGER_S_MAX = 86_400.0
_PLACE = "Migration"


class MigrationOptions(TypedDict, total=False):
    """What `Migration` takes beside its plan, its folder and its sample."""

    judge: Judge | None
    sink: Sink | None
    world: str
    limits: Limits | None
    refresh_s: float
    environment: Mapping[str, str] | None
    alerts: Sequence[AlertSink | Receiver]
    keep: bool
    mode: str | None
    linger_s: float | None
    traces: bool
    openfeature: object


@dataclass(frozen=True, slots=True)
class Wiring:
    """The parts of one migration; `evidence` is None where no run is kept."""

    resolver: Resolver
    runtime: Runtime
    evidence: EvidenceWriter | None


def wire(
    stages: Callable[[], Stages],
    codec: Codec,
    plan: Plan | None,
    directory: Path | None,
    *,
    judge: Judge | None = None,
    sink: Sink | None = None,
    world: str = WORLDS[0],
    limits: Limits | None = None,
    refresh_s: float = REFRESH_S,
    environment: Mapping[str, str] | None = None,
    alerts: Sequence[AlertSink | Receiver] = (),
    keep: bool = True,
    mode: str | None = None,
    linger_s: float | None = None,
    traces: bool = False,
    openfeature: object = None,
) -> Wiring:
    """Make the parts and join them; what is wrong with the environment is noted, and raises nothing.

    Args:
        stages: the stages that each phase may have, asked whenever the flags are read.
        codec: reads and writes the values of the program's own types.
        plan: the phases; without one there is no tripwire.
        directory: the migration's folder; without one no file is read and no run is kept.
        judge: this and all that follows as in `Migration`.

    Raises:
        DeclarationError: `world` or `mode` is none.
        MissingPackageError: `traces` without the API of OpenTelemetry, `openfeature` without its SDK.
    """
    refresh_s = number(_PLACE, "refresh_s", refresh_s, unit="seconds")
    _check(plan, limits, environment, alerts)
    for name, given, words in (("world", world, WORLDS), ("mode", mode, MODES)):
        if given not in words and not (name == "mode" and given is None):
            raise DeclarationError(_PLACE, f"{name} was {shown(given)}, allowed: {', '.join(words)}")
    check_switch(_PLACE, "keep", keep)
    check_switch(_PLACE, "traces", traces)
    if judge is not None:
        check_function(_PLACE, "judge", judge, "facts")
    if sink is not None:
        check_function(_PLACE, "sink", sink, "run")
    environment = program_environment(os.environ if environment is None else environment)
    resolver = Resolver(
        stages,
        directory=directory,
        closed=plan is not None,
        environment=environment,
        refresh_s=refresh_s,
        provided=None if openfeature in (None, False) else StageProvider(client_of(openfeature), refresh_s),
    )
    waived = rules_file = None
    if directory is not None:
        waived = waived_by(directory / WAIVERS_FILE, lambda problem: runtime.note(problem))
    if judge is None:
        rules_file = None if directory is None else directory / RULES_FILE
        judge = comparing_judge(waived=waived, rules_file=rules_file)
    population, no_population = population_of(environment)
    evidence = None
    if keep and directory is not None and no_population is None:
        sink = evidence = _evidence_of(
            directory, plan, codec, rules_file=rules_file, environment=environment, sink=sink
        )
    limits = limits or Limits()
    if linger_s is not None:
        linger_s = number(_PLACE, "linger_s", linger_s, highest=LINGER_S_MAX, unit="seconds")
        limits = replace(limits, linger_s=linger_s)
    runtime = Runtime(resolver, judge, sink, limits, copies_ports=world == "copy")
    runtime.waived = waived
    runtime.population = population
    if traces:
        from changeover.telemetry.traces import Traces

        runtime.traces = Traces(resolver.current)
    if no_population is not None:
        runtime.note(no_population)
    _connect_alerts(Wiring(resolver, runtime, evidence), alerts, plan, directory, environment)
    mode, misnamed = mode_of(mode or (plan and plan.mode) or INLINE, environment)
    if misnamed is not None:
        runtime.note(misnamed)
    if mode == WORKER and population != PRODUCTION:  # of tests and comparisons, which wait for the verdict
        mode = INLINE
    if mode == WORKER and directory is None:
        runtime.note("mode worker needs the folder of a migration; runs are compared in the background")
        mode = BACKGROUND
    if evidence is not None:
        runtime.settled, runtime.expected = evidence.flush, evidence
    if mode in (BACKGROUND, WORKER):
        runtime.background = Background(
            runtime.hand_on,
            runtime.settled,
            hung_after_s=max(HUNG_AFTER_S, 2 * limits.replay_seconds_max),
        )
        runtime.on_loop = OnLoop(runtime.tell_of_loop, limits)
    if mode == WORKER and directory is not None:
        from changeover.evidence.recording_mode import runs_for_workers

        root = root_around(directory)
        runtime.recorded = runs_for_workers(
            runtime, resolver, codec, plan, directory, root, environment, evidence
        )
    return Wiring(resolver, runtime, evidence)


def checked_directory(directory: Any) -> Path | None:
    """The folder of a migration as an absolute path; raises DeclarationError for what is no path."""
    if directory is not None and not isinstance(directory, str | Path):
        raise DeclarationError(_PLACE, f"directory was {shown(directory)}, allowed: a path")
    return None if directory is None else absolute(Path(directory))


def check_migration_options(options: Mapping[str, Any], sample: Any) -> float:
    """The sample as a number; raises DeclarationError for that, and for an option that there is not."""
    check_known(_PLACE, options, ("sample", "plan", "directory", *MigrationOptions.__annotations__))
    return number(_PLACE, "sample", sample, highest=1)


def _check(plan: Any, limits: Any, environment: Any, alerts: Any) -> None:
    if plan is not None and not isinstance(plan, Plan):
        problem = f"plan was {shown(plan)}, allowed: a plan; write Migration.load(FOLDER), which reads it"
        raise DeclarationError(_PLACE, problem)
    if limits is not None and not isinstance(limits, Limits):
        raise DeclarationError(_PLACE, f"limits was {shown(limits)}, allowed: Limits(...)")
    for name in Limits.__dataclass_fields__ if limits is not None else ():
        number(_PLACE, f"limits.{name}", getattr(limits, name))
    if environment is not None and not isinstance(environment, Mapping):
        raise DeclarationError(_PLACE, f"environment was {shown(environment)}, allowed: a mapping of texts")
    if not isinstance(alerts, Sequence) or isinstance(alerts, str):
        raise DeclarationError(_PLACE, f"alerts was {shown(alerts)}, allowed: a list of alert sinks")
    for sink in alerts:
        if not isinstance(sink, Receiver):
            check_function(_PLACE, "alerts", sink, "alert")


def _evidence_of(
    directory: Path,
    plan: Plan | None,
    codec: Codec,
    *,
    rules_file: Path | None,
    environment: Mapping[str, str],
    sink: Sink | None,
) -> EvidenceWriter:
    """What keeps the runs of a migration, in the store of the project around `directory`.

    `rules_file` is None where the runs are not judged by it: they are kept then, and never count.
    """
    root, loaded_ns = root_around(directory), time.time_ns()

    def judged() -> Judged:
        from changeover.evidence.code_digest import judged_by

        return judged_by(plan, rules_file, datetime.now(UTC).date(), loaded_ns, root)

    def redact() -> Callable[[Run], Run]:
        from changeover.redaction.redactor import Redactor

        return Redactor.for_project(redact_paths_of(plan), root, environment).run

    return EvidenceWriter(
        root,
        codec,
        judged=judged,
        redact=redact,
        environment=environment,
        sink=sink,
        directory=directory,
        writes_alone=True,
    )


def root_around(directory: Path) -> Path:
    """The folder whose pyproject.toml speaks of the toolkit, else the one that the migration lies in.

    A link to the migration's folder leads nowhere else: it lies where the link lies.
    """
    around = directory.absolute().parents
    return next((folder for folder in around if _is_project(folder / "pyproject.toml")), around[0])


def _is_project(file: Path) -> bool:
    try:
        return "changeover" in parse_toml(read_text(file), str(file)).get("tool", {})
    except (ConfigurationError, OSError, AttributeError, TypeError):
        return False


def _connect_alerts(
    parts: Wiring,
    sinks: Sequence[AlertSink | Receiver],
    plan: Plan | None,
    directory: Path | None,
    environment: Mapping[str, str],
) -> None:
    """Give the seams alerts and a tripwire; a receiver that cannot be used is noted."""
    runtime = parts.runtime
    receivers = [one for one in sinks if isinstance(one, Receiver)]
    called = [one for one in sinks if not isinstance(one, Receiver)]
    settings = AlertSettings() if plan is None else plan.alerts
    root = None if directory is None else root_around(directory)
    alerts = runtime.alerts = Alerts(
        [LogAlerts(), *called],
        redact=redacting(redact_paths_of(plan), directory, environment),
        sending=alert_sender(receivers, settings, root, environment, runtime.note),
    )

    def alert_of_flags(problem: str) -> None:
        if ACTIVE.override is None:
            alerts.send(Alert(AlertKind.FLAGS_REFUSED, problem))

    parts.resolver.refused = alert_of_flags
    if parts.evidence is not None:
        parts.evidence.alarm = lambda problem: alerts.send(Alert(AlertKind.EVIDENCE_LOST, problem))
    if plan is None or directory is None:
        runtime.tripwire = DifferenceAlerts(alerts)
    else:
        from changeover.rollout.tripwire import Tripwire

        runtime.tripwire = Tripwire(plan, directory, parts.resolver, alerts, environment=environment)
