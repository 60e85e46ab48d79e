"""Flags, kill switch and environment, and all the ways in which they can be wrong."""

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from changeover import Migration
from changeover.rollout.flags_file import flags_content
from changeover.values.stage import Setting, Stage, ramp

PLAN = """
[migration]
name = "test"

[[phase]]
name = "trading"
seams = ["trading.workflow"]

[[phase]]
name = "entry-points"
seams = ["entry"]

[[phase]]
name = "cleanup"
check = []
"""


class Desk:
    """A migration in a folder, with a seam that says which path answered."""

    def __init__(self, folder: Path, *, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.environment = {} if environment is None else environment
        (folder / "phases.toml").write_text(PLAN.replace("check = []\n", ""))
        self.start()

    def start(self) -> None:
        """A fresh process."""
        self.migration = Migration.load(self.folder, environment=self.environment, refresh_s=0)
        self.workflow = self.migration.seam(
            "trading.workflow", legacy=lambda: "legacy", candidate=lambda: "candidate"
        )

    def write(self, content: Any) -> None:
        (self.folder / "flags.json").write_text(content if isinstance(content, str) else json.dumps(content))


class SlowEnvironment(dict[str, str]):
    """Lets other threads go first whenever it is asked for a stage."""

    def get(self, name: str, default: Any = None) -> Any:
        time.sleep(0.001)
        return super().get(name, default)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


LIVE = flags_content({"trading": Setting(Stage.LIVE)}, revision=3)
SHADOW = flags_content({"trading": Setting(Stage.SHADOW)}, revision=4)


def changed(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(json.dumps(LIVE))
    content["flags"]["trading"].update(changes)
    return content


def test_without_flags_every_phase_is_off(desk: Desk) -> None:
    assert desk.workflow() == "legacy"
    assert desk.migration.problems == ()


def test_flags_decide_who_answers(desk: Desk) -> None:
    desk.write(LIVE)
    assert desk.workflow() == "candidate"
    desk.write(SHADOW)
    assert desk.workflow() == "legacy"
    assert desk.migration.stages().revision == 4


DAMAGED: dict[str, tuple[str, str]] = {
    "empty": ("", "was empty"),
    "truncated": (json.dumps(LIVE)[:-40], "not valid JSON"),
    "not json": ("stages: live", "not valid JSON"),
    "deeply nested": ("[" * 200_000, "nested too deeply"),
    "duplicate key": ('{"flags": {}, "flags": {}}', "stands there twice"),
    "nan": ('{"flags": NaN}', "NaN is no number"),
    "a list": ("[]", "allowed: a table"),
    "no metadata": (json.dumps({"flags": {}}), "metadata: is missing"),
    "unknown stage": (
        json.dumps(changed(defaultVariant="shaddow")),
        "was 'shaddow', did you mean \"shadow\"? allowed: off, shadow",
    ),
    "unknown variant": (json.dumps(changed(variants={"on": True})), "exactly the stages"),
    "disabled": (json.dumps(changed(state="DISABLED")), "allowed: ENABLED"),
    "targeting": (json.dumps(changed(targeting={"if": [True]})), "a stage holds for every run"),
    "unknown key": (json.dumps(changed(stage="live")), 'unknown key "stage", did you mean "state"? allowed'),
    "ramp without percentage": (json.dumps(changed(defaultVariant="ramp")), "ramp percentage was None"),
    "unknown phase": (
        json.dumps(flags_content({"tradnig": Setting(Stage.LIVE)}, revision=1)),
        "phase 'tradnig' is unknown, did you mean \"trading\"? allowed: trading, entry-points, cleanup",
    ),
    "revision as text": (
        json.dumps({**LIVE, "metadata": {"revision": "3", "digest": "x"}}),
        "metadata.revision: was '3'",
    ),
    "hand edited": (json.dumps(changed(defaultVariant="complete")), "changeover flags seal"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_fresh_process_with_damaged_flags_runs_legacy_and_says_why(
    desk: Desk, case: str, caplog: pytest.LogCaptureFixture
) -> None:
    content, reason = DAMAGED[case]
    desk.write(content)
    desk.start()
    with caplog.at_level(logging.WARNING):
        assert desk.workflow() == "legacy"
    assert reason in desk.migration.problems[0]
    assert "flags.json" in desk.migration.problems[0]
    assert any(reason in record.getMessage() for record in caplog.records)


@pytest.mark.parametrize("case", DAMAGED)
def test_a_running_process_with_damaged_flags_keeps_its_last_good_stages(desk: Desk, case: str) -> None:
    desk.write(LIVE)
    assert desk.workflow() == "candidate"
    desk.write(DAMAGED[case][0])
    assert desk.workflow() == "candidate"
    assert "revision 3 holds" in desk.migration.problems[0]
    desk.write(SHADOW)
    assert desk.workflow() == "legacy"
    assert desk.migration.problems == ()


def test_flags_of_a_hundred_megabytes_are_not_read(desk: Desk) -> None:
    with (desk.folder / "flags.json").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    assert desk.workflow() == "legacy"
    assert "was 104857600 bytes" in desk.migration.problems[0]


def test_flags_that_are_a_directory_or_vanish_change_nothing(desk: Desk) -> None:
    desk.write(LIVE)
    assert desk.workflow() == "candidate"
    (desk.folder / "flags.json").unlink()
    assert desk.workflow() == "candidate"
    (desk.folder / "flags.json").mkdir()
    assert desk.workflow() == "candidate"
    assert "not a regular file" in desk.migration.problems[0]


def test_line_ends_and_white_space_do_not_break_the_seal(desk: Desk) -> None:
    desk.write(json.dumps(LIVE, indent=4).replace("\n", "\r\n"))
    assert desk.workflow() == "candidate"


@pytest.mark.parametrize("word", ["1", "true", "perhaps"])
def test_the_kill_switch_in_the_environment_beats_everything(desk: Desk, word: str) -> None:
    desk.write(LIVE)
    desk.environment.update({"CHANGEOVER_KILL": word, "CHANGEOVER_STAGE_TRADING": "complete"})
    assert desk.workflow() == "legacy"
    assert any("kill switch on" in problem for problem in desk.migration.problems)


def test_the_kill_file_beats_everything_and_works_with_damaged_flags(desk: Desk) -> None:
    desk.write(LIVE)
    assert desk.workflow() == "candidate"
    desk.write("{")
    (desk.folder / "KILL").touch()
    assert desk.workflow() == "legacy"
    (desk.folder / "KILL").unlink()
    assert desk.workflow() == "candidate"


def test_a_kill_does_not_call_a_legacy_that_is_gone(tmp_path: Path) -> None:
    migration = Migration(environment={"CHANGEOVER_KILL": "1"})
    assert migration.seam("entry", legacy=None, candidate=lambda: "candidate")() == "candidate"


def test_the_environment_overrides_a_stage(desk: Desk) -> None:
    desk.write(SHADOW)
    desk.environment["CHANGEOVER_STAGE_TRADING"] = "live"
    assert desk.workflow() == "candidate"
    assert [str(one) for one in desk.migration.stages().overridden] == [
        "CHANGEOVER_STAGE_TRADING=live overrides shadow"
    ]


def test_an_override_that_is_no_stage_moves_nothing_forward(desk: Desk) -> None:
    desk.write(LIVE)
    desk.environment["CHANGEOVER_STAGE_TRADING"] = "shaddow"
    assert desk.workflow() == "legacy"
    assert "was 'shaddow', did you mean \"shadow\"? allowed: off" in desk.migration.problems[0]


def test_an_override_of_an_unknown_phase_is_named(desk: Desk) -> None:
    desk.environment["CHANGEOVER_STAGE_TRADNIG"] = "live"
    assert desk.workflow() == "legacy"
    assert "CHANGEOVER_STAGE_TRADNIG: there is no such phase" in desk.migration.problems[0]


def test_variables_name_other_places_for_flags_and_folder(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    Desk(tmp_path / "elsewhere")
    flags = tmp_path / "other.json"
    flags.write_text(json.dumps(LIVE))
    environment = {"CHANGEOVER_DIR": str(tmp_path / "elsewhere"), "CHANGEOVER_FLAGS": str(flags)}
    migration = Migration.load(tmp_path / "nowhere", environment=environment)
    seam = migration.seam("trading.workflow", legacy=lambda: "legacy", candidate=lambda: "candidate")
    assert seam() == "candidate"


def test_a_flags_variable_that_names_no_file_is_a_problem(tmp_path: Path) -> None:
    desk = Desk(tmp_path, environment={"CHANGEOVER_FLAGS": str(tmp_path / "none.json")})
    assert desk.workflow() == "legacy"
    assert "none.json: could not be read" in desk.migration.problems[0]


def test_files_are_looked_at_at_most_once_per_refresh(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write(LIVE)
    migration = Migration.load(tmp_path, environment={}, refresh_s=3600)
    seam = migration.seam("trading.workflow", legacy=lambda: "legacy", candidate=lambda: "candidate")
    assert seam() == "candidate"
    desk.write(SHADOW)
    assert seam() == "candidate"
    migration.look_again()
    assert seam() == "legacy"


def test_a_ramp_answers_by_key_and_without_key_by_legacy(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write(flags_content({"trading": ramp(50)}, revision=1))
    assert desk.workflow() == "legacy"
    assert any("ramps and a run has no key" in problem for problem in desk.migration.problems)
    migration = Migration.load(tmp_path, environment={})
    seam = migration.seam(
        "trading.workflow",
        legacy=lambda account: "legacy",
        candidate=lambda account: "candidate",
        key=lambda account: account,
    )
    answers = {seam(f"account-{number}") for number in range(20)}
    assert answers == {"legacy", "candidate"}
    assert seam("account-1") == seam("account-1")


def test_rules_of_the_folder_judge_its_runs_and_broken_rules_fail_them(tmp_path: Path) -> None:
    desk = Desk(tmp_path, environment={"CHANGEOVER_STAGE_TRADING": "shadow"})
    rules = tmp_path / "rules.toml"
    rules.write_text('[[rule]]\npath = "result"\nignore = true\nmust_be = "str"\nreason = "a test"\n')
    assert desk.workflow() == "legacy"
    assert [verdict for _, verdict in desk.migration.counts] == ["vacuous"]
    rules.write_text("[[rule]")
    desk.start()
    assert desk.workflow() == "legacy"
    assert [verdict for _, verdict in desk.migration.counts] == ["failed"]


def test_flags_are_a_flagd_definition() -> None:
    flag = flags_content({"trading": ramp(10)}, revision=7)["flags"]["trading"]
    assert flag["state"] == "ENABLED"
    assert flag["variants"][flag["defaultVariant"]] == "ramp"
    assert flag["metadata"] == {"ramp_percent": 10}


def test_runs_that_begin_beside_the_first_look_wait_for_what_it_sees(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write(LIVE)
    migration = Migration.load(tmp_path, environment=SlowEnvironment(), refresh_s=0)
    seam = migration.seam("trading.workflow", legacy=lambda: "legacy", candidate=lambda: "candidate")
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: seam(), range(8))) == {"candidate"}
