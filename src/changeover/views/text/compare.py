"""The screen of `compare`: what was compared, what differs, what was not shown, what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from changeover.compare.clusters import ID_DIGITS, Cluster
from changeover.compare.rule import rule_says
from changeover.evidence.comparison_info import ComparisonInfo, Stopped
from changeover.evidence.comparison_totals import Corpus
from changeover.evidence.confidence import CONFIDENCE, percent_above
from changeover.evidence.more_shown import MoreShown, Remedy, would_show_more
from changeover.evidence.tallies import EffectCounts, SeamTally
from changeover.evidence.timeline import Quantiles
from changeover.values.observation import Side
from changeover.values.safe_text import pasted, visible
from changeover.values.scalars import text as scalar_text
from changeover.views.layout import (
    INDENT,
    Screen,
    beside,
    count,
    cut,
    flowed,
    labelled,
    listed,
    plural,
    singular,
)
from changeover.views.rows import identity, lost_guards, never_varied, short_names, withheld_effects
from changeover.views.table import VERDICT, Column, Table, number_columns
from changeover.views.text.differences import cluster_lines
from changeover.views.text.not_compared import not_compared_lines

_VERDICTS = (
    Column(width=26),
    *number_columns({"runs": 9, "match": 10}),
    *number_columns({"tolerated": 11, "waived": 8}, may_go=True),
    *number_columns({"diverged": 10, "not compared": 14}),
    VERDICT,
)


def verdict_lines(
    seams: Iterable[SeamTally], total: SeamTally, phases: Mapping[str, int], screen: Screen
) -> list[str]:
    """One row per seam under its phase, in the order of the plan; the last row is the sum of the others."""
    rows: list[list[str]] = []
    by_phase: dict[str, list[SeamTally]] = {}
    for tally in seams:
        by_phase.setdefault(tally.phase, []).append(tally)
    for phase in sorted(by_phase, key=lambda name: phases.get(name, len(phases) + 1)):
        tallies = by_phase[phase]
        if phase in phases:
            rows.append([f"{phases[phase]} {phase}"])
        names = short_names([tally.seam for tally in tallies]) if phase in phases else {}
        for tally in tallies:
            mark = "UNSAFE" if tally.unsafe else ""
            rows.append([f"{INDENT}{names.get(tally.seam, tally.seam)}", *_numbers(tally), mark])
    return Table(_VERDICTS, [*rows, ["", *_numbers(total)]]).lines(screen)


def _numbers(tally: SeamTally) -> list[str]:
    verdicts = (tally.match, tally.tolerated, tally.waived, tally.diverged, tally.not_compared)
    return [count(number) for number in (tally.runs, *verdicts)]


def effect_lines(effects: Iterable[EffectCounts], answer: Side, screen: Screen, *, noise: bool) -> list[str]:
    """One row per port method; nothing where no path had an effect."""
    asking = answer if noise else answer.other
    columns = (
        Column("effects", 25),
        *number_columns({"performed": 10, f"{asking} asked": 18, "equal": 9, "changed": 10}),
        *number_columns({"one side only": 16, "refused": 10}, may_go=True),
    )
    names = ("performed", "asked", "equal", "changed", "one_side", "refused")
    rows = [[f"{INDENT}{line.name}", *(count(getattr(line, name)) for name in names)] for line in effects]
    return Table(columns, rows).lines(screen) if rows else []


_LABEL = 12
_SOURCE = 10
_COMMAND = 47
RULES_SHOWN_MAX = 8
DAMAGED_SHOWN_MAX = 5


def compare_screen(info: ComparisonInfo, corpus: Corpus, screen: Screen) -> str:
    """The whole screen, with a line end after the last line."""
    parts = [part for part in _parts(info, corpus, screen) if part]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _parts(info: ComparisonInfo, corpus: Corpus, screen: Screen) -> Iterator[list[str]]:
    about = f"{identity(info.migration, info.code, info.rules)}      no stage is changed by this"
    yield flowed(about, screen.width, "")
    span = f", {corpus.first} to {corpus.last}" if corpus.first != corpus.last else ""
    cases = f"{corpus.cases:,} {_unit(info, corpus.cases)}"
    yield [
        *labelled(info.source, f"{cases}{span}", screen.width, _SOURCE),
        *labelled("", _who_ran(info), screen.prose, _SOURCE),
    ]
    yield verdict_lines(corpus.seams.values(), corpus.total, info.phases, screen)
    yield effect_lines(corpus.effects.lines, info.answer, screen, noise=info.noise)
    yield cluster_lines(corpus.clusters, corpus.smallest, screen) if corpus.clusters else []
    harm = ", ".join(withheld_effects(corpus.effects.lines))
    yield flowed(f"No effect left the replay. Of the effects, {harm}.", screen.prose, "") if harm else []
    yield not_compared_lines(corpus.not_compared.reasons, corpus.seams, screen)
    yield [*_tolerated(corpus, screen), *_waived(info, screen), *_latency(corpus, screen)]
    yield [
        *listed("Shown", _what_is_shown(corpus, info), screen.prose),
        *listed("Not shown", what_is_not_shown(corpus, info), screen.prose),
    ]
    yield _next(info, corpus, screen)


def _noted(label: str, facts: str, reason: str, screen: Screen) -> Iterator[str]:
    """Facts set apart by gaps, and below them the reason that somebody gave."""
    for line in flowed(facts, screen.width - _LABEL, ""):
        yield f"{label:<{_LABEL}}{line}"
        label = ""
    yield from labelled("", f'"{reason}"', screen.prose)


def _tolerated(corpus: Corpus, screen: Screen) -> Iterator[str]:
    tallies = sorted(corpus.rule_tallies.values(), key=lambda tally: -tally.differing)
    hits = [tally for tally in tallies if tally.differing]
    for number, tally in enumerate(hits[:RULES_SHOWN_MAX]):
        largest = (
            "" if tally.largest is None else f", largest difference {scalar_text(tally.largest.normalize())}"
        )
        until = "" if tally.rule.until is None else f"    until {tally.rule.until}"
        path = cut(tally.rule.path.text, 34 + screen.spare)
        facts = f"{path}   {rule_says(tally.rule)}    {plural(tally.differing, 'run')}{largest}{until}"
        yield from _noted("tolerated" if number == 0 else "", facts, tally.rule.reason, screen)
    if len(hits) > RULES_SHOWN_MAX:
        yield f"{'':<{_LABEL}}and by {plural(len(hits) - RULES_SHOWN_MAX, 'rule')} more"


def _waived(info: ComparisonInfo, screen: Screen) -> Iterator[str]:
    for number, use in enumerate(info.waivers):
        waiver = use.waiver
        found = plural(use.runs, "run") if use.runs else "matches nothing any more"
        expired = "expired" if use.expired else "until"
        facts = f"{waiver.cluster[:ID_DIGITS]}   {waiver.owner}    {found}    {expired} {waiver.until}"
        yield from _noted("waived" if number == 0 else "", facts, waiver.reason, screen)


def _latency(corpus: Corpus, screen: Screen) -> Iterator[str]:
    median, late = corpus.times.at(0.5), corpus.times.at(0.95)
    if median is not None and late is not None:
        ratio = "" if late.ratio is None else f"   (x {late.ratio:.2f})"
        times = f"p50 {_milliseconds(median)}   p95 {_milliseconds(late)}{ratio}"
        yield from labelled("own time", times, screen.prose)


def _milliseconds(quantiles: Quantiles) -> str:
    digits = 1 if min(quantiles.legacy_s, quantiles.candidate_s) >= 0.001 else 3
    return f"{quantiles.legacy_s * 1000:.{digits}f} -> {quantiles.candidate_s * 1000:.{digits}f} ms"


def _what_is_shown(corpus: Corpus, info: ComparisonInfo) -> list[str]:
    total = corpus.total
    shown = total.compared - total.waived
    if not shown:
        why = "every run that was compared is waived" if total.compared else "no run was compared"
        return [f"Nothing: {why}."]
    compared = plural(shown, "comparison")
    unseen = [tally.seam for tally in corpus.seams.values() if tally.runs and not tally.compared]
    bound = percent_above(corpus.rate_bound())
    worlds = f"{corpus.distinct_worlds:,} distinct {_unit(info, corpus.distinct_worlds)}"
    confidence = f"at {CONFIDENCE * 100:g} % confidence"
    if total.diverged:
        found = f"{total.diverged:,} divergent of {compared}"
        if not corpus.distinct_worlds:
            return [f"{found}."]
        if corpus.distinct_diverged == corpus.distinct_worlds:
            return [f"{found}; every one of {worlds} differs."]
        rate = f"{corpus.distinct_diverged:,} of {worlds} differ: fewer than {bound} of all, {confidence}"
        return [f"{found}. If they were a fair sample, {rate}."]
    if not corpus.distinct_worlds:
        return [f"No divergence in {compared}; no {_unit(info, 1)} was compared as a whole."]
    if unseen:  # a bound would speak of these seams as well
        return [f"No divergence in {plural(shown, 'comparison')}, {worlds}; none of {', '.join(unseen)}."]
    return [
        f"No divergence in {compared}, {worlds}.",
        f"If they were a fair sample: fewer than {bound} would differ, {confidence}.",
    ]


def what_is_not_shown(corpus: Corpus, info: ComparisonInfo) -> list[str]:
    """A sentence for everything that this comparison could have shown and did not."""
    sentences = [_stopped_after(info, corpus.cases)] if info.stopped else []
    if corpus.missing_tags:
        missing = f"{len(corpus.missing_tags)} of {len(corpus.required_tags)} required tags did not occur"
        sentences.append(f"{missing}: {', '.join(corpus.missing_tags)}.")
    never = [tally.seam for tally in corpus.seams.values() if not tally.runs]
    if never:
        sentences.append(f"Never crossed: {', '.join(never)}.")
    if corpus.gave_up:
        seams = ", ".join(corpus.gave_up)
        sentences.append(f"The reference did not run: every run of {seams} raised or gave nothing.")
    sentences += [
        f"{info.answer} gave nothing in {nothing:,} of {plural(answered, 'run')} of {tally.seam}."
        for tally in corpus.seams.values()
        if tally.reference_mostly_gave_nothing and not tally.reference_gave_up
        for nothing, answered in [tally.times_nothing_was_given]
    ]
    sentences += [f"Damaged: {line}." for line in corpus.damaged[:DAMAGED_SHOWN_MAX]]
    if len(corpus.damaged) > DAMAGED_SHOWN_MAX:
        sentences.append(f"Damaged: {plural(len(corpus.damaged) - DAMAGED_SHOWN_MAX, 'line')} more.")
    if corpus.silent_cases:
        sentences.append(f"{plural(corpus.silent_cases, 'case')} crossed no seam.")
    sentences += [
        f"{plural(one.runs, 'run')} asked {', '.join(one.ports)} what no tape has: where a port offers copies"
        " (world=), --world copy answers it."
        for one in _remedies(info, corpus)
        if one.remedy is Remedy.OFFER_COPY
    ]
    sentences += lost_guards(corpus.one_sided_reads)
    sentences += never_varied(corpus.unvaried, " (--format json)")
    if corpus.unused_rules:
        paths = ", ".join(rule.path.text for rule in corpus.unused_rules[:5])
        sentences.append(f"{plural(len(corpus.unused_rules), 'rule')} matched nothing: {paths}.")
    if corpus.total.waived:
        are = "is" if corpus.total.waived == 1 else "are"
        sentences.append(f"{plural(corpus.total.waived, 'run')} {are} waived, which shows nothing.")
    return sentences


def _to_look_at_first(clusters: Sequence[Cluster]) -> Cluster:
    """Where the first unsafe one begins; else the first of all."""
    worst = next((one for one in clusters if one.is_unsafe), clusters[0])
    return next((one for one in clusters if one.fingerprint == worst.root), worst)


def _next(info: ComparisonInfo, corpus: Corpus, screen: Screen) -> list[str]:
    commands: list[tuple[str, str]] = []
    if corpus.clusters:
        cluster = _to_look_at_first(corpus.clusters)
        commands.append((f"changeover explain {cluster.id}", "both sides of the smallest run"))
        commands.append((f"changeover scenarios keep {cluster.id}", f"keep {visible(cluster.smallest.run)}"))
    elif corpus.not_compared.reasons:
        first = corpus.not_compared.reasons[0]
        commands.append((f"changeover explain {pasted(first.example)}", "what both paths asked and did"))
    else:
        sources = info.other_sources if corpus.missing_tags else ()
        commands += [(f"changeover compare --source {pasted(name)}", "for the tags") for name in sources]
        if corpus.total.compared:
            commands.append(("changeover rules blindspots", "what the rules hide"))
        commands.append(("changeover status", "where every phase stands"))
    remedies = _remedies(info, corpus)
    commands[1:1] = [(one.command, _why_more(one)) for one in remedies if one.command is not None]
    longest = max(len(command) + 3 for command, _ in commands)
    width = longest if screen.is_narrow else max(_COMMAND, longest)
    lines, label = [], "next"
    for command, why in commands:
        lines += beside(f"{label:<{_LABEL}}{command}", why, _LABEL + width, screen, " " * (_LABEL + 2))
        label = ""
    return lines


def _remedies(info: ComparisonInfo, corpus: Corpus) -> tuple[MoreShown, ...]:
    reasons = corpus.not_compared.reasons
    return would_show_more(info, reasons) if reasons else ()


def _why_more(more: MoreShown) -> str:
    of = f"answers in {plural(more.runs, 'run')}"
    return f"a copy of {', '.join(more.ports)} {of}" if more.remedy is Remedy.COPY else f"candidate {of}"


def _unit(info: ComparisonInfo, number: int) -> str:
    """What so many cases are called."""
    return singular(info.unit) if number == 1 else info.unit


def _stopped_after(info: ComparisonInfo, cases: int) -> str:
    """Why nothing is known of what comes later."""
    begin = "Interrupted" if info.stopped is Stopped.INTERRUPTED else "Stopped at the first difference,"
    return f"{begin} after {cases:,} {_unit(info, cases)}: what comes later is not shown."


def _who_ran(info: ComparisonInfo) -> str:
    """Who ran for real, and against what the other was replayed."""
    answering, other = info.answer, info.answer if info.noise else info.answer.other
    each = f"each {_unit(info, 1)}'s"
    if info.copied:
        copies = f"copies of {', '.join(info.copied)}, else on the tape"
        return f"{answering} ran for real; {other} acted on {copies}"
    if info.noise:
        return f"{answering} ran for real and replayed its own tapes: what differs is nondeterminism"
    if info.stored:
        return f"nothing ran for real: both paths replayed {each} tape"
    return f"{answering} ran for real; {other} replayed {each} tape"
