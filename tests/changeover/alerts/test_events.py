"""What somebody should hear of, from the files and the store alone."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from changeover.evidence.store.alert_ledger import StoreLedger, told_alerts
from changeover.evidence.store.store import StoreProblem
from changeover.operate.alert_schedule import TOLD_MAX, AlertSchedule, looking
from changeover.project import find_project
from changeover.rollout.tripwire_state import Trip, add_trip
from changeover.telemetry.alerts import Alert, AlertKind
from changeover.telemetry.receiver import Message, NotDelivered
from changeover.values.verdict import Verdict
from tests.changeover.support.evidence_rows import BEGAN, a_run, store_of
from tests.changeover.support.migration_folder import desk_in

PHASES = '[migration]\nname = "till"\n{more}\n[[phase]]\nname = "till"\nseams = ["till.pay"]\n'
A, B = "a" * 64, "b" * 64
NOON = BEGAN + timedelta(hours=3)


class Box:
    """Keeps what it is sent."""

    name, where = "webhook", "here"

    def __init__(self, *, refuses: bool = False) -> None:
        self.got: list[Alert] = []
        self.refuses = refuses

    def send(self, message: Message) -> str:
        if self.refuses:
            raise NotDelivered("not now")
        self.got.append(message.alert)
        return "taken"


class Till:
    """A project with one phase in a stage, of which runs are kept."""

    def __init__(self, folder: Path, stage: str = "shadow", more: str = "") -> None:
        (folder / "migration").mkdir()
        (folder / "pyproject.toml").write_text("[tool.changeover]\n")
        (folder / "migration" / "phases.toml").write_text(PHASES.format(more=more))
        self.folder, self.box, self.number = folder, Box(), 0
        self.store = folder / ".changeover" / "evidence.db"
        self.desk = desk_in(folder / "migration")
        stages = ("off", "shadow", "live")
        for old, new in pairwise(stages[: stages.index(stage) + 1]):
            self.desk.move("till", old, new, now=BEGAN)

    def schedule(self, now: datetime = NOON) -> AlertSchedule:
        return AlertSchedule(
            find_project(self.folder, {}), StoreLedger(self.store, 30), [self.box], lambda: now
        )

    def run(self, *clusters: str, at: datetime = NOON, **changed: object) -> None:
        self.number += 1
        verdict = Verdict.DIVERGED if clusters else Verdict.MATCH
        about = {"at": at, "verdict": verdict, "clusters": clusters, **changed}
        store_of(self.store, a_run(self.number, **about))

    def told(self, now: datetime = NOON) -> list[str]:
        """What is told for the first time: each kind but that of gates, with the name of its cluster."""
        found = self.schedule(now).look().told
        return [
            f"{one.kind} {one.cluster or one.phase}"
            for one in found
            if one.kind is not AlertKind.GATE_CHANGED
        ]


def test_what_differs_first_and_each_cluster_is_told_once(tmp_path: Path) -> None:
    till = Till(tmp_path)
    till.run()
    assert till.told() == []
    till.run(A)
    till.run(A, B)
    assert till.told() == ["diverged aaaaaa", "new-cluster aaaaaa", "new-cluster bbbbbb"]
    till.run(B)
    assert till.told() == []


def test_an_effect_that_differs_is_told_before_anything_else(tmp_path: Path) -> None:
    till = Till(tmp_path)
    till.run(A, verdict=Verdict.UNSAFE, unsafe=(A,))
    assert till.told() == ["unsafe aaaaaa", "new-cluster aaaaaa"]


@pytest.mark.parametrize(
    ("codes", "is_told"),
    [
        ([("c1", A), ("c2", ""), ("c3", A)], True),
        ([("c1", A), ("c2", ""), ("c3", ""), ("c4", A)], True),
        ([("c1", A), ("c2", A), ("c3", A)], False),
        ([("c1", ""), ("c2", A)], False),
        ([("c1", A), ("c2", ""), ("c3", B)], False),
        ([("c1", A), ("c2", B), ("c3", A)], True),
    ],
)
def test_a_cluster_is_regressed_where_it_was_gone_on_code_in_between(
    codes: Sequence[tuple[str, str]], is_told: bool, tmp_path: Path
) -> None:
    till = Till(tmp_path)
    for number, (code, cluster) in enumerate(codes):
        at = NOON + timedelta(minutes=number)
        till.run(*filter(None, [cluster]), at=at, code=code)
    told = till.told(NOON + timedelta(hours=1))
    assert ("regressed aaaaaa" in told) is is_told
    assert till.told(NOON + timedelta(hours=2)) == []


def test_a_cluster_that_is_waived_is_not_new(tmp_path: Path) -> None:
    till = Till(tmp_path)
    waiver = '[[waiver]]\ncluster = "aaaaaa"\nowner = "kim"\nreason = "r"\nuntil = 2026-05-01\n'
    (tmp_path / "migration" / "waivers.toml").write_text(waiver)
    till.run(A)
    assert "new-cluster aaaaaa" not in till.told()


def test_what_lies_long_back_is_not_told_to_those_who_begin_to_look(tmp_path: Path) -> None:
    till = Till(tmp_path)
    till.run(A)
    assert till.told(NOON + timedelta(days=8)) == ["no-runs till"]


def test_of_very_much_some_is_told_in_the_next_look(tmp_path: Path) -> None:
    till = Till(tmp_path)
    for number in range(TOLD_MAX + 5):
        till.run(f"{number:064x}")
    assert len(till.told()) == TOLD_MAX
    assert len(till.told()) == 6  # and that the phase differs
    assert till.told() == []


def test_a_trip_that_no_program_lived_to_tell_is_told(tmp_path: Path) -> None:
    till = Till(tmp_path, "live")
    till.desk.move("till", "live", "shadow", action="trip", who="tripwire", reason="run 7 differs", now=NOON)
    till.run(at=NOON)
    assert till.told() == ["tripped till"]
    assert till.box.got[0].text == "till: live -> shadow for new runs; run 7 differs"


def test_a_trip_that_stands_in_trips_json_alone_is_told(tmp_path: Path) -> None:
    till = Till(tmp_path, "live")
    till.run(at=NOON)
    add_trip(tmp_path / ".changeover" / "trips.json", Trip("till", 1, NOON, "run 7 differs"))
    assert till.told() == ["tripped till"]


@pytest.mark.parametrize(
    ("days", "told"), [(15, []), (14, ["expires dddddd"]), (0, ["expires dddddd"]), (-9, [])]
)
def test_a_waiver_is_told_of_so_many_days_before_its_last(days: int, told: list[str], tmp_path: Path) -> None:
    till = Till(tmp_path, "off")
    until = (NOON + timedelta(days=days)).date()
    waiver = f'[[waiver]]\ncluster = "dddddd"\nowner = "kim"\nreason = "r"\nuntil = {until}\n'
    (tmp_path / "migration" / "waivers.toml").write_text(waiver)
    assert till.told() == told


def test_silence_is_told_once_each_time_and_only_of_a_phase_that_is_compared(tmp_path: Path) -> None:
    till = Till(tmp_path)
    till.run(at=NOON)
    assert till.told(NOON + timedelta(hours=24)) == []
    assert till.told(NOON + timedelta(hours=25)) == ["no-runs till"]
    assert till.told(NOON + timedelta(hours=60)) == []
    till.run(at=NOON + timedelta(hours=61))
    assert till.told(NOON + timedelta(hours=86)) == ["no-runs till"]
    till.desk.move("till", "shadow", "off", action="rollback", now=NOON + timedelta(hours=87))
    assert till.told(NOON + timedelta(days=60)) == []


def test_a_phase_that_has_just_moved_is_not_silent_yet(tmp_path: Path) -> None:
    till = Till(tmp_path)
    assert till.told(BEGAN + timedelta(hours=23)) == []
    assert till.told(BEGAN + timedelta(hours=25)) == ["no-runs till"]


def test_kinds_that_nobody_asked_for_go_to_the_log_alone(tmp_path: Path) -> None:
    till = Till(tmp_path, more='[alerts]\nkinds = ["new-cluster"]\n')
    till.run(A)
    assert till.told() == ["diverged aaaaaa", "new-cluster aaaaaa"]
    assert [one.kind for one in till.box.got] == [AlertKind.NEW_CLUSTER]
    receivers = [[one.receiver for one in told.deliveries] for told in told_alerts(till.store)]
    assert sorted(receivers) == [["log"], ["log", "webhook"]]


def test_receivers_of_the_program_and_of_the_look_hear_alike_whoever_is_first(tmp_path: Path) -> None:
    till, own = Till(tmp_path), Box()
    till.run(A)
    till.told()
    ledger, project = StoreLedger(till.store, 30), find_project(tmp_path, {})
    for _ in range(2):
        AlertSchedule(project, ledger, [till.box], lambda: NOON, more=[own]).look()
    assert [one.subject for one in own.got] == [one.subject for one in till.box.got]


def test_a_look_says_who_did_not_take_it_and_the_next_one_tries_again(tmp_path: Path) -> None:
    till = Till(tmp_path)
    till.box = Box(refuses=True)
    till.run(A)
    assert till.schedule().look().failed == ("webhook",)
    till.box.refuses = False
    looked = till.schedule(NOON + timedelta(hours=1)).look()
    assert looked.failed == ()
    assert [str(one.kind) for one in till.box.got] == ["new-cluster", "diverged"]


def test_a_store_that_cannot_be_read_changes_no_gate_and_is_no_silence(tmp_path: Path) -> None:
    till = Till(tmp_path)
    till.run()
    till.told()
    till.store.write_bytes(b"no store at all")
    with pytest.raises(StoreProblem):
        till.schedule(NOON + timedelta(days=9)).look()
    assert till.box.got == []


def test_a_thread_looks_again_and_again_until_its_work_is_over(tmp_path: Path) -> None:
    till = Till(tmp_path)
    till.run(A)
    heard = threading.Event()
    till.box.send = lambda message: heard.set() or "taken"  # type: ignore[method-assign,func-returns-value]
    with looking(till.schedule(), every_s=0.01):
        assert heard.wait(30)


def test_a_look_that_fails_is_said_once_and_the_next_ones_come(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    till = Till(tmp_path)
    plan = tmp_path / "migration" / "phases.toml"
    good = plan.read_text()
    plan.write_text("no plan")
    till.run(A)
    heard = threading.Event()
    till.box.send = lambda message: heard.set() or "taken"  # type: ignore[method-assign,func-returns-value]
    with looking(till.schedule(), every_s=0.01):
        heard.wait(0.3)
        (tmp_path / "good.toml").write_text(good)
        (tmp_path / "good.toml").replace(plan)
        assert heard.wait(30)
    said = [one for one in caplog.messages if "could not be looked up" in one]
    assert len(said) == 1
