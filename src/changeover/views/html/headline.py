"""The one sentence at the top, from a table of templates by kind and pattern; never free text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from changeover.evidence.store.records import KeptCluster, KeptCorpus
from changeover.views.html.data import (
    INCONCLUSIVE,
    MATCH,
    UNSAFE,
    ReportData,
    counts_of,
    fallback_sentence,
    in_meeting_order,
    why_inconclusive,
    word_of,
)
from changeover.views.layout import cut, plural

PLACE_SHOWN_MAX = 60
_READ = re.compile(r"^(?P<value>.+?) is (?P<read>[\w.]+)\((?P<rest>.*), read \d+$", re.DOTALL)
_BECAME = re.compile(r"^(?P<old>.+) became (?P<new>.+)$", re.DOTALL)
_KEYED = re.compile(r'\[(?:"(?:[^"\\]|\\.)*"|[^\]"])*\]')


@dataclass(frozen=True, slots=True)
class Headline:
    """`word` is the worst verdict, `count` the most runs of one seam that have it."""

    word: str
    count: int
    sentence: str
    detail: str

    @property
    def title(self) -> str:
        """The title of the browser's tab."""
        counted = f"{self.word} {self.count:,}" if self.count else self.word
        return f"{counted} · changeover"


@dataclass(frozen=True, slots=True)
class Template:
    """Fits a cluster of this kind whose pattern begins so, where everything that it names is known."""

    kind: str
    pattern: str
    sentence: str


TEMPLATES = (
    Template(
        "effect-changed",
        "larger",
        "The candidate calls {call} with all that {read}() gave, where legacy asks for less.",
    ),
    Template("effect-changed", "larger", "The candidate calls {call} with a larger {name} than legacy."),
    Template("effect-changed", "smaller", "The candidate calls {call} with a smaller {name} than legacy."),
    Template("effect-changed", "non-zero became 0", "The candidate calls {call} with {name} 0."),
    Template("effect-changed", "text", "The candidate calls {call} with another text in {name} than legacy."),
    Template("effect-changed", "", "The candidate calls {call} with another {name} than legacy."),
    Template("effect-extra", "", "The candidate calls {call} where legacy does not."),
    Template("effect-missing", "", "The candidate does not call {call} where legacy does."),
    Template("effect-order", "", "The candidate has the same effects as legacy, in another order."),
    Template("undeclared-effect", "", "The candidate reaches for the world past its ports: {place}."),
    Template("error-one-side", "only in candidate", "The candidate raises where legacy answers."),
    Template("error-one-side", "only in legacy", "The candidate answers where legacy raises."),
    Template("error-differs", "", "Both paths raise, and not the same exception."),
    Template("value", "non-zero became 0", "The candidate's {name} is 0 where legacy's is not."),
    Template("value", "value became none", "The candidate gives no {name} where legacy gives one."),
    Template("value", "rounded to", "The candidate rounds {name}, which legacy does not."),
    Template("value", "other sign", "The candidate's {name} has the other sign."),
    Template("value", "ratio 10^", "The candidate's {name} is legacy's, moved by powers of ten."),
    Template("type", "", "The candidate's {name} is a {new} where legacy's is a {old}."),
    Template("missing", "", "The candidate leaves out {name}."),
    Template("extra", "", "The candidate adds {name}, which legacy does not give."),
    Template("row-missing", "", "The candidate leaves out rows of {name}."),
    Template("row-extra", "", "The candidate adds rows to {name}."),
    Template("order", "", "The candidate gives {name} in another order."),
    Template("tolerance-exceeded", "", "The candidate's {name} differs by more than its rule accepts."),
    Template("not-a-bijection", "", "The candidate does not rename {name} one to one."),
    Template("input-mutated", "", "One path changes its own arguments, the other does not."),
    Template("invariant-broken", "", "A promise that every run must keep is broken: {place}."),
)


def headline(data: ReportData) -> Headline:
    """What the whole page says, before anything else is read."""
    word = word_of(data.corpus)
    return _alike(data) if word in (MATCH, INCONCLUSIVE) else _differing(data, word)


def _differing(data: ReportData, word: str) -> Headline:
    seams = list(data.corpus.seams.values())
    rows = [counts_of([seam]) for seam in seams]
    count = max(row.unsafe if word == UNSAFE else row.diverged for row in rows)
    worst = worst_cluster(data)
    if worst is None:
        total = counts_of(seams)
        said = fallback_sentence(total.diverged, total.runs, "runs", "places that are not kept")
        return Headline(word, count, said, _harm(data))
    return Headline(word, count, sentence_of(worst, data), f"{_extent(worst, data)} {_harm(data)}".strip())


def _alike(data: ReportData) -> Headline:
    """Nothing differs: a match only where everything was shown, about today's code, on the whole source."""
    total = counts_of(list(data.corpus.seams.values()))
    reasons = why_inconclusive(data.corpus)
    shown = f"{plural(total.compared, 'comparison')} of {_cases(data, data.cases)}"
    if not total.compared:
        said = "Nothing was shown."
    elif reasons:
        said = f"Nothing differs in {shown}, but not all was shown."
    elif data.is_stale:
        said = f"Nothing differed in {shown}, on other code or rules than today's."
        reasons = ("what was compared then shows nothing about what runs now",)
    elif data.corpus.partial:
        said = f"Nothing differs in {shown}, which is not the whole source."
        reasons = ("some of the cases, or a path compared with itself, are no evidence that a gate counts",)
    else:
        accepted = f"{total.tolerated:,} are alike only by a rule. " if total.tolerated else ""
        waived = f"{total.waived:,} are waived, which shows nothing. " if total.waived else ""
        detail = f"{accepted}{waived}{_effects(data)}".strip()
        return Headline(MATCH, 0, f"Nothing differs in {shown}.", detail)
    return Headline(INCONCLUSIVE, 0, said, f"{_capital('; '.join(reasons))}.")


def worst_cluster(data: ReportData) -> KeptCluster | None:
    """The one that the sentence is about."""
    return worst_cluster_of(data.corpus, {phase.name: phase.number for phase in data.phases})


def worst_cluster_of(corpus: KeptCorpus, numbers: Mapping[str, int]) -> KeptCluster | None:
    """An effect before a result, a cause before what follows from it, else what a run meets first.

    `numbers` orders the phases: the same effect stands in every seam around it, the innermost says most.
    """
    clusters = in_meeting_order(corpus)
    phase = {seam: numbers.get(counts.phase, len(numbers)) for seam, counts in corpus.seams.items()}

    first: dict[tuple[str, ...], int] = {}
    for number, cluster in enumerate(clusters):
        first.setdefault(_effect(cluster), number)

    def badness(cluster: KeptCluster) -> tuple[bool, bool, int, int]:
        follows = bool(_example(cluster).get("consequence_of"))
        return (not cluster.unsafe, follows, first[_effect(cluster)], phase.get(cluster.seam, 0))

    return min(clusters, key=badness, default=None)


def _effect(cluster: KeptCluster) -> tuple[str, ...]:
    """What the clusters of one effect in several seams have in common; a result is its seam's own."""
    same = (cluster.place, cluster.kind, cluster.pattern)
    return same if cluster.unsafe else (*same, cluster.seam)


def sentence_of(cluster: KeptCluster, data: ReportData) -> str:
    """The template that fits, filled; else how many runs differ where."""
    sighting = _READ.match(str(cluster.body.get("sighting") or ""))
    became = _BECAME.match(cluster.pattern)
    words = {
        "call": call_of(cluster.place),
        "name": _name(cluster.place),
        "place": cut(cluster.place, PLACE_SHOWN_MAX),
        "read": sighting["read"] if sighting else "",
        "old": became["old"] if became else "",
        "new": became["new"] if became else "",
    }
    for template in TEMPLATES:
        fits = cluster.kind == template.kind and cluster.pattern.startswith(template.pattern)
        wanted = [word for word in words if f"{{{word}}}" in template.sentence]
        if fits and all(words[word] for word in wanted):
            return template.sentence.format(**words)
    runs = data.corpus.seams.get(cluster.seam)
    of = runs.runs if runs is not None else cluster.runs
    return fallback_sentence(cluster.runs, of, "runs", words["place"])


def call_of(place: str) -> str:
    """Port and method of a place with an effect, empty for another place."""
    if not place.startswith("effects."):
        return ""
    return ".".join(_KEYED.split(place, maxsplit=1)[0].split(".")[1:3])


def _name(place: str) -> str:
    """The last name of a place, without the items it stands for."""
    bare = _KEYED.sub("", place)
    name = bare.rpartition(".")[2] or bare
    return "whole answer" if name == "result" else cut(name, PLACE_SHOWN_MAX)


def _example(cluster: KeptCluster) -> dict[str, object]:
    found = cluster.body.get("smallest", {}).get("divergence", {})
    return dict(found)


def _extent(cluster: KeptCluster, data: ReportData) -> str:
    """How often, in how many cases: numbers of the cluster that the sentence is about."""
    call = call_of(cluster.place)
    times = int(cluster.body.get("occurrences") or cluster.runs)
    counts = data.corpus.seams.get(cluster.seam)
    of = counts.runs if counts is not None else cluster.runs
    runs = f"{cluster.runs:,} of {of:,} runs of {cluster.seam}"
    if call and times > cluster.runs:
        return f"{times:,} calls in {runs}."
    return f"{_capital(runs)}."


def _harm(data: ReportData) -> str:
    effects = data.corpus.effects
    parts = (
        (sum(line.changed for line in effects), "would have been other than performed"),
        (sum(line.asked - line.equal - line.changed for line in effects), "would have been added"),
        (sum(line.performed - line.equal - line.changed for line in effects), "would have been missing"),
    )
    said = [f"{number:,} {words}" for number, words in parts if number]
    return f"No effect left the replay: {', '.join(said)}." if said else ""


def _effects(data: ReportData) -> str:
    equal = sum(line.equal for line in data.corpus.effects)
    return f"{plural(equal, 'effect is', 'effects are')} the same on both paths." if equal else ""


def _cases(data: ReportData, number: int) -> str:
    return f"{number:,} {data.unit.removesuffix('s') if number == 1 else data.unit}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
