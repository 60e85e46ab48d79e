"""What a gate stands on may lack: each case is one change away from inputs that pass."""

from dataclasses import replace
from datetime import timedelta

from changeover.evidence.store.records import Evidence
from changeover.values.stage import Setting, Stage
from tests.changeover.support.gate_inputs import (
    FAIL,
    NOW,
    UNKNOWN,
    NotGreen,
    completing,
    entry,
    finishing,
    passing,
    production,
    review,
    run,
    spots,
)

CHECK = "lint-imports"
LATER = NOW + timedelta(minutes=6)
STANDING_CASES: dict[str, NotGreen] = {
    # What was looked at once
    "blind spots were not looked for": (
        passing,
        lambda c: c.but_evidence(reviews=()),
        UNKNOWN,
        "changeover rules blindspots",
    ),
    "blind spots were looked for on other code": (
        passing,
        lambda c: c.but_evidence(reviews=(replace(spots(), code="e" * 64),)),
        UNKNOWN,
        "not looked for",
    ),
    "a blind spot is not accepted by name": (
        passing,
        lambda c: c.but_evidence(reviews=(spots("result.note"),)),
        FAIL,
        "desk.quote result.note",
    ),
    "a blind spot hides an effect": (
        passing,
        lambda c: c.but_evidence(reviews=(spots("effects.till.pay[*].note"),)),
        FAIL,
        "hides an effect",
    ),
    "a seam was never looked at for blind spots": (
        passing,
        lambda c: c.but_evidence(reviews=(replace(spots(), answer="inconclusive"),)),
        UNKNOWN,
        "a seam was not looked at: --runs N looks at more cases",
    ),
    "nothing was altered": (
        passing,
        lambda c: c.but_evidence(reviews=(spots(tried=0),)),
        UNKNOWN,
        "nothing altered",
    ),
    "a check command failed": (
        passing,
        lambda c: c.but(checks={CHECK: review("check", CHECK, answer="fail", found="exit 1")}),
        FAIL,
        "exit 1",
    ),
    "a check command was not run": (passing, lambda c: c.but(checks={}), UNKNOWN, "was not run"),
    "a phase of checks declares none": (
        finishing,
        lambda c: c.but_plan('check = ["pytest -q tests/events"]', ""),
        UNKNOWN,
        "nothing was checked",
    ),
    "nobody has gone back on this code": (
        completing,
        lambda c: c.but(history=(entry("rollback", "live", "shadow", code="e" * 64),)),
        UNKNOWN,
        "changeover rollback desk",
    ),
    "a step forward is no rehearsal of going back": (
        completing,
        lambda c: c.but(history=(entry("flip", "shadow", "live"),)),
        UNKNOWN,
        "changeover rollback desk",
    ),
    # Files and clock
    "the store cannot be read": (
        passing,
        lambda c: c.but(evidence=Evidence(problem="evidence.db: file is not a database")),
        UNKNOWN,
        "file is not a database",
    ),
    "the rules are broken": (
        passing,
        lambda c: c.but_problem(rules="rules.toml line 3: no reason"),
        FAIL,
        "rules.toml line 3",
    ),
    "the waivers are broken": (
        passing,
        lambda c: c.but_problem(waivers="waivers.toml: was not valid TOML"),
        FAIL,
        "was not valid TOML",
    ),
    "the accepted blind spots are broken": (
        passing,
        lambda c: c.but_problem(blind_spots="blindspots.toml: was not valid TOML"),
        FAIL,
        "blindspots.toml",
    ),
    "the code cannot be read": (
        passing,
        lambda c: c.but_problem(code="desk/quote.py: could not be read as Python"),
        FAIL,
        "desk/quote.py",
    ),
    "the flags are damaged": (
        passing,
        lambda c: c.but_problem(flags=("flags.json: digest does not match its content",)),
        FAIL,
        "changeover flags seal",
    ),
    "the history is damaged": (
        passing,
        lambda c: c.but_problem(history=("history.jsonl line 4: was no JSON",)),
        UNKNOWN,
        "changeover history --verify",
    ),
    "the clock was set back before the last flip": (
        passing,
        lambda c: c.but(history=(entry("flip", "off", "shadow", at=NOW + timedelta(seconds=1)),)),
        UNKNOWN,
        "the clock was set back",
    ),
    "most runs are of the future": (
        passing,
        lambda c: c.but_runs([run(400), *(replace(one, at=LATER) for one in production())]),
        UNKNOWN,
        "the clock was set back",
    ),
    "a corpus is of the future": (
        passing,
        lambda c: c.but_corpus(at=LATER),
        UNKNOWN,
        "evidence is of the future",
    ),
    # FlagsState
    "the kill switch is on": (passing, lambda c: c.but(killed=True), FAIL, "changeover unkill"),
    "the environment overrides the phase": (
        passing,
        lambda c: c.but(environment={"CHANGEOVER_STAGE_DESK": "off"}),
        UNKNOWN,
        "unset CHANGEOVER_STAGE_DESK",
    ),
    "a phase before it is not as far": (
        passing,
        lambda c: c.but(settings={**c.inputs.settings, "events": Setting(Stage.OPEN)}),
        FAIL,
        "changeover gate events",
    ),
}
