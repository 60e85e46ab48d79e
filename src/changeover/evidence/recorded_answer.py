"""A stored run held against its record: does the path that answered still give what is recorded?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from changeover.evidence.code_digest import answering_code
from changeover.evidence.program_interface import Program
from changeover.record.call_inputs import ARGUMENTS
from changeover.record.replay_problems import ProblemKind, ReplayProblem
from changeover.record.scenario_file import Scenario
from changeover.replay.runner import Replayed
from changeover.seam.judge import Facts
from changeover.seam.seam import Seam
from changeover.values.divergence import ABSENT, Divergence
from changeover.values.observation import Observation, Side
from changeover.values.value_text import value_text
from changeover.values.verdict import Verdict

REDACTED_MARK = "[redacted "
_TEXT_MAX = 120
_HELD = (Verdict.MATCH, Verdict.TOLERATED, Verdict.VACUOUS)


def departure(program: Program, seam: Seam, scenario: Scenario, now: Replayed) -> ReplayProblem | None:
    """How the answering path, replayed on its own tape, departs from its record; None where it does not.

    The rules of the seam say what counts as the same. Where the answer is not recorded, as no data can hold
    it, the effects alone are held against the record; what was redacted is not compared.
    """
    outcome = now.observation.outcome if scenario.answer is None else scenario.answer
    then, today = _changed(scenario, now.observation)
    recorded = scenario.tape.observation(scenario.answered_by, outcome, changed=then)
    again = replace(unpaired_events(now.observation), path=scenario.answered_by.other, changed=today)
    sides = (recorded, again) if scenario.answered_by is Side.LEGACY else (again, recorded)
    facts = Facts(seam.name, *sides, shadowed=again.path, noted=(), inexact_from=None, saw_anything=True)
    judgement = program.runtime.active.judge(facts)
    if judgement.verdict in _HELD:
        return None
    differs = [found for found in judgement.divergences if not _is_redacted(_sides(found, scenario)[0])]
    if judgement.divergences and not differs:
        return None
    kind = _kind(program, scenario)
    if not differs:
        return ReplayProblem(kind, "result", "cannot be held against the record", 0)
    first = min(differs, key=lambda found: (found.position is None, found.position or 0))
    before, after = (_text(side) for side in _sides(first, scenario))
    return ReplayProblem(kind, first.place, f"{before} -> {after}", first.position or 0)


Changed = dict[str, dict[str, Any]] | None


def _changed(scenario: Scenario, now: Observation) -> tuple[Changed, Changed]:
    """The arguments that were changed then or are now, of both; neither where that is not recorded.

    What became of the object of a method, and of answers of ports, is not recorded.
    """
    if scenario.changed is None:
        return None, None
    then, today = scenario.changed, (now.changed or {}).get(ARGUMENTS, {})
    if not then and not today:
        return None, None
    before = {name: scenario.arguments[name] for name in (*then, *today) if name in scenario.arguments}
    return {ARGUMENTS: {**before, **then}}, {ARGUMENTS: {**before, **today}}


def unpaired_events(seen: Observation) -> Observation:
    """The same, with events that are not compared with those of a record: a tape holds port calls alone."""
    return replace(seen, events=tuple(step._replace(both=False) for step in seen.events))


def no_longer_fits(program: Program, scenario: Scenario, problem: ReplayProblem) -> ReplayProblem:
    """The same for an answering path that asks what is not on its own tape."""
    kind = _kind(program, scenario)
    return ReplayProblem(kind, problem.place, f"{problem.kind}: {problem.detail}", problem.position)


def departure_text(scenario: Scenario, problem: ReplayProblem) -> str:
    """The sentence for people."""
    said = f"{scenario.answered_by} no longer does what was recorded"
    other = " (it was recorded by other code)" if problem.kind is ProblemKind.OTHER_CODE else ""
    return f"{said}{other}: {problem.place}: {problem.detail}"


def _kind(program: Program, scenario: Scenario) -> ProblemKind:
    if scenario.code is None:
        return ProblemKind.RECORD_CHANGED
    is_same = answering_code(program.plan, scenario.answered_by) == scenario.code
    return ProblemKind.RECORD_CHANGED if is_same else ProblemKind.OTHER_CODE


def _sides(found: Divergence, scenario: Scenario) -> tuple[Any, Any]:
    """The recorded value, and the one of today."""
    sides = (found.legacy, found.candidate)
    return sides if scenario.answered_by is Side.LEGACY else sides[::-1]


def _is_redacted(recorded: Any) -> bool:
    return REDACTED_MARK in str(recorded)


def _text(value: Any) -> str:
    return "nothing" if value is ABSENT else value_text(value, _TEXT_MAX)
