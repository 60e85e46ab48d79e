"""What every gate stands on, whatever the tables ask: files that can be read, a clock, the phases before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from changeover.evidence.code_digest import DIGITS_SHOWN
from changeover.gate.inputs import Dossier
from changeover.rollout.flags_file import SEAL_COMMAND
from changeover.rollout.plan_file import Phase
from changeover.rollout.waivers import Waiver
from changeover.values.gate_verdict import Answer, Criterion, CriterionKind
from changeover.values.stage import SEAM_STAGES, Setting, Stage

CLOCK_TOLERANCE = timedelta(minutes=5)
_ID_DIGITS = 6
NAMED_MAX = 5


def ground(dossier: Dossier) -> Iterator[Criterion]:
    """Criteria of every phase that has seams."""
    yield from flags(dossier)
    yield _store(dossier)
    yield _code(dossier)
    yield _rules(dossier)
    yield _waivers(dossier)


def flags(dossier: Dossier) -> Iterator[Criterion]:
    """Where phases stand, since when, and whether a step would take effect."""
    problems = dossier.problems
    if problems.flags:
        detail = "; ".join(problems.flags)
        kind = CriterionKind.FLAGS
        yield Criterion("flags", Answer.FAIL, "readable", "refused", SEAL_COMMAND, detail, kind)
    else:
        found = "no file yet" if dossier.revision is None else f"revision {dossier.revision}"
        yield Criterion("flags", Answer.PASS, "readable", found, kind=CriterionKind.FLAGS)
    if problems.history:
        first = problems.history[0]
        yield Criterion(
            "history", Answer.INCONCLUSIVE, "readable", "damaged", "changeover history --verify", first
        )
    if dossier.killed:
        do = 'changeover unkill --reason "..."'
        detail = "legacy answers every run, whatever the flags say"
        kind = CriterionKind.KILL_SWITCH
        yield Criterion("kill switch", Answer.FAIL, "off", "on", do, detail, kind)
    if dossier.override is not None:
        said = "the environment overrides the flags: a step would change nothing here"
        yield Criterion(
            "override", Answer.INCONCLUSIVE, "none", dossier.override, f"unset {dossier.override}", said
        )
    late = _from_the_future(dossier)
    if late is not None:
        yield Criterion(
            "clock", Answer.INCONCLUSIVE, "not set back", f"{dossier.now:%Y-%m-%d %H:%M:%SZ}", None, late
        )


def _from_the_future(dossier: Dossier) -> str | None:
    evidence = dossier.evidence
    flips = max((entry.at for entry in dossier.history), default=None)
    if flips is not None and flips > dossier.now:
        return f"the clock was set back: the last flip is of {_moment(flips)}"
    kept = (
        *(corpus.at for corpus in evidence.corpora),
        *(run.at for run in evidence.production),
        *(review.at for review in evidence.reviews),
    )
    latest = max(kept, default=None)
    if latest is not None and latest > dossier.now + CLOCK_TOLERANCE:
        return f"the clock was set back, or evidence is of the future: {_moment(latest)}"
    return None


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%SZ}"


def _store(dossier: Dossier) -> Criterion:
    evidence = dossier.evidence
    if evidence.problem is not None:
        return Criterion(
            "evidence store",
            Answer.INCONCLUSIVE,
            "readable",
            "not readable",
            "changeover doctor",
            evidence.problem,
        )
    corpora = f"{len(evidence.corpora):,} {'corpus' if len(evidence.corpora) == 1 else 'corpora'}"
    found = f"{len(evidence.production):,} runs, {corpora}"
    return Criterion("evidence store", Answer.PASS, "readable", found)


def _code(dossier: Dossier) -> Criterion:
    if dossier.problems.code is not None:
        return Criterion("code", Answer.FAIL, "readable", "not readable", None, dossier.problems.code)
    if dossier.code is None:
        do = 'migration.code = ["PACKAGE"] in phases.toml'
        said = "phases.toml names no packages, so that no evidence can be about today's code"
        return Criterion("code", Answer.INCONCLUSIVE, "named", "not named", do, said)
    return Criterion("code", Answer.PASS, "named", dossier.code[:DIGITS_SHOWN])


def _rules(dossier: Dossier) -> Criterion:
    if dossier.problems.rules is not None:
        return Criterion(
            "rules", Answer.FAIL, "sound", "not sound", "changeover rules check", dossier.problems.rules
        )
    return Criterion("rules", Answer.PASS, "sound", dossier.rules[:DIGITS_SHOWN])


def _waivers(dossier: Dossier) -> Criterion:
    problem = dossier.problems.waivers
    if problem is not None:
        return Criterion("waivers", Answer.FAIL, "readable", "not readable", None, problem)
    return waivers(dossier.waivers, dossier.now, unsafe_clusters(dossier))


def waivers(all_: tuple[Waiver, ...], now: datetime, unsafe: frozenset[str]) -> Criterion:
    """None may have expired, and none may be of an effect; `unsafe` are digests."""
    required = "none expired"
    expired = [one for one in all_ if one.has_expired(now.date())]
    if expired:
        named = "; ".join(
            f"{one.cluster[:_ID_DIGITS]} of {one.owner} on {one.until}" for one in expired[:NAMED_MAX]
        )
        do = f"changeover explain {expired[0].cluster[:_ID_DIGITS]}"
        return Criterion("waivers", Answer.FAIL, required, f"{len(expired):,} expired", do, named)
    of_effects = [one for one in all_ if any(map(one.covers, unsafe))]
    if of_effects:
        named = ", ".join(one.cluster[:_ID_DIGITS] for one in of_effects[:NAMED_MAX])
        do = f"changeover explain {of_effects[0].cluster[:_ID_DIGITS]}"
        said = f"an effect is never waived: {named}"
        return Criterion(
            "waivers", Answer.FAIL, "none of an effect", f"{len(of_effects):,} of effects", do, said
        )
    return Criterion("waivers", Answer.PASS, required, f"{len(all_):,}" if all_ else "none")


def unsafe_clusters(dossier: Dossier) -> frozenset[str]:
    """Digests of clusters in which an effect differs, on whatever code they were met."""
    evidence = dossier.evidence
    return frozenset(
        one.digest for corpus in evidence.corpora for one in corpus.clusters if one.unsafe
    ).union(*(run.unsafe for run in evidence.production))


def requires(dossier: Dossier) -> Iterator[Criterion]:
    """Phases that must be at least as far; one that consists of checks must be done."""
    for name in dossier.phase.requires:
        needed = dossier.plan.phases[name]
        target = _needed(needed, dossier.new)
        there = dossier.settings.get(name, Setting(needed.stages[0]))
        passed = _rank(needed, there) >= _rank(needed, target)
        yield Criterion(
            f"requires {name}",
            Answer.PASS if passed else Answer.FAIL,
            str(target),
            str(there),
            None if passed else f"changeover gate {name}",
            kind=CriterionKind.REQUIRES,
            required_phase=name,
        )


def _needed(phase: Phase, new: Setting) -> Setting:
    if not phase.seams:
        return Setting(Stage.DONE)
    return Setting(Stage.COMPLETE) if new.stage is Stage.DONE else new


def _rank(phase: Phase, setting: Setting) -> tuple[int, float]:
    order = SEAM_STAGES if phase.seams else phase.stages
    return (order.index(setting.stage), setting.percent) if setting.stage in order else (-1, 0.0)
