"""`changeover gate --scenarios`: the compatibility gate that continuous integration asks."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.changeover.support.projects import Shop, shop_in

PLAN = """\
[migration]
name = "shop-on-events"
code = ["shop"]
scenario_tags = ["short"]

[[phase]]
name = "shelf"
seams = ["shelf.refill"]

[[phase]]
name = "cleanup"
"""
KEPT = Path("migration") / "scenarios" / "kept.jsonl"


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One scenario, as it is committed."""
    shop = shop_in(tmp_path_factory.mktemp("kept"))
    shop.run("compare", "--runs", "1")
    shop.run("scenarios", "keep", "days/day-01")
    return (shop.root / KEPT).read_text()


@pytest.fixture
def shop(tmp_path: Path, line: str) -> Shop:
    """A checkout: scenarios are there, and no evidence."""
    made = shop_in(tmp_path)
    (made.root / "migration" / "phases.toml").write_text(PLAN)
    (made.root / KEPT).parent.mkdir()
    (made.root / KEPT).write_text(line)
    return made


def test_scenarios_on_which_both_paths_agree_pass_without_flags_and_store(shop: Shop) -> None:
    answer = shop.run("gate", "--scenarios", CHANGEOVER_STORE="none", CHANGEOVER_KILL="1")
    assert answer.code == 0, answer.out + answer.err
    assert answer.out.startswith("shelf on scenarios    PASS")
    assert not (shop.root / "migration" / "flags.json").exists()
    assert not (shop.root / ".changeover" / "evidence.db").exists()


@pytest.mark.parametrize(
    ("planted", "code", "said"),
    [
        ("whole", 1, "effects.depot.order[*].quantity"),
        ("raises", 1, "effects that differ"),
        ("question", 3, "1 of 1 runs"),
        ("question", 3, "1 of shelf.refill: read-missing: depot."),
    ],
)
def test_scenarios_on_which_the_paths_differ_do_not_pass(
    shop: Shop, planted: str, code: int, said: str
) -> None:
    answer = shop.run("gate", "--scenarios", planted=planted)
    assert answer.code == code, answer.out
    assert said in answer.out


def test_a_waiver_that_expired_fails_and_one_of_an_effect_never_helps(shop: Shop) -> None:
    waivers = shop.root / "migration" / "waivers.toml"
    entry = '[[waiver]]\ncluster = "{}"\nowner = "ada"\nuntil = {}\nreason = "known"\n'
    waivers.write_text(entry.format("abcdef", "2020-01-01"))
    assert "abcdef of ada on 2020-01-01" in shop.run("gate", "--scenarios").out
    waivers.unlink()
    told = shop.run("gate", "--scenarios", planted="whole").out
    digest = next(word for word in told.split() if len(word) == 6 and set(word) <= set("0123456789abcdef"))
    waivers.write_text(entry.format(digest, date.today() + timedelta(days=30)))
    assert shop.run("gate", "--scenarios", planted="whole").code == 1


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ('"shelf.refill"', '"shelf.refill", "shelf.count"', 3, "1 of 2 seams"),
        ('["short"]', '["short", "sold-out"]', 3, "missing: sold-out"),
    ],
)
def test_a_seam_or_a_tag_without_a_scenario_is_not_green(
    shop: Shop, old: str, new: str, code: int, said: str
) -> None:
    (shop.root / "migration" / "phases.toml").write_text(PLAN.replace(old, new))
    answer = shop.run("gate", "--scenarios")
    assert answer.code == code, answer.out
    assert said in answer.out


def test_a_damaged_line_fails_and_no_scenario_at_all_could_not_tell(shop: Shop, line: str) -> None:
    (shop.root / KEPT).write_text(f"{line}{{broken\n")
    damaged = shop.run("gate", "--scenarios", "shelf")
    assert (damaged.code, "kept.jsonl:2" in damaged.out) == (1, True)
    (shop.root / KEPT).unlink()
    assert shop.run("gate", "--scenarios").code == 3


def test_broken_rules_are_an_error_and_no_verdict(shop: Shop) -> None:
    (shop.root / "migration" / "rules.toml").write_text("[[rule]]\n")
    answer = shop.run("gate", "--scenarios", "--format", "junit")
    assert (answer.code, answer.out) == (2, "")
    assert "rules.toml" in answer.err
