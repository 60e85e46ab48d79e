"""What every gate asks: files can be read, the clock is right, required phases have moved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from changeover.evidence.code_digest import DIGITS_SHOWN
from changeover.gate.inputs import CLOCK_TOLERANCE, GateInputs
from changeover.rollout.flags_file import SEAL_COMMAND
from changeover.rollout.plan_file import Phase
from changeover.rollout.waivers import Waiver
from changeover.values.gate_verdict import Answer, Criterion, CriterionKind
from changeover.values.stage import SEAM_STAGES, Setting, Stage

_ID_DIGITS = 6
_MOMENT = "%Y-%m-%d %H:%M:%SZ"
NAMED_MAX = 5


def preconditions(inputs: GateInputs) -> Iterator[Criterion]:
    """The preconditions of every phase with seams."""
    yield from flags(inputs)
    yield _store(inputs)
    yield _code(inputs)
    yield _rules(inputs)
    yield _waivers(inputs)
    if inputs.watch is not None and inputs.old.stage in (Stage.SHADOW, Stage.RAMP, Stage.LIVE):
        yield _worker(inputs)


def _worker(inputs: GateInputs) -> Criterion:
    """Somebody replays what programs record, and keeps up: what waits may differ."""
    waiting = 0 if inputs.watch is None else inputs.watch.waiting or 0
    if inputs.unwatched is not None:
        found, do = f"{waiting:,} waiting", "changeover worker"
        return Criterion("worker", Answer.INCONCLUSIVE, "keeps up", found, do, inputs.unwatched)
    return Criterion("worker", Answer.PASS, "keeps up", f"{waiting:,} waiting")


def flags(inputs: GateInputs) -> Iterator[Criterion]:
    """Flags and history can be read, and a step would take effect."""
    problems = inputs.problems
    if problems.flags:
        detail = "; ".join(problems.flags)
        kind = CriterionKind.FLAGS
        yield Criterion("flags", Answer.FAIL, "readable", "refused", SEAL_COMMAND, detail, kind)
    else:
        found = "no file yet" if inputs.revision is None else f"revision {inputs.revision}"
        yield Criterion("flags", Answer.PASS, "readable", found, kind=CriterionKind.FLAGS)
    if problems.history:
        first = problems.history[0]
        yield Criterion(
            "history", Answer.INCONCLUSIVE, "readable", "damaged", "changeover history --verify", first
        )
    if inputs.killed:
        do = 'changeover unkill --reason "..."'
        detail = "legacy answers every run, whatever the flags say"
        kind = CriterionKind.KILL_SWITCH
        yield Criterion("kill switch", Answer.FAIL, "off", "on", do, detail, kind)
    if inputs.override is not None:
        detail = "the environment overrides the flags: a step would change nothing here"
        yield Criterion(
            "override", Answer.INCONCLUSIVE, "none", inputs.override, f"unset {inputs.override}", detail
        )
    late = _clock_problem(inputs)
    if late is not None:
        yield Criterion("clock", Answer.INCONCLUSIVE, "not set back", f"{inputs.now:{_MOMENT}}", None, late)


def _clock_problem(inputs: GateInputs) -> str | None:
    evidence = inputs.evidence
    last = inputs.history[-1].at if inputs.history else None
    if last is not None and last > inputs.now:
        return f"the clock was set back: the last flip is of {last:{_MOMENT}}"
    # One run of the future says that a clock was wrong then; where most are, the clock is wrong now.
    latest = inputs.now + CLOCK_TOLERANCE
    later = sum(group.runs for group in evidence.groups if group.is_later) + evidence.of_the_future
    looked_at = [(later, evidence.runs + evidence.of_the_future, [one.last for one in evidence.groups])]
    for moments in ([one.at for one in evidence.corpora], [one.at for one in evidence.reviews]):
        looked_at.append((sum(at > latest for at in moments), len(moments), moments))
    for later, of, moments in looked_at:
        if later and 2 * later >= of:
            at = f": {max(moments):{_MOMENT}}" if moments else ""
            return f"the clock was set back, or evidence is of the future{at}"
    return None


def _sound(
    name: str,
    required: str,
    problem: str | None,
    found: str,
    do: str | None = None,
    worst: Answer = Answer.FAIL,
) -> Criterion:
    """Something is as required, or not, because of a problem."""
    if problem is not None:
        return Criterion(name, worst, required, f"not {required}", do, problem)
    return Criterion(name, Answer.PASS, required, found)


def _store(inputs: GateInputs) -> Criterion:
    evidence = inputs.evidence
    corpora = f"{len(evidence.corpora):,} {'corpus' if len(evidence.corpora) == 1 else 'corpora'}"
    found, do = f"{evidence.runs:,} runs, {corpora}", "changeover doctor"
    return _sound("evidence store", "readable", evidence.problem, found, do, Answer.INCONCLUSIVE)


def _code(inputs: GateInputs) -> Criterion:
    if inputs.problems.code is not None:
        return _sound("code", "readable", inputs.problems.code, "")
    do = 'migration.code = ["PACKAGE"] in phases.toml'
    unnamed = "phases.toml names no packages, so that no evidence can be about today's code"
    problem = unnamed if inputs.code is None else None
    return _sound("code", "named", problem, (inputs.code or "")[:DIGITS_SHOWN], do, Answer.INCONCLUSIVE)


def _rules(inputs: GateInputs) -> Criterion:
    found = inputs.rules[:DIGITS_SHOWN]
    return _sound("rules", "sound", inputs.problems.rules, found, "changeover rules check")


def _waivers(inputs: GateInputs) -> Criterion:
    if inputs.problems.waivers is not None:
        return _sound("waivers", "readable", inputs.problems.waivers, "")
    return waivers(inputs.waivers, inputs.now, unsafe_clusters(inputs))


def waivers(all_: tuple[Waiver, ...], now: datetime, unsafe: frozenset[str]) -> Criterion:
    """No waiver has expired, and none covers an effect; `unsafe` are digests of clusters."""
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
        detail = f"an effect is never waived: {named}"
        return Criterion(
            "waivers", Answer.FAIL, "none of an effect", f"{len(of_effects):,} of effects", do, detail
        )
    return Criterion("waivers", Answer.PASS, required, f"{len(all_):,}" if all_ else "none")


def unsafe_clusters(inputs: GateInputs) -> frozenset[str]:
    """Digests of clusters in which an effect differs, on any code."""
    evidence = inputs.evidence
    return frozenset(
        one.digest for corpus in evidence.corpora for one in corpus.clusters if one.unsafe
    ).union(*(run.unsafe for run in evidence.groups))


def requires(inputs: GateInputs) -> Iterator[Criterion]:
    """Required phases are at least as far; one that consists of checks is done."""
    for name in inputs.phase.requires:
        needed = inputs.plan.phases[name]
        target = _needed(needed, inputs.new)
        there = inputs.settings.get(name, Setting(needed.stages[0]))
        passed = _rank(needed, there) >= _rank(needed, target)
        yield Criterion(
            f"requires {name}",
            Answer.PASS if passed else Answer.FAIL,
            str(target),
            str(there),
            f"changeover gate {name}",
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
