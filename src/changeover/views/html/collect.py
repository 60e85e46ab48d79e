"""Collects what the page is made of: the thin edge where store, plan, flags and history are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from changeover.errors import ConfigurationError, NothingComparedError
from changeover.evidence.cluster_examples import ClusterExamples, differing_runs, gather_examples
from changeover.evidence.last_report import changes_since, last_report, standing_of
from changeover.evidence.store.lookup import RUNS_NAMED_MAX, Archive
from changeover.evidence.store.records import Review, StoredComparison, StoredRun
from changeover.evidence.store.store import read_evidence, store_path
from changeover.evidence.suggested_rule import NoRule, SuggestedRule, rules_text, suggested_rule
from changeover.gate.all_evidence import evidence_of_today
from changeover.gate.collect import collect as collect_inputs
from changeover.gate.decision import decide
from changeover.gate.inputs import ProjectState, read_project_state
from changeover.gate.production import verdict_today
from changeover.rollout.plan_file import Plan
from changeover.rollout.resolver import Resolver
from changeover.settings import PRODUCTION
from changeover.values.gate_verdict import GateVerdict
from changeover.values.stage import Stage
from changeover.values.verdict import Verdict
from changeover.views.html.data import DIVERGED, UNSAFE, PhaseStanding, ReportData, word_of, worst_first
from changeover.views.html.differences import CLUSTERS_SHOWN_MAX
from changeover.views.html.headline import headline, worst_cluster
from changeover.views.html.strip import Strip, strip_of
from changeover.views.rows import describe_finding, short_digest

if TYPE_CHECKING:
    from changeover.project import Project


class NothingToReport(NothingComparedError):
    """There is no comparison that a page could be about."""


def chosen(
    corpora: Sequence[StoredComparison], wanted: Sequence[str], today: Sequence[StoredComparison]
) -> StoredComparison:
    """`corpora` are the latest first; `wanted` are numbers or sources, of several the worst is taken.

    Unless any is wanted it is the worst of what speaks about `today`, production among it.

    Raises NothingToReport where nothing was compared, ConfigurationError where it was not what is wanted.
    """
    if not corpora and not today:
        raise NothingToReport
    if wanted:
        return worst_first([_named_choice(corpora, name) for name in wanted])[0]
    if today:
        compared = [one for one in today if one.source != PRODUCTION]
        differ = [one for one in today if word_of(one) in (UNSAFE, DIVERGED)]
        # Production that could not be compared in full is no worse than a comparison that was.
        return worst_first(differ or compared or today)[0]
    return next((one for one in corpora if not one.partial), corpora[0])


def about_today(corpora: Sequence[StoredComparison], code: str | None, rules: str) -> list[StoredComparison]:
    """The latest of each source that says something about this code and these rules, where no plan is."""
    return latest_of_each(
        [one for one in corpora if (one.code, one.rules) == (code, rules) and says_something(one)]
    )


def begun_since(corpora: Sequence[StoredComparison], moment: datetime) -> tuple[StoredComparison, ...]:
    """Those that began then or later; raises NothingToReport where none of them was kept."""
    found = tuple(one for one in corpora if one.at >= moment.replace(microsecond=0))
    if not found:
        raise NothingToReport("the store did not keep what was compared")
    return found


def beside(corpora: Sequence[StoredComparison], shown: StoredComparison) -> tuple[StoredComparison, ...]:
    """The latest comparisons of other sources than the one that is shown."""
    latest = latest_of_each(list(filter(says_something, corpora)))
    return tuple(one for one in latest if one.source != shown.source)


def says_something(corpus: StoredComparison) -> bool:
    """Whether it speaks about its source: one that stopped early does where something differs."""
    return not corpus.partial and (corpus.whole or word_of(corpus) in (UNSAFE, DIVERGED))


def latest_of_each(corpora: Sequence[StoredComparison]) -> list[StoredComparison]:
    """Of each source the first that is met."""
    first = {corpus.source: corpus for corpus in reversed(corpora)}
    return [corpus for corpus in corpora if first[corpus.source] is corpus]


def _named_choice(corpora: Sequence[StoredComparison], name: str) -> StoredComparison:
    for corpus in corpora:
        if name in (str(corpus.number), corpus.source):
            return corpus
    known = dict.fromkeys(one.source for one in corpora)
    numbers = ", ".join(str(one.number) for one in corpora[:10])
    raise ConfigurationError.unknown(
        "--source", f"was {name!r}", name, known, more=f"; or by number: {numbers}"
    )


_WORTH_NAMING = (Verdict.UNSAFE, Verdict.DIVERGED, Verdict.FAILED, Verdict.UNPAIRED)
_DIFFER = (UNSAFE, DIVERGED)
_ENDS = (Stage.COMPLETE, Stage.DONE)
OFFERS_MAX = 50
HOURS_SHOWN = timedelta(hours=48)
_NO_PLAN = "there is no phases.toml, so no phase has a gate: changeover init writes one"


def collect(project: Project, wanted: Sequence[str] = (), *, since: datetime | None = None) -> ReportData:
    """Everything about one comparison, and how the phases stand. No check runs, no app is imported.

    `wanted` names comparisons by number or source, of which those that began `since` are taken. Raises
    NothingToReport and ConfigurationError.
    """
    path = store_path(project.root)
    project_state = None if project.plan() is None else read_project_state(project)
    evidence = read_evidence(path) if project_state is None else project_state.evidence
    if evidence.problem is not None:
        raise ConfigurationError("the evidence store", evidence.problem)
    code = None if project_state is None else project_state.code
    rules = project.rules_digest(date.today()) if project_state is None else project_state.rules
    corpora = evidence.corpora if since is None else begun_since(evidence.corpora, since)
    archive = Archive(path)
    if project_state is None:
        today = about_today(corpora, code, rules)
    else:
        today = evidence_of_today(project_state, archive)
    begun = {one.number for one in corpora}
    speak = today if since is None else [one for one in today if one.number in begun]
    corpus = chosen([*corpora, *(one for one in today if one.source == PRODUCTION)], wanted, speak)
    phases, flags_state = ((), ()) if project_state is None else _phases(project, project_state.plan)
    lost = (f"{evidence.lost:,} runs could not be kept by the store",) if evidence.lost else ()
    known = {one.number for one in today}
    rest = [one for one in evidence.corpora if one.number not in known]
    production = next((one for one in today if one.source == PRODUCTION), None)
    gates = () if project_state is None else tuple(_gates(project, project_state))
    before = last_report(evidence.reviews)
    data = ReportData(
        migration="migration" if project_state is None else project_state.plan.name,
        made_at=datetime.now(UTC),
        code=code,
        rules=rules,
        corpus=corpus,
        others=beside([*today, *rest], corpus),
        phases=phases,
        problems=(
            *_worse(today, corpus),
            *flags_state,
            *_wrong(project_state),
            *_about(corpus, code, rules),
            *lost,
        ),
        runs=tuple(_runs(archive, corpus, project_state)),
        gates=gates,
        history=() if project_state is None else project_state.history,
        blind_spots=tuple(_blind_spots(evidence.reviews)),
        unavailable={} if project_state is not None else {"gates": _NO_PLAN},
        strip=None if project_state is None else _strip(archive, project_state),
    )
    standing = standing_of(
        headline(data).word,
        (code, rules),
        today,
        production,
        {one.name: str(one.setting) for one in phases},
        {one.phase: str(one.answer) for one in gates},
    )
    examples = _examples(archive, data)
    offers = _offers(project, corpus, examples)
    return replace(
        data,
        example=_example(archive, data),
        examples=examples,
        offers=offers,
        standing=standing,
        changes=None if before is None else changes_since(*before, standing),
    )


def _worse(today: Sequence[StoredComparison], shown: StoredComparison) -> Iterator[str]:
    """What is worse elsewhere on today's code, production first, so that no page hides it."""
    for one in worst_first([one for one in today if one.number != shown.number and word_of(one) in _DIFFER]):
        if worst_first([shown, one])[0] is one or word_of(one) == UNSAFE:
            yield describe_finding(one)


def _runs(archive: Archive, corpus: StoredComparison, state: ProjectState | None) -> Iterator[StoredRun]:
    """Those that are worth naming; of production they are known already."""
    if corpus.source != PRODUCTION or state is None:
        yield from archive.runs_of(corpus.number, _WORTH_NAMING, RUNS_NAMED_MAX)
        return
    yield from archive.in_production(state.code, state.rules, _WORTH_NAMING)


def _phases(project: Project, plan: Plan) -> tuple[tuple[PhaseStanding, ...], tuple[str, ...]]:
    """The stages that hold now, whatever sets them, and what is wrong with the flags."""
    stages = {name: phase.stages for name, phase in plan.phases.items()}
    resolver = Resolver(lambda: stages, directory=project.directory, closed=True)
    now = resolver.current()
    phases = tuple(
        PhaseStanding(phase.number, name, phase.title, now.settings[name], phase.seams)
        for name, phase in plan.phases.items()
    )
    return phases, (*(one.text for one in resolver.problems), *map(str, now.overridden))


def _wrong(project_state: ProjectState | None) -> Iterator[str]:
    """What could not be read, beside the flags."""
    if project_state is not None:
        found = project_state.problems
        read = (found.code, found.rules, found.waivers, found.blind_spots)
        yield from (problem for problem in read if problem is not None)
        yield from found.history


def _about(corpus: StoredComparison, code: str | None, rules: str) -> Iterator[str]:
    """Says so where the comparison is not about what runs today."""
    other = []
    if corpus.code != code:
        other.append(f"code ({short_digest(corpus.code)}; today's is {short_digest(code)})")
    if corpus.rules != rules:
        other.append(f"rules ({short_digest(corpus.rules)}; today's are {short_digest(rules)})")
    if other:
        yield f"this comparison is about other {' and other '.join(other)}: no gate counts it"


def _example(archive: Archive, data: ReportData) -> StoredRun | None:
    worst = worst_cluster(data)
    if worst is None or worst.smallest is None:
        return None
    if data.corpus.source == PRODUCTION:
        runs = archive.runs(worst.smallest.run)
        return next((run for run in runs if run.seam == worst.seam and run.body is not None), None)
    run = archive.run_of(data.corpus.number, worst.smallest.run, worst.seam)
    return None if run is None or run.body is None else run


def _offers(
    project: Project, corpus: StoredComparison, examples: Mapping[tuple[str, str], ClusterExamples]
) -> Mapping[tuple[str, str], SuggestedRule | NoRule]:
    """A rule for each of the first clusters, or why there is none."""
    rules = rules_text(project.directory)
    return {
        (one.seam, one.digest): suggested_rule(one, examples[one.seam, one.digest], rules, date.today())
        for one in corpus.clusters[:OFFERS_MAX]
    }


def _strip(archive: Archive, state: ProjectState) -> Strip | None:
    """Production over time; by the hour where all of it is few runs within some hours."""
    evidence = state.evidence
    moments = [moment for group in evidence.groups for moment in (group.first, group.last)]
    is_short = bool(moments) and max(moments) - min(moments) < HOURS_SHOWN
    runs = archive.of_production(RUNS_NAMED_MAX) if is_short and evidence.runs <= RUNS_NAMED_MAX else []
    return strip_of(
        evidence.groups,
        runs,
        [one for one in evidence.corpora if not one.partial],
        state.history,
        lambda run: verdict_today(run, state),
        word_of,
    )


def _examples(archive: Archive, data: ReportData) -> Mapping[tuple[str, str], ClusterExamples]:
    """Several runs of every cluster that the page shows."""
    shown = data.corpus.clusters[:CLUSTERS_SHOWN_MAX]
    runs = differing_runs(archive, data.corpus.number, data.corpus.code, data.corpus.rules) if shown else []
    return gather_examples(shown, runs, archive)


def _gates(project: Project, project_state: ProjectState) -> Iterator[GateVerdict]:
    """The next step of every phase that has one left."""
    for name in project_state.plan.phases:
        if project_state.settings[name].stage not in _ENDS:
            yield decide(collect_inputs(project, name, run_checks=False, project_state=project_state))


def _blind_spots(reviews: Sequence[Review]) -> list[Review]:
    """The latest look at every phase."""
    latest = {review.name: review for review in reversed(reviews) if review.kind == "blind-spots"}
    return [latest[name] for name in sorted(latest)]
