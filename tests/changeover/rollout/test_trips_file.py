"""Where flags cannot be written, a trip holds by a file beside the store, and by the process itself."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from changeover.errors import ConfigurationError
from changeover.rollout.migration_files import exclusive, trips_path
from changeover.rollout.tripwire_state import Trip, add_trip, parse_trips
from tests.changeover.support.live_program import LiveDesk, sells

AT = datetime(2026, 11, 20, 20, 46, 10, tzinfo=UTC)


def unwritable_flags(desk: LiveDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a read-only mount does it, for root as well."""

    def refused(*args: object, **kwargs: object) -> None:
        raise OSError(30, "Read-only file system", str(desk.folder))

    monkeypatch.setattr("changeover.rollout.move.move", refused)


def trips_of(desk: LiveDesk) -> Path:
    return desk.root / ".changeover" / "trips.json"


def test_where_flags_cannot_be_written_a_fresh_process_learns_of_the_trip_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = LiveDesk(tmp_path)
    flags = (desk.folder / "flags.json").read_bytes()
    unwritable_flags(desk, monkeypatch)
    desk.candidate = sells(312)
    desk.order("one")
    assert (desk.folder / "flags.json").read_bytes() == flags
    content = json.loads(trips_of(desk).read_text())
    assert content["schema_version"] == 1
    assert [(trip["phase"], trip["revision"]) for trip in content["trips"]] == [("desk", 14)]
    fresh = desk.fresh_process()
    assert fresh.stage == "shadow"
    assert fresh.migration.problems[0].startswith("tripwire: desk is at shadow, not at live, since ")
    assert "Read-only file system" in desk.alerts[0].text


def test_flags_that_somebody_holds_locked_are_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("changeover.rollout.tripwire.LOCK_WAIT_S", 0.01)
    desk = LiveDesk(tmp_path)
    desk.candidate = sells(312)
    with exclusive(desk.folder):
        desk.order("one")
    assert trips_of(desk).exists()
    assert desk.fresh_process().stage == "shadow"


def test_a_later_flip_by_a_person_ends_a_trip_and_an_older_revision_does_not(tmp_path: Path) -> None:
    desk = LiveDesk(tmp_path)
    add_trip(trips_of(desk), Trip("desk", 14, AT, "an effect differs"))
    assert desk.stage == "shadow"
    desk.flip("live", revision=13)
    assert desk.stage == "shadow"
    desk.flip("live", revision=15)
    assert desk.stage == "live"
    assert desk.migration.problems == ()


def test_where_nothing_can_be_written_the_process_itself_obeys_and_the_alert_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = LiveDesk(tmp_path)
    unwritable_flags(desk, monkeypatch)
    (tmp_path / ".changeover").write_text("a file where the folder should be")
    desk.candidate = sells(312)
    desk.order("one")
    assert desk.stage == "shadow"
    assert "this process only" in desk.alerts[0].text
    assert "changeover kill" in desk.alerts[0].text
    before = len(desk.broker.orders)
    desk.order("two")
    assert desk.broker.orders[before:] == [("SPY", 18)]


def test_a_trip_holds_for_its_own_phase_and_moves_nothing_that_legacy_answers(tmp_path: Path) -> None:
    desk = LiveDesk(tmp_path, "off")
    add_trip(trips_of(desk), Trip("desk", 99, AT, "an effect differs"))
    add_trip(trips_of(desk), Trip("mail", 99, AT, "an effect differs"))
    assert desk.stage == "off"
    desk.flip("live", revision=100)
    assert desk.stage == "live"


DAMAGED = {
    "empty": "",
    "truncated": '{"schema_version": 1, "trips": [{"phase": "de',
    "of a newer version": '{"schema_version": 2, "trips": []}',
    "without a revision": json.dumps(
        {"schema_version": 1, "trips": [{"phase": "desk", "at": AT.isoformat(), "reason": "x"}]}
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_of_trips_moves_nothing_forward(tmp_path: Path, case: str) -> None:
    running = LiveDesk(tmp_path)
    assert running.stage == "live"
    add_trip(trips_of(running), Trip("desk", 14, AT, "an effect differs"))
    assert running.stage == "shadow"
    trips_of(running).write_text(DAMAGED[case])
    assert running.stage == "shadow"
    fresh = running.fresh_process()
    assert fresh.stage == "shadow"
    assert "trips.json" in fresh.migration.problems[0]
    with pytest.raises(ConfigurationError):
        add_trip(trips_of(running), Trip("mail", 14, AT, "an effect differs"))
    assert trips_of(running).read_text() == DAMAGED[case]


def test_a_second_trip_of_a_phase_takes_the_place_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "trips.json"
    for revision, phase in ((14, "desk"), (15, "mail"), (16, "desk")):
        add_trip(path, Trip(phase, revision, AT, "an effect differs"))
    found = parse_trips(path.read_text(), "trips.json")
    assert [(trip.phase, trip.revision) for trip in found] == [("mail", 15), ("desk", 16)]
    assert [file.name for file in path.parent.iterdir()] == ["trips.json"]


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        (None, "/srv/desk/.changeover/trips.json"),
        ("none", "/srv/desk/.changeover/trips.json"),
        ("sqlite:////var/lib/desk/evidence.db", "/var/lib/desk/trips.json"),
    ],
)
def test_the_file_is_beside_the_store(store: str | None, expected: str) -> None:
    environment = {} if store is None else {"CHANGEOVER_STORE": store}
    assert trips_path(Path("/srv/desk/migration"), environment) == Path(expected)
