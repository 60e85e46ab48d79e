"""`gate`: may this phase move; or, of committed scenarios, do both paths still agree on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from changeover.api.arguments import Told, ignore
from changeover.api.comparison import Silence, collector_as_it_was
from changeover.errors import ConfigurationError
from changeover.evidence.source_comparison import Listener
from changeover.gate.collect import collect
from changeover.gate.decision import decide
from changeover.gate.inputs import read_project_state
from changeover.project import Project, open_project
from changeover.values.gate_verdict import EXIT_CODES, Answer, GateVerdict
from changeover.values.stage import Setting, parse_setting

_WORST_FIRST = (Answer.FAIL, Answer.INCONCLUSIVE, Answer.PASS)


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """One verdict about a step; with scenarios one for each phase."""

    verdicts: tuple[GateVerdict, ...]

    @property
    def answer(self) -> Answer:
        """The worst of them."""
        return next(one for one in _WORST_FIRST if any(verdict.answer is one for verdict in self.verdicts))

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 inconclusive."""
        return EXIT_CODES[self.answer]


def gate(
    *phases: str,
    to: str | None = None,
    scenarios: bool = False,
    no_checks: bool = False,
    project: str | Path | Project = ".",
    progress: Told = ignore,
    listener: Listener | None = None,
) -> GateAnswer:
    """May this phase move? Criterion by criterion; no stage is changed.

    Args:
        phases: one phase; with `scenarios` any number, none for all.
        to: `shadow`, `ramp:P`, `live`, `complete`, `done`; the next stage unless given.
        scenarios: ask the committed scenarios alone.
        no_checks: run no check command; what is not run could not tell.
        project: a folder of the project, or the project.
        progress: is told which check command runs.
        listener: is told how far the replay of the scenarios is.

    Raises:
        ConfigurationError: a file of the project or an argument is wrong.

    Example:
        asked = changeover.gate("portfolio", to="live")
        assert asked.answer == "pass", asked.verdicts[0].do_first
    """
    found = open_project(project)
    if not scenarios:
        return GateAnswer((_verdict(found, phases, to, progress, run_checks=not no_checks),))
    if to is not None:
        raise ConfigurationError("--to", "goes with a phase and its evidence, not with --scenarios")
    from changeover.gate.scenario_gate import scenario_verdicts

    with collector_as_it_was():
        return GateAnswer(tuple(scenario_verdicts(found, phases, listener or Silence())))


def _verdict(
    project: Project, phases: Sequence[str], to: str | None, progress: Told, *, run_checks: bool
) -> GateVerdict:
    project_state = read_project_state(project)
    allowed = ", ".join(project_state.plan.phases) or "none, the plan is empty"
    if len(phases) != 1:
        found = "is missing" if not phases else f"was {', '.join(phases)}"
        raise ConfigurationError("PHASE", f"{found}, needed: one of {allowed}; or --scenarios")
    phase = project_state.plan.phases.get(phases[0])
    if phase is None:
        raise ConfigurationError(f'phase "{phases[0]}"', f"is unknown, allowed: {allowed}")
    new: Setting | None = None
    if to is not None:
        try:
            new = parse_setting(to, phase.stages)
        except ValueError as error:
            raise ConfigurationError("--to", str(error)) from None
    dossier = collect(
        project, phase.name, new, run_checks=run_checks, say=progress, project_state=project_state
    )
    # A check that ran some other day says nothing to somebody who asks now.
    return decide(dossier if run_checks else replace(dossier, checks={}))
