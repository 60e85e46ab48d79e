"""`changeover doctor` lists every problem of every configuration file; other commands stop at the first."""

import json
from pathlib import Path

import pytest

from tests.changeover.support.projects import Shop, shop_in


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


def told(shop: Shop) -> tuple[int, list[str]]:
    answer = shop.run("doctor", "--format", "json")
    problems = json.loads(answer.out)["problems"]
    return answer.code, problems


def test_all_files_at_once_each_with_file_key_found_allowed_and_the_nearest_name(shop: Shop) -> None:
    folder = shop.root / "migration"
    (folder / "rules.toml").write_text('[[rule]]\npath = "results.a"\nreson = "r"\nabs = 1\n')
    (folder / "waivers.toml").write_text('[[waiver]]\ncluster = "09ad52"\nonwer = "kim"\n')
    (folder / "blindspots.toml").write_text("[[blindspot]]\nseam = 's'\nplace = 'effects.a'\n")
    (folder / "flags.json").write_text('{"metadata": {"revision": 0, "digest": "x"}}')
    code, problems = told(shop)
    assert code == 1
    for expected in (
        "migration/rules.toml: rule[0].reason: is missing, needed: a text that is not empty",
        'migration/rules.toml: rule[0].reson: unknown key, did you mean "reason"? allowed: path, ',
        "migration/rules.toml: rule[0].path: was 'results.a', wrong from character 7 on, allowed: a place ",
        "migration/rules.toml: rule[0].abs: was 1, allowed: an exact decimal as text",
        'migration/waivers.toml: waiver[0].onwer: unknown key, did you mean "owner"? allowed: ',
        "migration/waivers.toml: waiver[0].until: is missing, needed: a day without quotes, such",
        "migration/blindspots.toml: blindspot[0].place: was 'effects.a', allowed: a place ",
        "migration/blindspots.toml: blindspot[0].reason: is missing",
        "migration/flags.json: metadata.revision: was 0, allowed: a whole number from 1",
        "migration/flags.json: flags: is missing, needed: a table",
    ):
        assert any(problem.startswith(expected) for problem in problems), (expected, problems)


def test_where_the_plan_is_wrong_all_of_it_is_listed_and_the_exit_code_is_2_as_before(shop: Shop) -> None:
    plan = shop.root / "migration" / "phases.toml"
    plan.write_text(
        plan.read_text().replace("number = 2\n", "nunber = 2\n").replace("number = 3", "number = 0")
    )
    (shop.root / "migration" / "rules.toml").write_text("[default]\n")
    code, problems = told(shop)
    assert code == 2
    assert problems[:3] == [
        'migration/phases.toml: phase "shelf".nunber: unknown key, did you mean "number"? '
        "allowed: name, number, title, requires, seams, supplement, fallback, sample, trip_after, gate",
        'migration/phases.toml: phase "cleanup".number: was 0, allowed: a whole number from 1',
        'migration/rules.toml: default: unknown key, did you mean "defaults"? allowed: defaults, rule',
    ]
    text = shop.run("doctor")
    assert text.code == 2
    assert text.out.startswith("! migration/phases.toml: ")


def test_a_wrong_pyproject_does_not_hide_what_is_wrong_with_the_plan(shop: Shop) -> None:
    (shop.root / "pyproject.toml").write_text('[tool.changeover]\nap = "shop:migration"\ndirectory = 3\n')
    (shop.root / "migration" / "phases.toml").write_text("[migraton]\n")
    code, problems = told(shop)
    assert code == 2
    assert (
        problems[0] == "pyproject.toml: tool.changeover.directory: was 3, allowed: a text that is not empty"
    )
    assert (
        'pyproject.toml: tool.changeover.ap: unknown key, did you mean "app"? allowed: app, directory'
        in problems
    )
    assert "migration/phases.toml: migration: is missing, needed: a table" in problems


def test_what_a_file_alone_does_not_show_is_found_as_well(shop: Shop) -> None:
    rule = '[[rule]]\npath = "result.a"\nreason = "r"\nabs = "1"\n'
    (shop.root / "migration" / "rules.toml").write_text(
        rule + "until = 2020-01-01\n" + rule.replace('"1"', '"2"')
    )
    code, problems = told(shop)
    assert code == 1
    assert any("rules.toml line 1: " in one and "expired on 2020-01-01" in one for one in problems)
    assert any("disagrees with" in one for one in problems)


@pytest.mark.parametrize(
    ("content", "said"),
    [("", "was empty"), ("[migration", "was not valid TOML"), ("a = " + "[" * 9_999, "nested too deeply")],
)
def test_a_file_that_cannot_be_parsed_is_one_sentence(shop: Shop, content: str, said: str) -> None:
    (shop.root / "migration" / "phases.toml").write_text(content)
    (shop.root / "migration" / "waivers.toml").write_text("")
    code, problems = told(shop)
    assert code == 2
    assert said in problems[0]
    assert not any("waivers" in one for one in problems)
