"""The compatibility gate: do both paths still agree on every committed scenario? It moves no stage."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256

from changeover.errors import ConfigurationError
from changeover.evidence.code_digest import DIGITS_SHOWN
from changeover.evidence.source_cases import Request
from changeover.evidence.source_comparison import Listener, compare_source
from changeover.evidence.sources import Source, SourceOptions
from changeover.evidence.store.records import StoredCluster, StoredComparison
from changeover.gate.corpus_selection import seam_evidence
from changeover.gate.inputs import value_or_problem
from changeover.gate.preconditions import waivers
from changeover.project import Project
from changeover.rollout.plan_file import Phase, Plan
from changeover.rollout.waivers import Waiver, is_waived, load_waivers
from changeover.settings import PLAN_FILE, WAIVERS_FILE
from changeover.values.gate_verdict import Answer, Criterion, GateVerdict
from changeover.values.stage import OFF, Setting

SOURCE = "scenarios"
NAMED_MAX = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The result of replaying the committed scenarios; `now` is aware.

    `waivers_problem` says why the waivers could not be read.
    """

    plan: Plan
    corpus: StoredComparison
    waivers: tuple[Waiver, ...]
    now: datetime
    waivers_problem: str | None = None
    settings: Mapping[str, Setting] | None = None

    def is_waived(self, digest: str) -> bool:
        """Whether a waiver that has not expired covers this cluster."""
        return is_waived(self.waivers, digest, self.now.date())


def decide_scenarios(replay: Replay, phase: Phase) -> GateVerdict:
    """Decide about one phase with seams."""
    stage = OFF if replay.settings is None else replay.settings.get(phase.name, OFF)
    return GateVerdict(
        phase=phase.name,
        number=phase.number,
        old=stage,
        new=stage,
        code=replay.corpus.code,
        rules=replay.corpus.rules,
        evidence=_digest(replay, phase),
        criteria=tuple(_criteria(replay, phase)),
        not_counted=tuple(_not_counted(replay, phase)),
        not_shown=(
            "Whether a phase may move: changeover gate PHASE asks that, with evidence of production.",
        ),
        source=SOURCE,
    )


def _criteria(replay: Replay, phase: Phase) -> Iterator[Criterion]:
    corpus, plan = replay.corpus, replay.plan
    yield Criterion("rules", Answer.PASS, "sound", corpus.rules[:DIGITS_SHOWN])
    if replay.waivers_problem is not None:
        yield Criterion("waivers", Answer.FAIL, "readable", "not readable", None, replay.waivers_problem)
    else:
        unsafe = frozenset(one.digest for one in corpus.clusters if one.unsafe)
        yield waivers(replay.waivers, replay.now, unsafe)
    compare = f"changeover compare {phase.name} --source {SOURCE}"
    parts = {seam: seam_evidence(corpus, seam, replay.is_waived) for seam in phase.seams}
    bare = [seam for seam, part in parts.items() if not part.evidence]
    yield Criterion(
        "seams with a scenario",
        Answer.INCONCLUSIVE if bare else Answer.PASS,
        "every one",
        f"{len(parts) - len(bare)} of {len(parts)} seams",
        "changeover scenarios keep RUN",
        f"none of {', '.join(bare[:NAMED_MAX])}" if bare else "",
    )
    runs = sum(part.runs for part in parts.values())
    clusters = [one for one in corpus.clusters if one.seam in parts and not replay.is_waived(one.digest)]
    unsafe_runs = sum(part.unsafe for part in parts.values())
    yield _counted("effects that differ", Answer.FAIL, unsafe_runs, runs, _explain(clusters), clusters)
    unexplained = sum(part.unexplained for part in parts.values())
    yield _counted("divergences, unexplained", Answer.FAIL, unexplained, runs, _explain(clusters), clusters)
    # A scenario with nothing to compare on either side is no scenario: it would be green for nothing.
    missed = sum(part.not_compared + part.vacuous for part in parts.values())
    yield _counted("not compared, or vacuous", Answer.INCONCLUSIVE, missed, runs, compare)
    idle = [seam for seam, part in parts.items() if part.gave_up]
    detail = f"every run of {', '.join(idle)} raised or gave nothing" if idle else ""
    yield Criterion(
        "reference ran",
        Answer.INCONCLUSIVE if idle else Answer.PASS,
        "yes",
        "no" if idle else "yes",
        compare,
        detail,
    )
    yield Criterion(
        "damaged lines",
        Answer.FAIL if corpus.damaged else Answer.PASS,
        "0",
        f"{len(corpus.damaged):,}",
        "changeover scenarios list",
        "; ".join(corpus.damaged[:NAMED_MAX]),
    )
    if plan.scenario_tags:
        missing = [tag for tag in plan.scenario_tags if not corpus.tags.get(tag)]
        yield Criterion(
            "tags seen in all scenarios",
            Answer.INCONCLUSIVE if missing else Answer.PASS,
            f"{len(plan.scenario_tags):,}",
            f"{len(plan.scenario_tags) - len(missing):,}",
            "changeover scenarios keep RUN",
            f"missing: {', '.join(missing[:NAMED_MAX])}" if missing else "",
        )


def _explain(clusters: Sequence[StoredCluster]) -> str:
    return f"changeover explain {clusters[0].digest[:6]}" if clusters else "changeover compare"


def _counted(
    name: str, otherwise: Answer, found: int, runs: int, do: str, clusters: Sequence[StoredCluster] = ()
) -> Criterion:
    named = "; ".join(f"{one.digest[:6]} {one.seam} {one.place}" for one in clusters[:NAMED_MAX])
    answer = otherwise if found else Answer.PASS
    return Criterion(name, answer, "0", f"{found:,} of {runs:,} runs", do, named if found else "")


def _not_counted(replay: Replay, phase: Phase) -> Iterator[str]:
    waived = sum(seam_evidence(replay.corpus, seam, replay.is_waived).waived for seam in phase.seams)
    if waived:
        yield f"{waived:,} waived"


def _digest(replay: Replay, phase: Phase) -> str:
    counted = {
        seam: dict(counts.verdicts) for seam, counts in replay.corpus.seams.items() if seam in phase.seams
    }
    return sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()


def scenario_verdicts(project: Project, names: Sequence[str], listener: Listener) -> list[GateVerdict]:
    """Replay the scenarios and decide about these phases, or all with seams; raises ConfigurationError."""
    plan = project.plan()
    if plan is None:
        where = str(project.directory / PLAN_FILE)
        raise ConfigurationError(where, "is missing, so that no phase says which seams to ask about")
    chosen = _chosen(plan, names)
    now = datetime.now(UTC)
    request = Request(tuple(chosen), SourceOptions(), noise=False, fail_fast=False)
    source = Source(SOURCE, "recorded", lambda _: (), SOURCE)
    done = compare_source(project, project.migration(), source, request, listener)
    if done.info.stopped is not None:
        raise KeyboardInterrupt
    file = project.directory / WAIVERS_FILE
    waivers, problem = value_or_problem(lambda: load_waivers(file, now.date()), ())
    kept = replace(done.stored, damaged=tuple(done.corpus.damaged))  # all of them, unlike in the store
    replay = Replay(plan=plan, corpus=kept, waivers=waivers, now=now, waivers_problem=problem)
    return [decide_scenarios(replay, plan.phases[name]) for name in chosen]


def _chosen(plan: Plan, names: Sequence[str]) -> list[str]:
    known = [name for name, phase in plan.phases.items() if phase.seams]
    for name in names:
        if name not in known:
            allowed = ", ".join(known) or "none, no phase has seams"
            raise ConfigurationError(f'phase "{name}"', f"is no phase with seams, allowed: {allowed}")
    if not known:
        raise ConfigurationError(PLAN_FILE, "has no phase with seams, so that there is nothing to replay")
    return [name for name in known if not names or name in names]
