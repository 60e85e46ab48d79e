"""The screen of `compare`: what was compared, what differs, what was not shown, what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from changeover.compare.clusters import ID_DIGITS
from changeover.compare.rule import rule_says
from changeover.evidence.comparison_info import ComparisonInfo
from changeover.evidence.confidence import CONFIDENCE, percent_above
from changeover.evidence.corpus import Corpus
from changeover.evidence.tallies import EffectCounts, SeamTally
from changeover.evidence.timeline import Quantiles
from changeover.values.observation import Side
from changeover.values.safe_text import pasted, visible
from changeover.views.layout import INDENT, Screen, beside, count, cut, flowed, labelled, plural, wrapped
from changeover.views.shared_rows import short_names
from changeover.views.table import VERDICT, Column, Table, numbers
from changeover.views.text.differences import cluster_lines, harm_text
from changeover.views.text.heading import counted, identity, stopped_after, unit, who_ran
from changeover.views.text.not_compared import not_compared_lines

_VERDICTS = (
    Column(width=26),
    numbers("runs", 9),
    numbers("match", 10),
    numbers("tolerated", 11, may_go=True),
    numbers("waived", 8, may_go=True),
    numbers("diverged", 10),
    numbers("not compared", 14),
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
        numbers("performed", 10),
        numbers(f"{asking} asked", 18),
        numbers("equal", 9),
        numbers("changed", 10),
        numbers("one side only", 16, may_go=True),
        numbers("refused", 10, may_go=True),
    )
    rows = [
        [
            f"{INDENT}{line.name}",
            *map(count, (line.performed, line.asked, line.equal, line.changed, line.one_side, line.refused)),
        ]
        for line in effects
    ]
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
    yield [
        *labelled(info.source, f"{counted(info, corpus.cases)}{span}", screen.width, _SOURCE),
        *labelled("", who_ran(info), screen.prose, _SOURCE),
    ]
    yield verdict_lines(corpus.seams.values(), corpus.total, info.phases, screen)
    yield effect_lines(corpus.effects.lines, info.answer, screen, noise=info.noise)
    if corpus.clusters:
        yield cluster_lines(corpus.clusters, corpus.sightings, screen)
    harm = harm_text(corpus.effects.lines)
    yield wrapped(harm, screen.prose, "") if harm else []
    yield not_compared_lines(corpus.not_compared.reasons, corpus.seams, screen)
    yield [*_tolerated(corpus, screen), *_waived(info, screen), *_latency(corpus, screen)]
    sentences = [*_what_is_shown(corpus, info), *_what_is_not_shown(corpus, info)]
    yield [line for label, text in sentences for line in labelled(label, text, screen.prose, _LABEL)]
    yield _next(info, corpus, screen)


def _noted(label: str, facts: str, reason: str, screen: Screen) -> Iterator[str]:
    """Facts set apart by gaps, and below them the reason that somebody gave."""
    for line in flowed(facts, screen.width - _LABEL, ""):
        yield f"{label:<{_LABEL}}{line}"
        label = ""
    yield from labelled("", f'"{reason}"', screen.prose, _LABEL)


def _tolerated(corpus: Corpus, screen: Screen) -> Iterator[str]:
    tallies = sorted(corpus.rule_tallies.values(), key=lambda tally: -tally.differing)
    hits = [tally for tally in tallies if tally.differing]
    for number, tally in enumerate(hits[:RULES_SHOWN_MAX]):
        largest = "" if tally.largest is None else f", largest difference {tally.largest.normalize():f}"
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
        yield from labelled("own time", times, screen.prose, _LABEL)


def _milliseconds(quantiles: Quantiles) -> str:
    digits = 1 if min(quantiles.legacy_s, quantiles.candidate_s) >= 0.001 else 3
    return f"{quantiles.legacy_s * 1000:.{digits}f} -> {quantiles.candidate_s * 1000:.{digits}f} ms"


def _what_is_shown(corpus: Corpus, info: ComparisonInfo) -> list[tuple[str, str]]:
    total = corpus.total
    shown = total.compared - total.waived
    if not shown:
        why = "every run that was compared is waived" if total.compared else "no run was compared"
        return [("Shown", f"Nothing: {why}.")]
    bound = percent_above(corpus.rate_bound())
    worlds = f"{corpus.distinct_worlds:,} distinct {unit(info, corpus.distinct_worlds)}"
    confidence = f"at {CONFIDENCE * 100:g} % confidence"
    if total.diverged:
        found = f"{total.diverged:,} divergent of {plural(shown, 'comparison')}"
        if not corpus.distinct_worlds:
            return [("Shown", f"{found}.")]
        if corpus.distinct_diverged == corpus.distinct_worlds:
            return [("Shown", f"{found}; every one of {worlds} differs.")]
        rate = f"{corpus.distinct_diverged:,} of {worlds} differ: fewer than {bound} of all, {confidence}"
        return [("Shown", f"{found}. If they were a fair sample, {rate}.")]
    if not corpus.distinct_worlds:
        compared = plural(shown, "comparison")
        return [("Shown", f"No divergence in {compared}; no {unit(info, 1)} was compared as a whole.")]
    return [
        ("Shown", f"No divergence in {plural(shown, 'comparison')}, {worlds}."),
        ("", f"If they were a fair sample: fewer than {bound} would differ, {confidence}."),
    ]


def _what_is_not_shown(corpus: Corpus, info: ComparisonInfo) -> Iterator[tuple[str, str]]:
    sentences = [stopped_after(info, corpus.cases)] if info.stopped else []
    if corpus.missing_tags:
        missing = f"{len(corpus.missing_tags)} of {len(corpus.required_tags)} required tags did not occur"
        sentences.append(f"{missing}: {', '.join(corpus.missing_tags)}.")
    never = [tally.seam for tally in corpus.seams.values() if not tally.runs]
    if never:
        sentences.append(f"Never crossed: {', '.join(never)}.")
    if corpus.gave_up:
        seams = ", ".join(corpus.gave_up)
        sentences.append(f"The reference did not run: every run of {seams} raised or gave nothing.")
    sentences += [f"Damaged: {line}." for line in corpus.damaged[:DAMAGED_SHOWN_MAX]]
    if len(corpus.damaged) > DAMAGED_SHOWN_MAX:
        sentences.append(f"Damaged: {plural(len(corpus.damaged) - DAMAGED_SHOWN_MAX, 'line')} more.")
    if corpus.silent_cases:
        sentences.append(f"{plural(corpus.silent_cases, 'case')} crossed no seam.")
    for read in corpus.one_sided_reads:
        asked = f"{read.method} is read by {read.asked_by} in {read.runs:,} of {plural(read.of, 'run')}"
        sentences.append(f"{read.seam}: {asked}, never by {read.asked_by.other}: a lost guard?")
    if corpus.unused_rules:
        paths = ", ".join(rule.path.text for rule in corpus.unused_rules[:5])
        sentences.append(f"{plural(len(corpus.unused_rules), 'rule')} matched nothing: {paths}.")
    if corpus.total.waived:
        are = "is" if corpus.total.waived == 1 else "are"
        sentences.append(f"{plural(corpus.total.waived, 'run')} {are} waived, which shows nothing.")
    for number, sentence in enumerate(sentences):
        yield "Not shown" if number == 0 else "", sentence


def _next(info: ComparisonInfo, corpus: Corpus, screen: Screen) -> list[str]:
    commands: list[tuple[str, str]] = []
    if corpus.clusters:
        worst = next((one for one in corpus.clusters if one.is_unsafe), corpus.clusters[0])
        commands.append((f"changeover explain {worst.id}", "both sides of the smallest run"))
        commands.append((f"changeover scenarios keep {worst.id}", f"keep {visible(worst.smallest.run)}"))
    elif corpus.not_compared.reasons:
        first = corpus.not_compared.reasons[0]
        commands.append((f"changeover explain {pasted(first.example)}", "what both paths asked and did"))
    else:
        if corpus.missing_tags:
            commands += [
                (f"changeover compare --source {pasted(name)}", "for the tags") for name in info.other_sources
            ]
        commands.append(("changeover rules blindspots", "what the rules hide"))
        commands.append(("changeover status", "where every phase stands"))
    longest = max(len(command) + 3 for command, _ in commands)
    width = longest if screen.is_narrow else max(_COMMAND, longest)
    lines = []
    for number, (command, why) in enumerate(commands):
        left = f"{'next' if number == 0 else '':<{_LABEL}}{command}"
        lines += beside(left, why, _LABEL + width, screen, " " * (_LABEL + 2))
    return lines
