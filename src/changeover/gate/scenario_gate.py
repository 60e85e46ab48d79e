"""The compatibility gate: do both paths still agree on every committed scenario? It moves no stage."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

from changeover.errors import ConfigurationError
from changeover.evidence.code_digest import DIGITS_SHOWN
from changeover.evidence.replay_places import Cluster
from changeover.evidence.source_cases import Request
from changeover.evidence.source_comparison import Listener, SourceComparison, compare_source
from changeover.evidence.sources import Source, SourceOptions
from changeover.evidence.store.records import StoredComparison
from changeover.gate.corpus_selection import (
    NAMED_MAX,
    at_most,
    name_clusters,
    seam_evidence,
    why_not_compared,
)
from changeover.gate.inputs import value_or_problem
from changeover.gate.preconditions import waivers
from changeover.project import Project
from changeover.quick_dataclass import dataclass
from changeover.rollout.plan_file import Phase, Plan
from changeover.rollout.waivers import Waiver, is_waived, load_waivers
from changeover.settings import PLAN_FILE, WAIVERS_FILE
from changeover.values.gate_verdict import Answer, Criterion, GateVerdict
from changeover.values.stage import OFF

SOURCE = "scenarios"


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

    def is_waived(self, digest: str) -> bool:
        """Whether a waiver that has not expired covers this cluster."""
        return is_waived(self.waivers, digest, self.now.date())


def decide_scenarios(replay: Replay, phase: Phase) -> GateVerdict:
    """Decide about one phase with seams."""
    return GateVerdict(
        phase=phase.name,
        number=phase.number,
        old=OFF,
        new=OFF,
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
    found, keep = f"{len(parts) - len(bare)} of {len(parts)} seams", "changeover scenarios keep RUN"
    detail = f"none of {', '.join(bare[:NAMED_MAX])}" if bare else ""
    yield Criterion("seams with a scenario", _unless(bare), "every one", found, keep, detail)
    runs = sum(part.runs for part in parts.values())
    clusters = [one for one in corpus.clusters if one.seam in parts and not replay.is_waived(one.digest)]
    explain = f"changeover explain {clusters[0].digest[:6]}" if clusters else "changeover compare"
    for name, number in (
        ("effects that differ", sum(part.unsafe for part in parts.values())),
        ("divergences, unexplained", sum(part.unexplained for part in parts.values())),
    ):
        named = name_clusters(clusters) if number else ""
        yield at_most(name, 0, number, runs, Answer.FAIL, explain, named)
    # A scenario with nothing to compare on either side is no scenario: it would be green for nothing.
    missed = sum(part.not_compared + part.vacuous for part in parts.values())
    why = why_not_compared((corpus,), phase.seams) if missed else ""
    yield at_most("not compared, or vacuous", 0, missed, runs, Answer.INCONCLUSIVE, compare, why)
    idle = [seam for seam, part in parts.items() if part.gave_up]
    detail = f"every run of {', '.join(idle)} raised or gave nothing" if idle else ""
    yield Criterion("reference ran", _unless(idle), "yes", "no" if idle else "yes", compare, detail)
    damaged, named = f"{len(corpus.damaged):,}", "; ".join(corpus.damaged[:NAMED_MAX])
    answer = _unless(corpus.damaged, Answer.FAIL)
    yield Criterion("damaged lines", answer, "0", damaged, "changeover scenarios list", named)
    if plan.scenario_tags:
        asked = len(plan.scenario_tags)
        missing = [tag for tag in plan.scenario_tags if not corpus.tags.get(tag)]
        detail = f"missing: {', '.join(missing[:NAMED_MAX])}" if missing else ""
        name, seen = "tags seen in all scenarios", f"{asked - len(missing):,}"
        yield Criterion(name, _unless(missing), f"{asked:,}", seen, keep, detail)


def _unless(bad: Sequence[object], otherwise: Answer = Answer.INCONCLUSIVE) -> Answer:
    return otherwise if bad else Answer.PASS


def _not_counted(replay: Replay, phase: Phase) -> Iterator[str]:
    waived = sum(seam_evidence(replay.corpus, seam, replay.is_waived).waived for seam in phase.seams)
    if waived:
        yield f"{waived:,} waived"


def _digest(replay: Replay, phase: Phase) -> str:
    counted = {
        seam: dict(counts.verdicts) for seam, counts in replay.corpus.seams.items() if seam in phase.seams
    }
    return sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()


def scenario_verdicts(
    project: Project,
    names: Sequence[str],
    listener: Listener,
    jobs: int = 1,
    cluster: Cluster | None = None,
) -> tuple[list[GateVerdict], SourceComparison]:
    """Replay the scenarios and decide about these phases, or all with seams; raises ConfigurationError.

    Returns:
        A verdict for each phase, and the comparison that they are made of.
    """
    plan = project.plan()
    if plan is None:
        where = str(project.directory / PLAN_FILE)
        raise ConfigurationError(where, "is missing, so that no phase says which seams to ask about")
    chosen = _chosen(plan, names)
    now = datetime.now(UTC)
    request = Request(
        tuple(chosen), SourceOptions(), noise=False, fail_fast=False, jobs=jobs, cluster=cluster
    )
    source = Source(SOURCE, "recorded", lambda _: (), SOURCE)
    done = compare_source(project, project.migration(), source, request, listener)
    if done.info.stopped is not None:
        raise KeyboardInterrupt
    file = project.directory / WAIVERS_FILE
    waivers, problem = value_or_problem(lambda: load_waivers(file, now.date()), ())
    kept = replace(done.stored, damaged=tuple(done.corpus.damaged))  # all of them, unlike in the store
    replay = Replay(plan=plan, corpus=kept, waivers=waivers, now=now, waivers_problem=problem)
    return [decide_scenarios(replay, plan.phases[name]) for name in chosen], done


def _chosen(plan: Plan, names: Sequence[str]) -> list[str]:
    known = [name for name, phase in plan.phases.items() if phase.seams]
    for name in names:
        if name not in known:
            raise ConfigurationError.unknown(
                f'phase "{name}"', "is no phase with seams", name, known, none="none, no phase has seams"
            )
    if not known:
        raise ConfigurationError(PLAN_FILE, "has no phase with seams, so that there is nothing to replay")
    return [name for name in known if not names or name in names]
