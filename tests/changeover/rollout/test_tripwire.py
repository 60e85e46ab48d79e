"""The tripwire: the first unsafe run ends `live` for all runs after it, and nothing else does."""

import json
import threading
from pathlib import Path

import pytest

from changeover.rollout.history import read_history
from changeover.rollout.test_override import StageOverride, override_stages
from changeover.telemetry.alerts import AlertKind
from changeover.values.stage import Setting, Stage
from tests.changeover.support.live_program import Broker, LiveDesk, sells

WHOLE = sells(312)
OTHER_ANSWER = lambda broker, account: (sells(18)(broker, account), "and more")  # noqa: E731


def trip_lines(desk: LiveDesk) -> list[tuple[str | None, str | None, str | None]]:
    entries, damaged = read_history(desk.folder)
    assert damaged == []
    return [(entry.phase, entry.old, entry.new) for entry in entries if entry.action == "trip"]


@pytest.mark.parametrize("stage", ["live", "ramp:99"])
def test_the_first_unsafe_run_after_a_thousand_good_ones_moves_the_phase_back_durably(
    tmp_path: Path, stage: str
) -> None:
    desk = LiveDesk(tmp_path, stage)
    for number in range(1000):
        desk.order(f"account {number}")
    assert desk.stage == stage
    desk.candidate = WHOLE
    desk.order("account 7")
    assert desk.runs[-1].verdict == "unsafe"
    assert desk.stage == "shadow"
    assert desk.fresh_process().stage == "shadow"
    assert trip_lines(desk) == [("desk", stage, "shadow")]
    assert json.loads((desk.folder / "flags.json").read_text())["metadata"]["revision"] == 15
    assert desk.kinds == ["tripped"]
    assert desk.runs[-1].id in desk.alerts[0].text
    before = len(desk.broker.orders)
    desk.order("account 8")
    assert desk.broker.orders[before:] == [("SPY", 18)]


def test_a_run_in_flight_ends_as_it_is_pinned(tmp_path: Path) -> None:
    desk = LiveDesk(tmp_path)
    began, go_on = threading.Event(), threading.Event()
    answered: list[object] = []

    def slow(broker: Broker, account: str) -> object:
        if account == "slow":
            began.set()
            go_on.wait()
            return ("candidate", sells(18)(broker, account))
        return sells(312)(broker, account)

    desk.candidate = slow
    thread = threading.Thread(target=lambda: answered.append(desk.order("slow")))
    thread.start()
    began.wait()
    desk.order("fast")
    assert desk.stage == "shadow"
    go_on.set()
    thread.join()
    assert answered == [("candidate", ["order SPY"])]
    assert str(desk.runs[-1].setting) == "live"


def test_the_seams_inside_a_run_that_tripped_keep_its_pins(tmp_path: Path) -> None:
    desk = LiveDesk(tmp_path)
    desk.candidate = WHOLE
    pins = desk.migration.pinned()
    with desk.migration.resume(pins):
        desk.order("first")
        desk.order("second")
    assert desk.stage == "shadow"
    assert desk.broker.orders == [("SPY", 312), ("SPY", 312)]
    assert len(trip_lines(desk)) == 1


def test_what_differs_without_an_effect_trips_only_beyond_trip_after(tmp_path: Path) -> None:
    desk = LiveDesk(tmp_path, options="trip_after = 2")
    desk.candidate = OTHER_ANSWER
    for number in range(2):
        desk.order(str(number))
    assert desk.stage == "live"
    desk.order("one too many")
    assert desk.stage == "shadow"
    assert "3 runs diverged since this revision, allowed: 2" in desk.alerts[-1].text


def test_without_trip_after_only_effects_trip(tmp_path: Path) -> None:
    desk = LiveDesk(tmp_path)
    desk.candidate = OTHER_ANSWER
    for number in range(50):
        desk.order(str(number))
    assert desk.stage == "live"
    assert desk.kinds == [AlertKind.DIVERGED]


def test_a_new_revision_counts_from_nothing(tmp_path: Path) -> None:
    desk = LiveDesk(tmp_path, options="trip_after = 1")
    desk.candidate = OTHER_ANSWER
    desk.order("one")
    desk.flip("live", revision=15)
    desk.order("one again")
    assert desk.stage == "live"


def test_waived_divergences_are_not_counted(tmp_path: Path) -> None:
    from changeover.seam.judge import comparing_judge

    judge = comparing_judge(waived=lambda *_: True)
    desk = LiveDesk(tmp_path, options="trip_after = 0", judge=judge)
    desk.candidate = OTHER_ANSWER
    desk.order("one")
    assert desk.runs[-1].verdict == "waived"
    assert desk.stage == "live"


def test_shadow_and_tests_and_comparisons_move_nothing(tmp_path: Path) -> None:
    desk = LiveDesk(tmp_path, "shadow")
    desk.candidate = WHOLE
    desk.order("in shadow")
    desk.flip("live", revision=15)
    with override_stages(StageOverride(Setting(Stage.LIVE), lambda run: None)):
        desk.order("in a test")
    desk.migration.runtime.population = "generated"
    desk.order("of a corpus")
    assert {run.verdict for run in desk.runs} == {"unsafe"}
    assert desk.stage == "live"
    assert desk.kinds == [AlertKind.UNSAFE]


def test_an_override_cannot_be_moved_and_the_alert_says_so(tmp_path: Path) -> None:
    desk = LiveDesk(tmp_path, "shadow", environment={"CHANGEOVER_STAGE_DESK": "live"})
    desk.candidate = WHOLE
    desk.order("one")
    assert desk.kinds == [AlertKind.NOT_DEMOTED]
    assert "the environment overrides its stage" in desk.alerts[0].text
    assert trip_lines(desk) == []


def test_under_the_kill_switch_nothing_is_left_to_move(tmp_path: Path) -> None:
    desk = LiveDesk(tmp_path)
    pins = desk.migration.pinned()
    (desk.folder / "KILL").touch()
    desk.candidate = WHOLE
    with desk.migration.resume(pins):
        desk.order("began before")
    assert desk.runs[-1].verdict == "unsafe"
    assert desk.alerts == []
    assert trip_lines(desk) == []
