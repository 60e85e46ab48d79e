"""What the page does not show, in sentences: what was not compared, and what was alike only by a rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from changeover.evidence.confidence import CONFIDENCE, percent_above, upper_bound
from changeover.evidence.store.summary import ReasonCount
from changeover.evidence.tallies import total_of
from changeover.values.divergence import Kind
from changeover.views.html.data import ReportData, word_of
from changeover.views.layout import plural
from changeover.views.rows import lost_guards, never_varied

NAMED_MAX = 5
DAMAGED_SHOWN_MAX = 5


def unshown(data: ReportData) -> list[str]:
    """The sentences; what weighs most comes first."""
    return [*_left_aside(data), *_beside(data), *_sample(data)]


def _left_aside(data: ReportData) -> Iterator[str]:
    corpus, missing, total = data.corpus, data.corpus.summary.missing_tags, data.total
    yield from _ended_early(data)
    if missing:
        yield f"{plural(len(missing), 'required tag')} did not occur: {_named(missing)}."
    if total.not_compared:
        yield f"{total.not_compared:,} of {plural(total.runs, 'run')} were not compared."
    never = [name for name, seam in corpus.seams.items() if not seam.runs]
    if never:
        yield f"Never crossed: {_named(never)}."
    for name, seam in corpus.seams.items():
        if seam.reference_gave_up:
            yield f"The reference did not run: every run of {name} raised or gave nothing."
        elif seam.reference_mostly_gave_nothing:
            nothing, answered = seam.times_nothing_was_given
            runs = plural(answered, "run")
            yield f"The reference gave nothing in {nothing:,} of {runs} of {name}."
    for line in corpus.damaged[:DAMAGED_SHOWN_MAX]:
        yield f"Damaged: {line}."
    if not corpus.whole:
        yield "The comparison did not come to its end."
    if corpus.partial:
        yield "This was not the whole source, so no gate counts it."


def _ended_early(data: ReportData) -> Iterator[str]:
    """Where a path asked what nobody had asked, and could not go on."""
    asked: dict[str, dict[str, None]] = {}
    for one in data.corpus.clusters:
        if one.kind is Kind.READ_MISSING:
            asked.setdefault(one.seam, {})[one.place.removeprefix("reads.")] = None
    for seam, methods in asked.items():
        replayed = data.corpus.answered_by.other
        yield (
            f"In {seam} the {replayed} asked {_named(list(methods))}, which {replayed.other} did not ask so: "
            "what it would have done after that is not known."
        )


def _beside(data: ReportData) -> Iterator[str]:
    summary, total = data.corpus.summary, data.total
    if total.tolerated:
        rules = [rule for rule in summary.rules or () if rule.differing]
        largest = ["" if rule.largest is None else f", largest {rule.largest}" for rule in rules]
        names = [f"{rule.path} ({rule.says}{most})" for rule, most in zip(rules, largest, strict=True)]
        by = f": {_named(names)}" if rules else ""
        yield f"{plural(total.tolerated, 'comparison')} were alike only by a rule{by}."
    if total.waived:
        yield f"{plural(total.waived, 'run')} are waived, which shows nothing."
    yield from lost_guards(summary.one_sided_reads)
    yield from never_varied(summary.unvaried, "")
    if summary.unused_rules:
        yield f"{plural(len(summary.unused_rules), 'rule')} matched nothing: {_named(summary.unused_rules)}."


def _sample(data: ReportData) -> Iterator[str]:
    corpus = data.corpus
    worlds, differ = corpus.distinct_worlds, corpus.distinct_diverged
    if worlds and differ < worlds:
        bound = percent_above(upper_bound(differ, worlds))
        found = f"{worlds:,} distinct {corpus.summary.unit}"
        found = f"{differ:,} of {found} differ" if differ else found
        rate = f"fewer than {bound} of all would differ, at {CONFIDENCE * 100:g} % confidence"
        yield f"{found}: were they a fair sample, {rate}."
    if corpus.population == "generated":
        yield "They are generated, which is no sample of production."


def other_sources(data: ReportData) -> list[tuple[str, str, int, bool]]:
    """Source, word, runs, and whether it is about other code, for each other comparison."""
    totals = [(corpus, total_of(corpus.seams.values())) for corpus in data.others]
    return [
        (one.source, word_of(one), total.runs, (one.code, one.rules) != (data.code, data.rules))
        for one, total in totals
    ]


def why_not_compared(data: ReportData) -> list[ReasonCount]:
    """The reasons; the runs that they leave out are in the last row."""
    rows = list(data.corpus.summary.not_compared)
    rest = data.total.not_compared - sum(row.runs for row in rows)
    return [*rows, ReasonCount("", "other reasons", rest)] if rest > 0 else rows


def _named(names: Sequence[str]) -> str:
    first = ", ".join(names[:NAMED_MAX])
    return f"{first} and {len(names) - NAMED_MAX:,} more" if len(names) > NAMED_MAX else first
