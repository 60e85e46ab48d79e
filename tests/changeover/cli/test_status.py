"""`changeover status` on projects: what is wrong comes first, the next step is named, the numbers add up."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from changeover.rollout.flags_file import flags_content
from changeover.rollout.history import cause_of
from changeover.rollout.migration_files import place_of
from changeover.rollout.move import is_forward, move
from changeover.rollout.plan_file import load_plan
from changeover.rollout.tripwire_state import Trip, add_trip
from changeover.values.stage import Setting, Stage, parse_setting
from tests.changeover.support.projects import Shop, shop_in

NOW = datetime(2026, 11, 20, 20, 46, 10, tzinfo=UTC)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


def put(shop: Shop, old: str, new: str, action: str, reason: str) -> None:
    """A move as it is written down, whatever a gate would say."""
    folder = shop.root / "migration"
    before, after = parse_setting(old), parse_setting(new)
    forced = is_forward("shelf", before, after)
    cause = cause_of(action, "jane", reason, NOW, forced=forced)
    stages = load_plan(folder / "phases.toml").stages
    move(place_of(folder), "shelf", before, after, cause, stages=stages)


def test_without_a_comparison_the_next_step_is_open_and_the_screen_says_what_to_type(shop: Shop) -> None:
    answer = shop.run("status", "--check")
    assert answer.code == 3
    assert "2   shelf          legacy        *       ·     ·     ·         ·   -" in answer.out
    assert "2   shelf -> shadow          INCONCLUSIVE   seams shown to be alike: 0 of 1" in answer.out
    assert "do             changeover compare shelf" in answer.out
    assert "go back     nothing has moved   all of it, at once: changeover kill" in answer.out


def test_a_comparison_is_counted_on_this_code_and_on_no_other(shop: Shop) -> None:
    shop.run("compare")
    assert "distinct" in shop.run("status").out
    shop.root.joinpath("shop.py").write_text((shop.root / "shop.py").read_text() + "\nNEW = 1\n")
    assert "distinct" not in shop.run("status").out


def test_a_step_whose_gate_passes_shows_the_command_that_takes_it(shop: Shop) -> None:
    plan = shop.root / "migration" / "phases.toml"
    plan.write_text(plan.read_text().replace(', tags = ["full", "short", "sold-out"]', ""))
    shop.run("compare")
    shop.run("gate", "shelf")  # keeps what the doctor says
    answer = shop.run("status")
    assert 'PASS           changeover flip shelf shadow --reason "..."' in answer.out


def test_the_kill_switch_is_the_first_line_with_its_time_and_who_and_why(shop: Shop) -> None:
    shop.run("kill", "--reason", "prices are odd", "--who", "jane")
    answer = shop.run("status", "--check")
    assert answer.out.startswith("! kill switch on (migration/KILL, since ")
    assert " by jane: prices are odd): legacy answers every phase," in answer.out.replace("\n  ", " ")
    assert answer.code == 1


def test_overrides_are_named_with_what_they_override(shop: Shop) -> None:
    answer = shop.run("status", "--check", CHANGEOVER_STAGE_SHELF="live")
    assert answer.out.startswith(
        "! CHANGEOVER_STAGE_SHELF=live in the environment overrides flags.json (off)"
    )
    assert answer.code == 1


def test_a_phase_that_the_tripwire_moved_back_is_a_problem_until_a_person_moves_it(shop: Shop) -> None:
    put(shop, "off", "shadow", "flip", "begin")
    put(shop, "shadow", "live", "flip", "on")
    assert "!" not in shop.run("status").out
    put(shop, "live", "shadow", "trip", "an effect differs: run 12ab cluster 09ad52")
    answer = shop.run("status", "--check")
    assert answer.code == 1
    said = answer.out.replace("\n  ", " ")
    assert said.startswith(
        "! tripwire: shelf was moved back, live -> shadow, at 2026-11-20 20:46:10Z: an effect"
    )
    put(shop, "shadow", "live", "flip", "mended")
    assert "tripwire" not in shop.run("status").out


def test_a_trip_that_flags_could_not_take_is_a_problem(shop: Shop) -> None:
    content = flags_content({"shelf": Setting(Stage.LIVE)}, revision=14)
    (shop.root / "migration" / "flags.json").write_text(json.dumps(content))
    add_trip(shop.root / ".changeover" / "trips.json", Trip("shelf", 14, NOW, "an effect differs"))
    answer = shop.run("status")
    assert answer.out.startswith("! tripwire: shelf is at shadow, not at live, since 2026-11-20 20:46:10Z")
    assert "2   shelf          legacy        ·       *" in answer.out


def test_flags_and_a_history_that_do_not_agree_are_a_problem_with_what_mends_it(shop: Shop) -> None:
    content = flags_content({"shelf": Setting(Stage.LIVE)}, revision=14)
    (shop.root / "migration" / "flags.json").write_text(json.dumps(content))
    answer = shop.run("status", "--check")
    assert "mend: changeover history --repair" in answer.out.replace("\n  ", " ")
    assert answer.code == 1


def test_an_expired_waiver_is_a_problem_and_one_that_will_expire_is_said(shop: Shop) -> None:
    waivers = shop.root / "migration" / "waivers.toml"
    entry = '[[waiver]]\ncluster = "{}"\nowner = "jane"\nreason = "known"\nuntil = {}\n'
    today = datetime.now(UTC).date()
    waivers.write_text(entry.format("09ad52", today - timedelta(days=1)))
    answer = shop.run("status", "--check")
    assert answer.out.startswith("! waiver 09ad52 of jane expired on ")
    assert answer.code == 1
    waivers.write_text(entry.format("09ad52", today + timedelta(days=12)))
    assert "waiver 09ad52 expires in 12 days" in shop.run("status").out


@pytest.mark.parametrize("damage", ["waivers.toml", "rules.toml", "blindspots.toml"])
def test_a_file_that_cannot_be_read_is_a_problem_and_no_traceback(shop: Shop, damage: str) -> None:
    (shop.root / "migration" / damage).write_text("[[")
    answer = shop.run("status", "--check")
    assert answer.out.startswith("! ")
    assert damage in answer.out
    assert answer.code == 1


def test_a_store_that_cannot_be_read_is_a_problem(shop: Shop) -> None:
    (shop.root / ".changeover").mkdir()
    (shop.root / ".changeover" / "evidence.db").write_bytes(b"no database at all" * 100)
    answer = shop.run("status", "--check")
    assert answer.out.startswith("! no evidence can be read: .changeover/evidence.db: ")
    assert answer.code == 1


def test_the_same_in_json(shop: Shop) -> None:
    shop.run("compare")
    found = json.loads(shop.run("status", "--format", "json").out)
    assert found["schema_version"] == 1
    shelf = found["phases"][0]
    assert (shelf["name"], shelf["stage"], shelf["next"]) == ("shelf", "off", "shadow")
    assert shelf["distinct_in_production"] == 0
    assert shelf["distinct_in_corpora"] > 0
    assert [step["phase"] for step in found["next"]] == ["shelf", "cleanup"]
    assert found["problems"] == []
