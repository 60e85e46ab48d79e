import json
import sqlite3
from pathlib import Path

import pytest

from tests.changeover.support.projects import Shop, shop_in


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


@pytest.mark.parametrize(
    ("planted", "code"),
    [("", 0), ("whole", 1), ("raises", 1), ("question", 3)],
    ids=["same", "whole", "raises", "question"],
)
def test_compare_exits_with_what_it_found(shop: Shop, planted: str, code: int) -> None:
    answer = shop.run("compare", planted=planted)
    assert answer.code == code, answer.err
    assert "no stage is changed by this" in answer.out
    assert answer.err.startswith("50 comparisons in ")
    assert answer.err.rstrip().endswith("kept in .changeover/evidence.db")


def test_a_divergence_is_found_explained_kept_and_replayed(shop: Shop) -> None:
    found = json.loads(shop.run("compare", "--format", "json", planted="whole").out)
    (comparison,) = found["comparisons"]
    cluster = next(one for one in comparison["clusters"] if one["place"] == "effects.depot.order[*].quantity")
    assert found["schema_version"] == 1
    assert (cluster["smallest"]["legacy"], cluster["smallest"]["candidate"]) == (42, 60)
    assert cluster["sighting"] == "60 is argument target"

    told = shop.run("explain", cluster["id"][:4])
    assert told.code == 0
    assert "quantity                  42                            x 60" in told.out
    assert "reproduce   changeover compare shelf.refill --run days/day-01" in told.out
    assert "asked at                    " in told.out
    run = shop.run("explain", "days/day-01")
    assert 'EFFECT  order("apples", 42)' in run.out
    assert 'x EFFECT  order("apples", 60)' in run.out

    kept = shop.run("scenarios", "keep", cluster["id"], planted="whole")
    assert kept.code == 0, kept.err
    assert shop.run("scenarios", "list").out.startswith("days/day-01/shelf.refill")
    assert shop.run("scenarios", "show", "days/day-01").out.startswith("days/day-01/shelf.refill")
    assert "begins no scenario: changeover scenarios list" in shop.run("scenarios", "show", "weeks").err
    assert shop.run("compare", "--source", "scenarios", planted="whole").code == 1
    assert shop.run("compare", "--source", "scenarios").code == 0


def test_a_damaged_scenario_is_named_and_the_rest_runs(shop: Shop) -> None:
    shop.run("compare", planted="whole")
    shop.run("scenarios", "keep", "days/day-01")
    kept = shop.root / "migration" / "scenarios" / "kept.jsonl"
    kept.write_text("{broken\n" + kept.read_text())
    answer = shop.run("compare", "--source", "scenarios")
    assert answer.code == 3
    assert "kept.jsonl:1" in answer.out
    assert "scenarios 1 scenario" in answer.out


def test_an_interrupted_comparison_says_so_and_passes_nothing(shop: Shop) -> None:
    answer = shop.run("compare", planted="interrupt")
    assert answer.code == 130
    assert answer.out == ""
    assert shop.run("status", "--check").code == 3


def test_one_case_is_run_again_by_its_name(shop: Shop) -> None:
    answer = shop.run("compare", "shelf", "--run", "days/day-07", planted="whole")
    assert answer.code == 1
    assert "days      1 day\n" in answer.out


def test_the_first_difference_ends_a_hasty_comparison_and_zero_can_be_asked_for(shop: Shop) -> None:
    answer = shop.run("compare", "--fail-fast", "--exit-zero", planted="whole")
    assert answer.code == 0
    assert "days      1 day\n" in answer.out


def test_the_kill_switch_and_overrides_do_not_keep_a_comparison_from_comparing(shop: Shop) -> None:
    answer = shop.run("compare", CHANGEOVER_KILL="1", CHANGEOVER_STAGE_SHELF="complete")
    assert answer.code == 0
    assert not (shop.root / "migration" / "flags.json").exists()


def test_problems_are_the_first_lines_of_status(shop: Shop) -> None:
    (shop.root / "migration" / "flags.json").write_text("{}")
    answer = shop.run("status", "--check", CHANGEOVER_KILL="1")
    assert answer.out.startswith("! kill switch on (CHANGEOVER_KILL)")
    assert "flags.json: metadata: is missing" in answer.out.replace("\n  ", " ")
    assert answer.code == 1


@pytest.mark.parametrize("place", ["sqlite:///corrupt.db", "sqlite:///shop.py/evidence.db"])
def test_a_store_that_is_out_of_order_harms_nobody(shop: Shop, place: str) -> None:
    (shop.root / "corrupt.db").write_bytes(b"no database at all" * 100)
    answer = shop.run("compare", CHANGEOVER_STORE=place)
    assert answer.code == 0
    assert answer.err.count("warning: ") == 1
    assert answer.err.rstrip().endswith("not kept")


def test_a_locked_store_harms_nobody(shop: Shop) -> None:
    shop.run("compare", "--runs", "1")
    other = sqlite3.connect(shop.root / ".changeover" / "evidence.db", isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        answer = shop.run("compare")
    finally:
        other.close()
    assert answer.code == 0
    assert "database is locked" in answer.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("compare", "nope"),
            "changeover: nope: is no phase with seams and no seam, allowed: shelf, shelf.refill",
        ),
        (("compare", "--source", "x"), 'changeover: source "x": is unknown, allowed: days'),
        (("compare", "--run", "days/none"), "has no case 'none'"),
        (
            ("compare", "--world", "copy"),
            "--world: was 'copy', allowed: tape, as no port of the app offers world=",
        ),
        (("diff", "shop.py", "shop.py", "--by", "a"), "shop.py line 1"),
    ],
    ids=["phase", "source", "case", "world", "rows"],
)
def test_a_mistake_is_one_sentence_and_exit_code_2(shop: Shop, arguments: tuple[str, ...], said: str) -> None:
    answer = shop.run(*arguments)
    assert answer.code == 2
    assert said in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("pyproject", "said"),
    [
        ("[project]\n", 'tool.changeover.app: is missing, needed: "module:attribute"'),
        ('[tool.changeover]\napp = "shop"\n', "was 'shop', allowed: \"module:attribute\""),
        ('[tool.changeover]\napp = "nowhere:x"\n', "'nowhere' cannot be imported"),
        ('[tool.changeover]\napp = "shop:nothing"\n', "module 'shop' has no 'nothing'"),
        ('[tool.changeover]\napp = "shop:PLANTED"\n', "is a str, allowed: a Migration"),
        (
            '[tool.changeover]\nap = "shop"\n',
            'tool.changeover: unknown key "ap", did you mean "app"? allowed: app, directory',
        ),
        ("[tool.changeover\n", "was not valid TOML"),
    ],
    ids=[
        "missing",
        "no attribute",
        "no module",
        "no such attribute",
        "no migration",
        "unknown key",
        "no toml",
    ],
)
def test_a_wrong_pyproject_is_named_with_what_is_allowed(shop: Shop, pyproject: str, said: str) -> None:
    (shop.root / "pyproject.toml").write_text(pyproject)
    answer = shop.run("compare")
    assert answer.code == 2
    assert said in answer.err
    assert answer.err.count("\n") == 1


def test_an_unsound_rule_stops_the_comparison_and_is_named(shop: Shop) -> None:
    (shop.root / "migration" / "rules.toml").write_text('[[rule]]\npath = "result.cost"\nabs = "0.01"\n')
    assert shop.run("rules", "check").code == 1
    answer = shop.run("compare")
    assert answer.code == 2
    assert "rules.toml" in answer.err
    assert "reason" in answer.err


def test_blind_spots_name_the_rule_that_hides_them(shop: Shop) -> None:
    (shop.root / "migration" / "rules.toml").write_text(
        '[[rule]]\npath = "result.cost"\nignore = true\nreason = "planted"\n'
    )
    answer = shop.run("rules", "blindspots", "--runs", "3")
    assert answer.code == 1
    assert "hidden by result.cost" in answer.out


def test_files_are_compared_without_any_wiring(tmp_path: Path) -> None:
    (tmp_path / "old.jsonl").write_text('{"s": "A", "p": 1.5}\n{"s": "B", "p": 2}\n')
    (tmp_path / "new.jsonl").write_text('{"s": "B", "p": 2}\n{"s": "A", "p": 1.6}\n')
    answer = Shop(tmp_path).run("diff", "old.jsonl", "new.jsonl", "--by", "s")
    assert answer.code == 1
    assert "1.5 -> 1.6" in answer.out
    assert Shop(tmp_path).run("diff", "old.jsonl", "old.jsonl", "--by", "s").code == 0


def test_init_writes_what_can_be_read_and_overwrites_nothing(tmp_path: Path) -> None:
    assert Shop(tmp_path).run("init", "--dry-run").code == 0
    assert not (tmp_path / "migration").exists()
    answer = Shop(tmp_path).run("init")
    assert "[tool.changeover]" in answer.out
    assert Shop(tmp_path).run("status").code == 0
    assert Shop(tmp_path).run("rules", "check").code == 0
    (tmp_path / "migration" / "rules.toml").write_text("# mine\n")
    Shop(tmp_path).run("init")
    assert (tmp_path / "migration" / "rules.toml").read_text() == "# mine\n"


def test_doctor_names_what_is_wrong(shop: Shop) -> None:
    assert shop.run("doctor").code == 0
    plan = shop.root / "migration" / "phases.toml"
    plan.write_text(plan.read_text().replace('"shelf.refill"]', '"shelf.refill", "shelf.count"]'))
    answer = shop.run("doctor")
    assert answer.code == 1
    assert answer.out.startswith("! 1 seam of phases.toml not declared by the app: shelf.count")


def test_a_scenario_of_a_seam_that_vanished_is_a_finding(shop: Shop) -> None:
    shop.run("compare", planted="whole")
    shop.run("scenarios", "keep", "days/day-01")
    kept = shop.root / "migration" / "scenarios" / "kept.jsonl"
    kept.write_text(kept.read_text().replace('"seam":"shelf.refill"', '"seam":"shelf.gone"'))
    answer = shop.run("compare", "--source", "scenarios")
    assert answer.code == 3
    assert "the app declares no seam shelf.gone" in answer.out


def test_a_source_that_raises_is_named(shop: Shop) -> None:
    source = (shop.root / "shop.py").read_text()
    (shop.root / "shop.py").write_text(
        source.replace("for number in range(1, 51):", "for number in [1, None]:")
    )
    answer = shop.run("compare")
    assert answer.code == 2
    assert 'source "days": raised TypeError' in answer.err
    assert "Traceback" not in answer.err
