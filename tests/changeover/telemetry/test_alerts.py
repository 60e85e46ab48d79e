"""Alerts reach who is to hear of them, once, and harm nobody who is not."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from changeover import Migration
from changeover.telemetry.alerts import AGAIN_S, Alert, AlertKind, Alerts, LogAlerts


def alert(text: str = "portfolio: live -> shadow", phase: str | None = "portfolio") -> Alert:
    return Alert(AlertKind.TRIPPED, text, phase, run="run-1", cluster="09ad52")


class Hours:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def raising(error: BaseException) -> Callable[[Alert], None]:
    def sink(_: Alert) -> None:
        raise error

    return sink


def test_an_alert_reaches_every_sink_and_the_log_says_it_as_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[Alert] = []
    Alerts([LogAlerts(), heard.append]).send(alert())
    assert [one.text for one in heard] == ["portfolio: live -> shadow"]
    record = caplog.records[-1]
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "tripped: portfolio: live -> shadow")


@pytest.mark.parametrize("error", [OSError("no route"), SystemExit(1), RecursionError()])
def test_a_sink_that_fails_harms_neither_the_caller_nor_the_other_sinks(error: BaseException) -> None:
    heard: list[Alert] = []
    Alerts([raising(error), heard.append]).send(alert())
    assert len(heard) == 1


def test_the_same_alert_is_held_back_for_an_hour_and_then_says_how_often() -> None:
    heard: list[Alert] = []
    hours = Hours()
    alerts = Alerts([heard.append], monotonic=hours)
    for _ in range(5):
        alerts.send(alert(), revision=14)
    assert [one.repeats for one in heard] == [0]
    hours.now += AGAIN_S
    alerts.send(alert(), revision=14)
    assert [one.repeats for one in heard] == [0, 4]


def test_another_phase_kind_or_revision_is_another_alert() -> None:
    heard: list[Alert] = []
    alerts = Alerts([heard.append])
    alerts.send(alert(), revision=14)
    alerts.send(alert(), revision=15)
    alerts.send(alert(phase="trading"), revision=15)
    alerts.send(Alert(AlertKind.LEGACY_FAILED, "it raised", "trading"), revision=15)
    assert len(heard) == 4


def test_no_sink_sees_a_text_before_it_is_redacted() -> None:
    heard: list[Alert] = []
    Alerts([heard.append], redact=lambda text: text.replace("hunter2", "[redacted]")).send(
        alert("the password hunter2 was sent")
    )
    assert heard[0].text == "the password [redacted] was sent"


def test_a_text_that_cannot_be_redacted_is_not_shown() -> None:
    def broken(text: str) -> str:
        raise ValueError(text)

    heard: list[Alert] = []
    Alerts([heard.append], redact=broken).send(alert("hunter2"))
    assert heard[0].text == "the text could not be redacted (ValueError)"


def test_refused_flags_are_an_alert(tmp_path: Path) -> None:
    (tmp_path / "phases.toml").write_text('[migration]\nname = "m"\n[[phase]]\nname = "p"\nseams = ["s"]\n')
    (tmp_path / "flags.json").write_text("{")
    heard: list[Alert] = []
    migration = Migration.load(tmp_path, environment={}, refresh_s=0, alerts=[heard.append])
    assert migration.seam("s", legacy=lambda: "legacy", candidate=lambda: "candidate")() == "legacy"
    assert [one.kind for one in heard] == [AlertKind.FLAGS_REFUSED]
    assert "flags.json" in heard[0].text


def test_a_webhook_in_the_environment_that_is_none_breaks_no_program(tmp_path: Path) -> None:
    (tmp_path / "phases.toml").write_text('[migration]\nname = "m"\n[[phase]]\nname = "p"\nseams = ["s"]\n')
    environment = {"CHANGEOVER_ALERT_WEBHOOK": "file:///etc/passwd"}
    migration = Migration.load(tmp_path, environment=environment)
    assert any("CHANGEOVER_ALERT_WEBHOOK: was scheme 'file'" in problem for problem in migration.problems)


def test_evidence_that_cannot_be_kept_is_an_alert_and_no_more_than_that(tmp_path: Path) -> None:
    folder = tmp_path / "migration"
    folder.mkdir()
    (folder / "phases.toml").write_text('[migration]\nname = "m"\n[[phase]]\nname = "p"\nseams = ["s"]\n')
    (tmp_path / ".changeover").write_text("a file where the folder of the store should be")
    heard: list[Alert] = []
    migration = Migration.load(
        folder, environment={"CHANGEOVER_STAGE_P": "shadow"}, refresh_s=0, alerts=[heard.append]
    )
    seam = migration.seam("s", legacy=lambda given: given, candidate=lambda given: given)
    assert [seam(number) for number in range(3)] == [0, 1, 2]
    migration.flush()
    assert [one.kind for one in heard] == [AlertKind.EVIDENCE_LOST]
    assert "evidence is not kept" in heard[0].text
