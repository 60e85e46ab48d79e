"""The plan: everything that `phases.toml` may say, and how mistakes in it are named."""

from pathlib import Path

import pytest

from changeover import ConfigurationError, Migration, Stage
from changeover.rollout.gate_criteria import STRICT_GATES, CorpusCriteria, ProductionCriteria
from changeover.rollout.plan_file import load_plan, parse_plan
from changeover.values.toml_table import parse_toml

FULL = """
[migration]
name = "event-driven-orchestration"
legacy = ["trading.legacy"]
code = ["trading"]
scenario_tags = ["no-trade"]

[[phase]]
name = "events"
number = 1
title = "Events"

[[phase]]
name = "portfolio"
number = 2
title = "Convert the portfolio orchestrator"
requires = ["events"]
seams = ["portfolio.account-data", "portfolio.analysis"]
supplement = ["broker.positions"]
fallback = true

[phase.gate.shadow]
[phase.gate.live]
corpus = { sources = ["history"], divergences_max = 0, not_compared_max = 0, tags = ["no-trade"] }
own_time_p95_ratio_max = 1.5
blind_spots = "listed"
[phase.gate.live.production]
rate_max = 0.01
confidence = 0.95
not_compared_max = 0.001
unpaired_max = 0.01
span_days = 20
[phase.gate.complete]
production = { rate_max = 0.01, confidence = 0.95, span_days = 20, answered_by = "candidate" }
check = ["changeover legacy prove"]
"""


def test_everything_in_a_plan_is_read() -> None:
    plan = parse_plan(parse_toml(FULL, "phases.toml"), "phases.toml")
    portfolio = plan.phases["portfolio"]
    assert (plan.name, plan.legacy, plan.code) == (
        "event-driven-orchestration",
        ("trading.legacy",),
        ("trading",),
    )
    assert plan.scenario_tags == ("no-trade",)
    assert (portfolio.number, portfolio.requires, portfolio.fallback) == (2, ("events",), True)
    assert portfolio.supplement == ("broker.positions",)
    live, complete = portfolio.gates[Stage.LIVE], portfolio.gates[Stage.COMPLETE]
    assert live.corpus is not None
    assert live.corpus.tags == ("no-trade",)
    assert live.production is not None
    assert (live.production.rate_max, live.production.span_days) == (0.01, 20)
    assert live.own_time_p95_ratio_max == 1.5
    assert complete.check == ("changeover legacy prove",)
    assert complete.production is not None
    assert complete.production.answered_by == "candidate"
    assert portfolio.gates[Stage.SHADOW] == STRICT_GATES[Stage.SHADOW]
    assert plan.phases["events"].stages == (Stage.OPEN, Stage.DONE)
    assert plan.phase_of("portfolio.analysis") is portfolio


def test_a_transition_of_which_nothing_is_said_is_asked_the_strict_default() -> None:
    bare = parse_plan(parse_toml(FULL[: FULL.index("[phase.gate.shadow]")], "phases.toml"), "phases.toml")
    portfolio = bare.phases["portfolio"]
    live, complete = portfolio.gate_to(Stage.LIVE), portfolio.gate_to(Stage.COMPLETE)
    assert portfolio.gates == {}
    assert live == portfolio.gate_to(Stage.RAMP)
    assert (live.corpus, live.production) == (CorpusCriteria(), ProductionCriteria())
    assert (live.own_time_p95_ratio_max, live.blind_spots) == (1.5, "listed")
    assert complete.production == ProductionCriteria(answered_by="candidate")
    assert (complete.rollback_rehearsed, complete.check) == (True, ("changeover legacy prove",))
    assert portfolio.gate_to(Stage.SHADOW).production is None


def test_a_table_without_a_group_is_asked_its_default_and_not_asking_needs_a_reason() -> None:
    said = 'production = { not_asked = "it runs once a year" }'
    text = FULL.replace("[phase.gate.live]", f"[phase.gate.ramp]\n{said}\n[phase.gate.live]", 1)
    ramp = parse_plan(parse_toml(text, "phases.toml"), "phases.toml").phases["portfolio"].gates[Stage.RAMP]
    assert ramp.production is None
    assert ramp.not_asked == {"production": "it runs once a year"}
    assert (ramp.corpus, ramp.own_time_p95_ratio_max) == (CorpusCriteria(), 1.5)


def test_keys_that_are_missing_in_a_group_are_as_strict_as_the_default() -> None:
    text = FULL.replace(
        '{ rate_max = 0.01, confidence = 0.95, span_days = 20, answered_by = "candidate" }', "{}"
    )
    complete = (
        parse_plan(parse_toml(text, "phases.toml"), "phases.toml").phases["portfolio"].gates[Stage.COMPLETE]
    )
    assert complete.production == ProductionCriteria(answered_by="candidate")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "portfolio"', 'name = "events"', "'events' is the name of two phases"),
        (
            'requires = ["events"]',
            'requires = ["evnets"]',
            'phases.toml line 17: phase "portfolio".requires: \'evnets\' is unknown, did you mean "events"?',
        ),
        ('requires = ["events"]', 'requires = ["portfolio"]', "comes later or is the phase itself"),
        ("fallback = true", 'fallback = "yes"', "fallback: was 'yes', allowed: true or false"),
        (
            "fallback = true",
            "fallbak = true",
            'line 20: phase "portfolio": unknown key "fallbak", did you mean "fallback"? allowed: ',
        ),
        ("number = 2", "number = 0", "number: was 0, allowed: a whole number from 1"),
        ("number = 2", "number = 1", "needed: each once"),
        ('"portfolio.analysis"]', '"portfolio.account-data"]', "stands there twice"),
        ("rate_max = 0.01", "rate_max = 2", "rate_max: was 2, allowed: a number above 0, at most 0.999999"),
        ("divergences_max = 0", "divergences_max = -1", "divergences_max: was -1"),
        ('sources = ["history"]', 'sources = ["history", "history"]', "'history' stands there twice"),
        (
            'check = ["changeover legacy prove"]',
            "check = []",
            'allowed: commands, or { not_asked = "the reason" }',
        ),
        (
            "[phase.gate.complete]",
            "[phase.gate.complete]\nrollback_rehearsed = false",
            'was false, allowed: true, or { not_asked = "the reason" }',
        ),
        ("span_days = 20\n", "span_days = -1\n", "span_days: was -1, allowed: a whole number from 0"),
        ("[phase.gate.shadow]", "[phase.gate.shadow]\ncorpus = { not_asked = 3 }", "corpus.not_asked: was 3"),
        (
            "[phase.gate.shadow]",
            "[phase.gate.shadow]\ncheck_timeout_s = 0",
            "was 0, allowed: a whole number from 1",
        ),
        ('blind_spots = "listed"', 'blind_spots = "all"', "was 'all', allowed: listed, none, any"),
        ('answered_by = "candidate"', 'answered_by = "new"', "was 'new', allowed: legacy, candidate"),
        (
            "[phase.gate.live]",
            "[phase.gate.off]",
            'line 23: phase "portfolio".gate.off: is no stage with a gate, allowed: shadow, ramp',
        ),
        (
            'supplement = ["broker.positions"]',
            'supplement = ["broker"]',
            "was 'broker', allowed: port.method",
        ),
        ('name = "event-driven-orchestration"\n', "", "migration.name: is missing, needed: a text"),
        (
            "[migration]",
            "[migrations]",
            'line 2: migration: is missing, needed: a table with a name (is "migrations" meant',
        ),
        ("[migration]", "[migration", "was not valid TOML"),
        ("number = 2", "number = 2\nnumber = 3", "was not valid TOML"),
    ],
)
def test_a_mistake_is_named_with_key_and_what_is_allowed(old: str, new: str, message: str) -> None:
    assert old in FULL
    with pytest.raises(ConfigurationError) as raised:
        parse_plan(parse_toml(FULL.replace(old, new, 1), "phases.toml"), "phases.toml")
    assert str(raised.value).startswith("phases.toml")
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "was empty"),
        (b"\xff\xfe", "was not UTF-8"),
        (b"a = " + b"[" * 100_000, "nested too deeply"),
        (b"#" * (100 * 1024 * 1024), "bytes, allowed"),
    ],
)
def test_a_file_that_cannot_be_a_plan_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "phases.toml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=message):
        load_plan(tmp_path / "phases.toml")


def test_a_missing_plan_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"phases\.toml: could not be read: No such file"):
        Migration.load(tmp_path)


def test_a_seam_that_no_phase_owns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "phases.toml").write_text(FULL)
    migration = Migration.load(tmp_path, environment={})
    with pytest.raises(ConfigurationError, match=r'seam "portfolio\.plan": belongs to no phase'):
        migration.seam("portfolio.plan", legacy=lambda: 1)


def test_a_supplement_must_name_a_declared_read(tmp_path: Path) -> None:
    (tmp_path / "phases.toml").write_text(FULL)
    migration = Migration.load(tmp_path, environment={})
    with pytest.raises(ConfigurationError, match="declare ports before seams"):
        migration.seam("portfolio.analysis", legacy=lambda: 1)
