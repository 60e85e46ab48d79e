"""The stage table, legal steps and buckets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from changeover.values.observation import Side
from changeover.values.stage import (
    BUCKETS,
    SEAM_STAGES,
    Setting,
    Stage,
    Step,
    bucket,
    in_bucket,
    parse_setting,
    ramp,
    roles,
    step,
)

LEGACY, CANDIDATE = Side.LEGACY, Side.CANDIDATE


@pytest.mark.parametrize(
    ("stage", "in_it", "answering", "shadowed", "compared"),
    [
        (Stage.OFF, False, LEGACY, None, False),
        (Stage.OFF, True, LEGACY, None, False),
        (Stage.SHADOW, False, LEGACY, CANDIDATE, True),
        (Stage.SHADOW, True, LEGACY, CANDIDATE, True),
        (Stage.RAMP, False, LEGACY, CANDIDATE, True),
        (Stage.RAMP, True, CANDIDATE, LEGACY, True),
        (Stage.LIVE, False, CANDIDATE, LEGACY, True),
        (Stage.LIVE, True, CANDIDATE, LEGACY, True),
        (Stage.COMPLETE, False, CANDIDATE, None, False),
        (Stage.COMPLETE, True, CANDIDATE, None, False),
    ],
)
def test_the_stage_table(
    stage: Stage, in_it: bool, answering: Side, shadowed: Side | None, compared: bool
) -> None:
    assert roles(stage, in_bucket=in_it) == (answering, shadowed, compared)


def test_nothing_answers_in_a_phase_of_checks() -> None:
    with pytest.raises(ValueError, match="phases without seams"):
        roles(Stage.OPEN, in_bucket=False)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("off", "shadow", Step.FORWARD),
        ("shadow", "ramp:5", Step.FORWARD),
        ("shadow", "live", Step.FORWARD),
        ("ramp:5", "ramp:50", Step.FORWARD),
        ("ramp:50", "ramp:5", Step.BACK),
        ("ramp:5", "live", Step.FORWARD),
        ("live", "complete", Step.FORWARD),
        ("live", "live", Step.NONE),
        ("complete", "off", Step.BACK),
        ("live", "shadow", Step.BACK),
    ],
)
def test_legal_steps(old: str, new: str, expected: Step) -> None:
    assert step(parse_setting(old), parse_setting(new)) is expected


@pytest.mark.parametrize(("old", "new"), [("off", "live"), ("off", "ramp:5"), ("shadow", "complete")])
def test_only_ramp_may_be_skipped(old: str, new: str) -> None:
    with pytest.raises(ValueError, match="lies between"):
        step(parse_setting(old), parse_setting(new))


def test_a_phase_of_checks_has_no_seam_stages() -> None:
    assert step(Setting(Stage.OPEN), Setting(Stage.DONE)) is Step.FORWARD
    with pytest.raises(ValueError, match="open, done"):
        step(Setting(Stage.OPEN), Setting(Stage.LIVE))


@pytest.mark.parametrize(
    "text", ["shaddow", "", "ramp", "ramp:", "ramp:0", "ramp:100", "ramp:x", "live:3", "done"]
)
def test_a_stage_that_is_none_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="allowed"):
        parse_setting(text)


def test_a_setting_reads_as_it_prints() -> None:
    for setting in (*map(Setting, (Stage.OFF, Stage.LIVE)), ramp(12.5)):
        assert parse_setting(str(setting)) == setting


# Fixed for ever: other languages and later releases must put the same keys into the same buckets.
@pytest.mark.parametrize(
    ("phase", "key", "expected"),
    [
        ("portfolio", "account-1", 9190),
        ("portfolio", "account-2", 9119),
        ("trading", "account-1", 4069),
        ("trading", "", 1965),
        ("trading", "Zürich 日本", 9336),
    ],
)
def test_buckets_are_those_of_the_test_vectors(phase: str, key: str, expected: int) -> None:
    assert bucket(phase, key) == expected


@given(st.text(), st.text(), st.floats(0.01, 99.99), st.floats(0.01, 99.99))
def test_a_ramp_that_grows_only_adds_keys(phase: str, key: str, one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert not in_bucket(phase, key, small) or in_bucket(phase, key, large)


def test_a_ramp_takes_its_share_of_keys() -> None:
    inside = sum(in_bucket("trading", f"account-{number}", 10) for number in range(5000))
    assert 400 < inside < 600
    assert {bucket("trading", str(number)) < BUCKETS for number in range(100)} == {True}


def test_every_seam_stage_is_in_the_table() -> None:
    assert [roles(stage, in_bucket=False).answering for stage in SEAM_STAGES] == [
        *(LEGACY, LEGACY, LEGACY),
        *(CANDIDATE, CANDIDATE),
    ]
