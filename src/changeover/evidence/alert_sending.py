"""How a program sends alerts elsewhere: who hears of them, and the store that knows what was told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from changeover.settings import WEBHOOK_VARIABLE
from changeover.telemetry.alert_ledger import Ledger
from changeover.telemetry.alert_settings import AlertSettings, receivers_of
from changeover.telemetry.receiver import NoReceiver, Receiver
from changeover.telemetry.sending import AlertSender

STORE_WAIT_S = 5.0


def alert_sender(
    given: Sequence[Receiver],
    settings: AlertSettings,
    root: Path | None,
    environment: Mapping[str, str],
    note: Callable[[str], None],
) -> AlertSender | None:
    """What sends the alerts of a program, None where nobody but the log hears of them.

    `root` is the project, None where nothing is kept; `note` hears of receivers that cannot be used.
    """
    configured = receivers_of(settings, environment)
    for one in configured:
        if isinstance(one, NoReceiver):
            is_named = one.name == "webhook" and environment.get(WEBHOOK_VARIABLE)
            note(f"{WEBHOOK_VARIABLE if is_named else f'alerts.{one.name}'}: {one.why}")
    receivers = [*configured, *given]
    if not receivers:
        return None
    return AlertSender(receivers, lambda: ledger_of(root, environment), settings.kinds, given=given)


def ledger_of(root: Path | None, environment: Mapping[str, str]) -> Ledger | None:
    """The ledger in the store of a project, None where there is none; raises ConfigurationError."""
    if root is None:
        return None
    from changeover.evidence.store.alert_ledger import StoreLedger
    from changeover.evidence.store.store import NOWHERE, store_path

    place = store_path(root, environment)
    return None if place == NOWHERE else StoreLedger(place, STORE_WAIT_S)


def redacting(
    redact_paths: Sequence[str], directory: Path | None, environment: Mapping[str, str]
) -> Callable[[str], str]:
    """What takes secrets out of the texts of alerts; made when the first one is sent."""
    found: list[Callable[[str], str]] = []

    def redact(text: str) -> str:
        if not found:
            from changeover.redaction.key import KEY_NAME
            from changeover.redaction.redactor import Redactor
            from changeover.rollout.migration_files import trips_path

            key = None if directory is None else trips_path(directory, environment).with_name(KEY_NAME)
            found.append(Redactor.of(redact_paths, environment, key).text)
        return found[0](text)

    return redact
