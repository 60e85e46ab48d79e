"""Whoever asked for alerts hears that a phase begins to differ, in every stage that compares, once."""

import logging
from pathlib import Path

import pytest

from changeover import Migration
from changeover.rollout.test_override import StageOverride, override_stages
from changeover.telemetry.alerts import Alert
from changeover.values.stage import Setting, Stage

STAGES = ("shadow", "ramp:50", "live")
PLAN = '[migration]\nname = "till"\n[[phase]]\nname = "till"\nseams = ["till.pay"]\n'


class Till:
    def pay(self, amount: int) -> str:
        return "paid"


class Program:
    def __init__(self, stage: str, *, differs: str, folder: Path | None = None, mode: str = "inline") -> None:
        self.heard: list[Alert] = []
        till = Till()
        phase = "TILL" if folder else "TILL_PAY"
        options = {
            "environment": {f"CHANGEOVER_STAGE_{phase}": stage, "CHANGEOVER_STORE": "none"},
            "alerts": [self.heard.append],
            "refresh_s": 0,
            "mode": mode,
        }
        if folder is None:
            self.migration = Migration(**options)  # type: ignore[arg-type]
        else:
            (folder / "phases.toml").write_text(PLAN)
            self.migration = Migration.load(folder, **options)  # type: ignore[arg-type]
        self.migration.port("till", Till, effects={"pay": lambda amount: ()})
        other = {
            "effect": lambda n: till.pay(n + 1),
            "result": lambda n: (till.pay(n), n),
            "nothing": till.pay,
        }
        self.pay = self.migration.seam(
            "till.pay", legacy=lambda n: till.pay(n), candidate=lambda n: other[differs](n), key=lambda n: n
        )

    def kinds(self, *amounts: int) -> list[str]:
        for amount in amounts:
            self.pay(amount)
        self.migration.flush()
        return [str(alert.kind) for alert in self.heard]


@pytest.mark.parametrize("mode", ["inline", "background"])
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(("differs", "kind"), [("effect", "unsafe"), ("result", "diverged")])
def test_what_begins_to_differ_is_told_once(stage: str, differs: str, kind: str, mode: str) -> None:
    assert Program(stage, differs=differs, mode=mode).kinds(1, 2, 3, 1) == [kind]


@pytest.mark.parametrize("stage", STAGES)
def test_what_does_not_differ_is_not_told(stage: str) -> None:
    assert Program(stage, differs="nothing").kinds(1, 2, 3) == []


def test_an_alert_can_be_looked_up(tmp_path: Path) -> None:
    program = Program("shadow", differs="effect", folder=tmp_path)
    assert program.kinds(1, 2) == ["unsafe"]
    (alert,) = program.heard
    assert alert.phase == "till"
    assert alert.run
    assert alert.cluster
    assert alert.cluster in alert.text


def test_where_the_tripwire_acts_it_alone_tells(tmp_path: Path) -> None:
    assert Program("live", differs="effect", folder=tmp_path).kinds(1) == ["not-demoted"]


def test_a_result_that_differs_where_the_tripwire_does_nothing_is_told(tmp_path: Path) -> None:
    assert Program("live", differs="result", folder=tmp_path).kinds(1, 2) == ["diverged"]


def test_the_runs_of_tests_alert_nobody() -> None:
    program = Program("shadow", differs="effect")
    with override_stages(StageOverride(Setting(Stage.SHADOW), lambda run: None)):
        assert program.kinds(1) == []


def test_without_anybody_who_was_named_it_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        Program("shadow", differs="effect").kinds(1)
    assert [record.name for record in caplog.records] == ["changeover.alert"]
