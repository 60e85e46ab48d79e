"""The committed scenarios replayed for `changeover gate --scenarios`, and what they show of each phase."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from changeover.cli.source_cases import Request
from changeover.errors import ConfigurationError
from changeover.evidence.corpus import Corpus
from changeover.evidence.source_comparison import compare_source
from changeover.evidence.sources import Source, SourceOptions
from changeover.evidence.store.records import KeptCluster, KeptCorpus, SeamCounts
from changeover.gate.scenario_gate import SOURCE, Replay, decide_scenarios
from changeover.gate.verdict import GateVerdict
from changeover.gate.waiver import Waiver
from changeover.gate.waivers_file import WAIVERS_NAME, load_waivers
from changeover.project import Project
from changeover.rollout.plan_file import Plan
from changeover.views.text.heading import Heading


def scenario_verdicts(project: Project, names: Sequence[str]) -> list[GateVerdict]:
    """One verdict for each of these phases, or for every phase with seams; raises ConfigurationError."""
    plan = project.plan()
    if plan is None:
        where = str(project.directory / "phases.toml")
        raise ConfigurationError(where, "is missing, so that no phase says which seams to ask about")
    chosen = _chosen(plan, names)
    now = datetime.now(UTC)
    request = Request(tuple(chosen), SourceOptions(), noise=False, fail_fast=False)
    source = Source(SOURCE, "recorded", lambda _: (), SOURCE)
    heading, corpus = compare_source(project, project.migration(), source, request)
    if heading.stopped is not None:
        raise KeyboardInterrupt
    waivers: tuple[Waiver, ...] = ()
    problem = None
    try:
        waivers = load_waivers(project.directory / WAIVERS_NAME, now.date())
    except ConfigurationError as error:
        problem = str(error)
    replay = Replay(
        plan=plan, corpus=_kept(heading, corpus, now), waivers=waivers, now=now, waivers_problem=problem
    )
    return [decide_scenarios(replay, plan.phases[name]) for name in chosen]


def _chosen(plan: Plan, names: Sequence[str]) -> list[str]:
    known = [name for name, phase in plan.phases.items() if phase.seams]
    for name in names:
        if name not in known:
            allowed = ", ".join(known) or "none, no phase has seams"
            raise ConfigurationError(f'phase "{name}"', f"is no phase with seams, allowed: {allowed}")
    if not known:
        raise ConfigurationError("phases.toml", "has no phase with seams, so that there is nothing to replay")
    return [name for name in known if not names or name in names]


def _kept(heading: Heading, corpus: Corpus, now: datetime) -> KeptCorpus:
    """The corpus as the store would give it back; the gate in CI needs no store."""
    return KeptCorpus(
        number=0,
        at=now,
        source=heading.source,
        population="recorded",
        code=heading.code,
        rules=heading.rules,
        whole=True,
        partial=False,
        answered_by=heading.answer,
        seams={
            name: SeamCounts(tally.phase, tally.verdicts, tally.gave_up)
            for name, tally in corpus.seams.items()
        },
        tags=corpus.compared_tags,
        distinct_worlds=corpus.distinct_worlds,
        distinct_diverged=corpus.distinct_diverged,
        damaged=tuple(corpus.damaged),
        clusters=tuple(
            KeptCluster(
                one.fingerprint.digest,
                one.fingerprint.seam,
                one.fingerprint.place,
                one.fingerprint.kind,
                one.fingerprint.pattern,
                one.is_unsafe,
                one.runs,
            )
            for one in corpus.clusters
        ),
    )
