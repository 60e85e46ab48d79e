"""Wires the tripwire and the alerts of one migration; without a plan in a folder there is nothing to move."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from changeover.errors import ConfigurationError
from changeover.evidence.sink import Keeping
from changeover.rollout.plan_file import Plan, redact_paths_of
from changeover.rollout.resolver import Resolver
from changeover.rollout.test_override import active_override
from changeover.rollout.tripwire_state import trips_path
from changeover.seam.runtime import Runtime
from changeover.settings import WEBHOOK_VARIABLE
from changeover.telemetry.alerts import Alert, AlertKind, Alerts, AlertSink, LogAlerts

KEY_NAME = "redaction.key"


def arm(
    home: Runtime,
    resolver: Resolver,
    sinks: Sequence[AlertSink],
    *,
    plan: Plan | None,
    directory: Path | None,
    environment: Mapping[str, str],
    keeping: Keeping | None = None,
) -> None:
    """Give the seams a tripwire and alerts; a webhook that cannot be one is noted, and the log has alerts."""
    redact = _redacting(plan, directory, environment)
    named = environment.get(WEBHOOK_VARIABLE)
    all_sinks: list[AlertSink] = [LogAlerts(), *sinks]
    if named and directory is not None:
        from changeover.telemetry.webhook import WebhookAlerts

        try:
            all_sinks.append(WebhookAlerts(named))
        except ConfigurationError as error:
            home.note(f"{WEBHOOK_VARIABLE}: {error.problem}")
    alerts = home.alerts = Alerts(all_sinks, redact=redact)

    def refused(problem: str) -> None:
        if active_override() is None:
            alerts.send(Alert(AlertKind.FLAGS_REFUSED, problem))

    def lost(problem: str) -> None:
        alerts.send(Alert(AlertKind.EVIDENCE_LOST, problem))

    resolver.refused = refused
    if keeping is not None:
        keeping.alarm = lost
    if plan is not None and directory is not None:
        from changeover.rollout.tripwire import Tripwire

        home.tripwire = Tripwire(plan, directory, resolver, alerts, environment=environment)


def _redacting(
    plan: Plan | None, directory: Path | None, environment: Mapping[str, str]
) -> Callable[[str], str]:
    found: list[Callable[[str], str]] = []

    def redact(text: str) -> str:
        if not found:
            from changeover.redaction.redactor import Redactor

            key = None if directory is None else trips_path(directory, environment).with_name(KEY_NAME)
            found.append(Redactor.of(redact_paths_of(plan), environment, key).text)
        return found[0](text)

    return redact
