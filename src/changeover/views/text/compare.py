"""The screen of `compare`: what was compared, what differs, what was not shown, what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from changeover.compare.clusters import ID_DIGITS
from changeover.compare.rule import rule_says
from changeover.evidence.comparison_info import ComparisonInfo
from changeover.evidence.confidence import CONFIDENCE, percent_above
from changeover.evidence.corpus import Corpus
from changeover.evidence.tallies import EffectLine, Quantiles, SeamTally
from changeover.values.observation import Side
from changeover.values.safe_text import pasted, visible
from changeover.views.layout import INDENT, WIDTH, Ink, aligned, count, cut, plural, wrapped
from changeover.views.text.differences import cluster_lines, harm_text
from changeover.views.text.heading import counted, identity, stopped_after, unit, who_ran
from changeover.views.text.not_compared import unanswered_lines

_VERDICTS = (26, 9, 10, 11, 8, 10, 14)
_EFFECTS = (26, 9, 18, 9, 10, 16, 10)


def verdict_lines(
    seams: Iterable[SeamTally], total: SeamTally, phases: Mapping[str, int], ink: Ink
) -> list[str]:
    """One row per seam under its phase, in the order of the plan; the last row is the sum of the others."""
    lines = [aligned(["", "runs", "match", "tolerated", "waived", "diverged", "not compared"], _VERDICTS)]
    by_phase: dict[str, list[SeamTally]] = {}
    for tally in seams:
        by_phase.setdefault(tally.phase, []).append(tally)
    for phase in sorted(by_phase, key=lambda name: phases.get(name, len(phases) + 1)):
        tallies = by_phase[phase]
        if phase in phases:
            lines.append(f"{phases[phase]} {phase}")
        names = _short_names([tally.seam for tally in tallies]) if phase in phases else {}
        lines += [_row(f"{INDENT}{names.get(tally.seam, tally.seam)}", tally, ink) for tally in tallies]
    return [*lines, aligned(_cells("", total), _VERDICTS)]


def _row(name: str, tally: SeamTally, ink: Ink) -> str:
    row = aligned(_cells(name, tally), _VERDICTS)
    return f"{row}    {ink('UNSAFE')}" if tally.unsafe else row


def _cells(name: str, tally: SeamTally) -> list[str]:
    numbers = (
        *(tally.runs, tally.match, tally.tolerated, tally.waived),
        *(tally.diverged, tally.not_compared),
    )
    return [name, *map(count, numbers)]


def _short_names(seams: list[str]) -> dict[str, str]:
    """Names without their first word, where they stay different."""
    short = {seam: seam.partition(".")[2] or seam for seam in seams}
    return short if len(set(short.values())) == len(seams) else {}


def effect_lines(effects: Iterable[EffectLine], answer: Side, *, noise: bool) -> list[str]:
    """One row per port method; nothing where no path had an effect."""
    asking = answer if noise else answer.other
    info = ["effects", "performed", f"{asking} asked", "equal", "changed", "one side only", "refused"]
    rows = [
        aligned(
            [
                f"{INDENT}{line.name}",
                *map(
                    count,
                    (line.performed, line.asked, line.equal, line.changed, line.one_side, line.refused),
                ),
            ],
            _EFFECTS,
        )
        for line in effects
    ]
    return [aligned(info, _EFFECTS), *rows] if rows else []


_LABEL = 12
_COMMAND = 47
RULES_SHOWN_MAX = 8
DAMAGED_SHOWN_MAX = 5


def compare_screen(info: ComparisonInfo, corpus: Corpus, ink: Ink) -> str:
    """The whole screen, with a line end after the last line."""
    parts = [part for part in _parts(info, corpus, ink) if part]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _parts(info: ComparisonInfo, corpus: Corpus, ink: Ink) -> Iterator[list[str]]:
    yield [f"{identity(info.migration, info.code, info.rules)}      no stage is changed by this"]
    span = f", {corpus.first} to {corpus.last}" if corpus.first != corpus.last else ""
    yield [
        cut(f"{info.source:<9} {counted(info, corpus.cases)}{span}", WIDTH),
        cut(f"{'':<9} {who_ran(info)}", WIDTH),
    ]
    yield verdict_lines(corpus.seams.values(), corpus.total, info.phases, ink)
    yield effect_lines(corpus.effects.lines, info.answer, noise=info.noise)
    if corpus.clusters:
        yield cluster_lines(corpus.clusters, corpus.sightings, ink)
    harm = harm_text(corpus.effects.lines)
    yield wrapped(harm, WIDTH, "") if harm else []
    yield unanswered_lines(corpus.not_compared.reasons, corpus.seams)
    yield [*_tolerated(corpus), *_waived(info), *_latency(corpus)]
    yield [*_shown(corpus, info), *_not_shown(corpus, info)]
    yield _next(info, corpus)


def _labelled(label: str, text: str) -> list[str]:
    lines = wrapped(text, WIDTH - _LABEL, "")
    return [f"{label if number == 0 else '':<{_LABEL}}{line}" for number, line in enumerate(lines)]


def _tolerated(corpus: Corpus) -> Iterator[str]:
    tallies = sorted(corpus.rule_tallies.values(), key=lambda tally: -tally.differing)
    shown = [tally for tally in tallies if tally.differing]
    for number, tally in enumerate(shown[:RULES_SHOWN_MAX]):
        largest = "" if tally.largest is None else f", largest difference {tally.largest.normalize():f}"
        until = "" if tally.rule.until is None else f"    until {tally.rule.until}"
        label = "tolerated" if number == 0 else ""
        what = f"{cut(tally.rule.path.text, 34)}   {rule_says(tally.rule)}"
        yield cut(f"{label:<{_LABEL}}{what}    {plural(tally.differing, 'run')}{largest}{until}", WIDTH)
        yield from _labelled("", f'"{tally.rule.reason}"')
    if len(shown) > RULES_SHOWN_MAX:
        yield f"{'':<{_LABEL}}and by {plural(len(shown) - RULES_SHOWN_MAX, 'rule')} more"


def _waived(info: ComparisonInfo) -> Iterator[str]:
    for number, use in enumerate(info.waivers):
        waiver = use.waiver
        found = plural(use.runs, "run") if use.runs else "matches nothing any more"
        expired = "expired" if use.expired else "until"
        says = f"{waiver.cluster[:ID_DIGITS]}   {waiver.owner}    {found}    {expired} {waiver.until}"
        yield cut(f"{'waived' if number == 0 else '':<{_LABEL}}{says}", WIDTH)
        yield from _labelled("", f'"{waiver.reason}"')


def _latency(corpus: Corpus) -> Iterator[str]:
    median, late = corpus.times.at(0.5), corpus.times.at(0.95)
    if median is not None and late is not None:
        ratio = "" if late.ratio is None else f"   (x {late.ratio:.2f})"
        yield f"{'own time':<{_LABEL}}p50 {_milliseconds(median)}   p95 {_milliseconds(late)}{ratio}"


def _milliseconds(quantiles: Quantiles) -> str:
    digits = 1 if min(quantiles.legacy_s, quantiles.candidate_s) >= 0.001 else 3
    return f"{quantiles.legacy_s * 1000:.{digits}f} -> {quantiles.candidate_s * 1000:.{digits}f} ms"


def _shown(corpus: Corpus, info: ComparisonInfo) -> list[str]:
    total = corpus.total
    shown = total.compared - total.waived
    if not shown:
        why = "every run that was compared is waived" if total.compared else "no run was compared"
        return _labelled("Shown", f"Nothing: {why}.")
    bound = percent_above(corpus.rate_bound())
    worlds = f"{corpus.distinct_worlds:,} distinct {unit(info, corpus.distinct_worlds)}"
    confidence = f"at {CONFIDENCE * 100:g} % confidence"
    if total.diverged:
        found = f"{total.diverged:,} divergent of {plural(shown, 'comparison')}"
        if not corpus.distinct_worlds:
            return _labelled("Shown", f"{found}.")
        if corpus.distinct_diverged == corpus.distinct_worlds:
            return _labelled("Shown", f"{found}; every one of {worlds} differs.")
        rate = f"{corpus.distinct_diverged:,} of {worlds} differ: fewer than {bound} of all, {confidence}"
        return _labelled("Shown", f"{found}. If they were a fair sample, {rate}.")
    if not corpus.distinct_worlds:
        compared = plural(shown, "comparison")
        return _labelled("Shown", f"No divergence in {compared}; no {unit(info, 1)} was compared as a whole.")
    lines = _labelled("Shown", f"No divergence in {plural(shown, 'comparison')}, {worlds}.")
    return [
        *lines,
        *_labelled("", f"If they were a fair sample: fewer than {bound} would differ, {confidence}."),
    ]


def _not_shown(corpus: Corpus, info: ComparisonInfo) -> Iterator[str]:
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
        yield from _labelled("Not shown" if number == 0 else "", sentence)


def _next(info: ComparisonInfo, corpus: Corpus) -> list[str]:
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
    width = max(_COMMAND, *(len(command) + 3 for command, _ in commands))
    return [
        f"{'next' if number == 0 else '':<{_LABEL}}{command:<{width}}{why}"
        for number, (command, why) in enumerate(commands)
    ]
