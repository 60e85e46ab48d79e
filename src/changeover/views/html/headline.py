"""The one sentence at the top, from a table of templates by kind and pattern; never free text."""

from __future__ import annotations

from changeover.compare.change_pattern import Change
from changeover.compare.paths import event_at, method_at, segments, without_items
from changeover.evidence.store.records import StoredCluster
from changeover.evidence.tallies import total_effects
from changeover.quick_dataclass import dataclass
from changeover.values.divergence import Kind
from changeover.values.observation import logged_by_one
from changeover.views.html.data import INCONCLUSIVE, MATCH, UNSAFE, ReportData, why_inconclusive, word_of
from changeover.views.layout import cut, plural, singular
from changeover.views.rows import withheld_effects

PLACE_SHOWN_MAX = 60
REASON_SHOWN_MAX = 200


@dataclass(frozen=True, slots=True)
class Headline:
    """`word` is the worst verdict, `count` the most runs of one seam that have it.

    `logged` is the first warning or worse that only the replayed path logged in the example: often the cause.
    """

    word: str
    count: int
    sentence: str
    detail: str
    logged: str = ""

    @property
    def title(self) -> str:
        """The title of the browser's tab."""
        counted = f"{self.word} {self.count:,}" if self.count else self.word
        return f"{counted} · changeover"


@dataclass(frozen=True, slots=True)
class Template:
    """Fits a cluster of this kind and one of these changes (none: any), where all that it names is known."""

    kind: Kind
    changes: tuple[Change, ...]
    sentence: str


_LARGER = (Change.LARGER,)
_OTHER_TEXT = (Change.TEXT, Change.TEXT_TO_EMPTY)
_OTHER_SIGN = (Change.OTHER_SIGN, Change.OTHER_SIGN_AND_SIZE)
_EFFECT = Kind.EFFECT_CHANGED
_TABLE: tuple[tuple[Kind, tuple[Change, ...], str], ...] = (
    (_EFFECT, _LARGER, "The candidate calls {call} with all that {read}() gave, where legacy asks for less."),
    (_EFFECT, _LARGER, "The candidate calls {call} with a larger {name} than legacy."),
    (_EFFECT, (Change.SMALLER,), "The candidate calls {call} with a smaller {name} than legacy."),
    (_EFFECT, (Change.ONLY_LEGACY,), "The candidate calls {call} without {name}, which legacy gives."),
    (
        _EFFECT,
        (Change.ONLY_CANDIDATE,),
        "The candidate calls {call} with {name}, which legacy does not give.",
    ),
    (
        _EFFECT,
        (Change.POWER_OF_TEN,),
        "The candidate calls {call} with legacy's {name}, moved by powers of ten.",
    ),
    (_EFFECT, (Change.NUMBER_TO_ZERO,), "The candidate calls {call} with {name} 0."),
    (_EFFECT, _OTHER_TEXT, "The candidate calls {call} with another text in {name} than legacy."),
    (_EFFECT, (), "The candidate calls {call} with another {name} than legacy."),
    (Kind.EFFECT_EXTRA, (), "The candidate calls {call} again, where legacy calls it {again}."),
    (Kind.EFFECT_EXTRA, (), "The candidate calls {call} where legacy does not."),
    (Kind.EFFECT_MISSING, (), "The candidate does not call {call} where legacy does."),
    (Kind.EFFECT_ORDER, (), "The candidate has the same effects as legacy, in another order."),
    (Kind.UNDECLARED_EFFECT, (), "The candidate reaches for the world past its ports: {place}."),
    (Kind.ERROR_ONE_SIDE, (Change.ONLY_CANDIDATE,), "The candidate raises where legacy answers."),
    (Kind.ERROR_ONE_SIDE, (Change.ONLY_LEGACY,), "The candidate answers where legacy raises."),
    (Kind.ERROR_DIFFERS, (), "Both paths raise, and not the same exception."),
    (Kind.VALUE, (Change.NUMBER_TO_ZERO,), "The candidate's {name} is 0 where legacy's is not."),
    (Kind.VALUE, (Change.ZERO_TO_NUMBER,), "The candidate's {name} is not 0 where legacy's is."),
    (Kind.VALUE, (Change.VALUE_TO_NONE,), "The candidate gives no {name} where legacy gives one."),
    (Kind.VALUE, (Change.ROUNDED,), "The candidate rounds {name}, which legacy does not."),
    (Kind.VALUE, _OTHER_SIGN, "The candidate's {name} has the other sign."),
    (Kind.VALUE, (Change.POWER_OF_TEN,), "The candidate's {name} is legacy's, moved by powers of ten."),
    (Kind.TYPE, (), "The candidate's {name} is a {new} where legacy's is a {old}."),
    (Kind.MISSING, (), "The candidate leaves out {name}."),
    (Kind.EXTRA, (), "The candidate adds {name}, which legacy does not give."),
    (Kind.ROW_MISSING, (), "The candidate leaves out rows of {name}."),
    (Kind.ROW_EXTRA, (), "The candidate adds rows to {name}."),
    (Kind.ORDER, (), "The candidate gives {name} in another order."),
    (Kind.TOLERANCE_EXCEEDED, (), "The candidate's {name} differs by more than its rule accepts."),
    (Kind.NOT_A_BIJECTION, (), "The candidate does not rename {name} one to one."),
    (Kind.INPUT_MUTATED, (), "One path changes its own arguments, the other does not."),
    (Kind.INVARIANT_BROKEN, (), "A promise that every run must keep is broken: {place}."),
    (Kind.HANDLED_TWICE, (), "A handler of the candidate is given {event} twice."),
    (Kind.EVENT_REPEATED, (), "The candidate publishes {event} a second time in one run."),
    (Kind.EVENT_AFTER_END, (), "The candidate publishes {event} after its run has ended."),
    (Kind.EVENT_CORRELATION, (), "The candidate publishes {event} under the id of another run."),
    (Kind.EVENT_CAUSE, (), "The candidate publishes {event} without its cause."),
    (Kind.EVENT_TOO_EARLY, (), "The candidate publishes {event} before what has to come first."),
    (Kind.EVENT_UNANSWERED, (), "The candidate leaves {event} without what has to follow."),
    (Kind.EVENT_FIELD_LOST, (), "The candidate loses {name} on the way to {event}."),
    (Kind.EVENT_UNKNOWN, (), "The candidate publishes {event}, which its contract does not know."),
    (Kind.EVENT_MISSING, (), "The candidate does not publish {event} where legacy does."),
    (Kind.EVENT_EXTRA, (), "The candidate publishes {event} where legacy does not."),
    (Kind.EVENT_CHANGED, (), "The candidate publishes {event} with another {name} than legacy."),
    (Kind.EVENT_ORDER, (), "The candidate publishes the same events as legacy, in another order."),
)
_RARE = 10
"""A cluster in so many times fewer runs than another one of an effect does not speak for all."""
TEMPLATES = tuple(Template(*row) for row in _TABLE)


def headline(data: ReportData) -> Headline:
    """What the whole page says, before anything else is read."""
    word = word_of(data.corpus)
    if word in (MATCH, INCONCLUSIVE):
        return _alike(data)
    found = _differing(data, word)
    return _before_today(found) if data.is_stale else found


def _before_today(found: Headline) -> Headline:
    """What differed on other code or by other rules says nothing about what runs now."""
    detail = f"On other code or rules than today's it was {found.word}. {found.sentence} {found.detail}"
    return Headline(INCONCLUSIVE, 0, "Nothing is known about today's code.", detail.strip())


def _differing(data: ReportData, word: str) -> Headline:
    seams = list(data.corpus.seams.values())
    count = max(seam.unsafe if word == UNSAFE else seam.diverged for seam in seams)
    worst = worst_cluster(data)
    if worst is None:
        total = data.total
        said = _fallback(total.diverged, total.runs, "places that are not kept")
        return Headline(word, count, said, _harm(data))
    detail = f"{_extent(worst, data)} {_harm(data)}".strip()
    return Headline(word, count, sentence_of(worst, data), detail, _logged_in_example(data))


def _logged_in_example(data: ReportData) -> str:
    """By the replayed path alone; empty where it logged nothing, or the run is not kept whole."""
    run = None if data.example is None else data.example.contents
    if run is None or run.legacy is None or run.candidate is None:
        return ""
    lines = logged_by_one(run.legacy, run.candidate)
    return next((str(line) for side, line in lines if side is run.answered_by.other), "")


def _alike(data: ReportData) -> Headline:
    """Nothing differs: a match only where everything was shown, about today's code, on the whole source."""
    total = data.total
    reasons = why_inconclusive(data.corpus)
    summary = data.corpus.summary
    cases = plural(summary.cases, singular(summary.unit), summary.unit)
    shown = f"{plural(total.compared, 'comparison')} of {cases}"
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
        equal = total_effects(data.corpus.effects).equal
        alike = f"{plural(equal, 'effect is', 'effects are')} the same on both paths." if equal else ""
        detail = f"{accepted}{waived}{alike}".strip()
        return Headline(MATCH, 0, f"Nothing differs in {shown}.", detail)
    most = _why_most_failed(data)
    return Headline(
        INCONCLUSIVE, 0, said, " ".join([f"{_capital('; '.join(reasons))}.", *most[:1]]), *most[1:]
    )


def _why_most_failed(data: ReportData) -> tuple[str, ...]:
    """The reason for most of the runs that could not be compared, and what was logged there."""
    found = data.corpus.summary.not_compared[:1] if data.total.failed else ()
    return tuple(
        text
        for one in found
        for text in (f"Most for one reason: {cut(one.reason, REASON_SHOWN_MAX).rstrip('.')}.", one.logged)
    )


def worst_cluster(data: ReportData) -> StoredCluster | None:
    """The one that the sentence is about.

    An effect before a result, a cause before what follows from it, else what a run meets first. The same
    effect stands in every seam around it: the one of the earliest phase is the innermost, which says most.
    """
    corpus = data.corpus
    numbers = {phase.name: phase.number for phase in data.phases}
    phase = {seam: numbers.get(counts.phase, len(numbers)) for seam, counts in corpus.seams.items()}

    first: dict[tuple[str, ...], int] = {}
    for number, cluster in enumerate(corpus.clusters):
        first.setdefault(_effect(cluster), number)

    most = max((one.runs for one in corpus.clusters if one.unsafe), default=0)

    ended_early = {one.seam for one in corpus.clusters if one.kind is Kind.READ_MISSING}

    def badness(cluster: StoredCluster) -> tuple[bool, bool, bool, int, int]:
        example = cluster.smallest
        follows = example is not None and example.divergence.consequence_of is not None
        # Where a question without an answer ended the path, nobody knows whether it would have acted.
        follows |= cluster.kind is Kind.EFFECT_MISSING and cluster.seam in ended_early
        is_rare = cluster.runs * _RARE < most
        return (not cluster.unsafe, follows, is_rare, first[_effect(cluster)], phase.get(cluster.seam, 0))

    return min(corpus.clusters, key=badness, default=None)


def _effect(cluster: StoredCluster) -> tuple[str, ...]:
    """What the clusters of one effect in several seams have in common; a result is its seam's own."""
    same = (cluster.place, cluster.kind, str(cluster.pattern))
    return same if cluster.unsafe else (*same, cluster.seam)


def sentence_of(cluster: StoredCluster, data: ReportData) -> str:
    """The template that fits, filled; else how many runs differ where."""
    change, parts = cluster.pattern.change, cluster.pattern.parts
    old, new = parts if change is Change.TYPE else ("", "")
    words = {
        "call": method_at(cluster.place),
        "name": _name(cluster.place),
        "event": event_at(cluster.place).partition(".")[2],
        "place": cut(cluster.place, PLACE_SHOWN_MAX),
        "read": _read_by_all(cluster, data),
        "again": _again(cluster, data),
        "old": old,
        "new": new,
    }
    for template in TEMPLATES:
        fits = cluster.kind is template.kind and (not template.changes or change in template.changes)
        wanted = [word for word in words if f"{{{word}}}" in template.sentence]
        if fits and all(words[word] for word in wanted):
            return template.sentence.format(**words)
    return _fallback(cluster.runs, _runs_of(cluster, data), words["place"])


def _again(cluster: StoredCluster, data: ReportData) -> str:
    """How often legacy does in the example what the candidate adds there; empty where it never does."""
    run = None if data.example is None else data.example.contents
    if run is None or run.legacy is None or run.candidate is None or run.legacy.path is not run.answered_by:
        return ""
    method = method_at(cluster.place)
    at = {one.position for one in run.divergences if one.kind is Kind.EFFECT_EXTRA}
    added = [one.key for one in run.candidate.effects if one.name == method and one.position in at]
    times = sum(one.name == method and one.key in added for one in run.legacy.effects)
    return "" if not times else "once" if times == 1 else f"{times:,} times"


def _read_by_all(cluster: StoredCluster, data: ReportData) -> str:
    """The method whose answer the candidate's value is in every example; empty where it is in some alone."""
    seen = [one.sighting for one in data.examples_of(cluster).examples]
    methods = {None if one is None else one.method for one in seen} or {None}
    return (methods.pop() or "") if len(methods) == 1 else ""


def _fallback(runs: int, of: int, place: str) -> str:
    """What is said of a difference that no template knows."""
    return f"{runs:,} of {of:,} runs differ at {place}."


def _runs_of(cluster: StoredCluster, data: ReportData) -> int:
    counts = data.corpus.seams.get(cluster.seam)
    return cluster.runs if counts is None else counts.runs


def _name(place: str) -> str:
    """The last name of a place, without the items it stands for."""
    if place == "result":
        return "whole answer"
    names = [without_items(name) for name in segments(place)]
    told = [name for name in names if not name.startswith("<")]  # what stands for many names, as `<code>`
    return cut((told or names)[-1], PLACE_SHOWN_MAX)


def _extent(cluster: StoredCluster, data: ReportData) -> str:
    """How often, in how many cases: numbers of the cluster that the sentence is about."""
    times = cluster.occurrences or cluster.runs
    runs = f"{cluster.runs:,} of {_runs_of(cluster, data):,} runs of {cluster.seam}"
    if method_at(cluster.place) and times > cluster.runs:
        return f"{times:,} {'calls' if _is_once_a_call(cluster) else 'places'} in {runs}."
    return f"{_capital(runs)}."


def _is_once_a_call(cluster: StoredCluster) -> bool:
    """Whether a call can differ there once alone, and not at each of its rows or names."""
    below = segments(cluster.place)[2:]
    return sum("[" in name or name.startswith("<") for name in below) <= 1


def _harm(data: ReportData) -> str:
    said = ", ".join(withheld_effects(data.corpus.effects))
    return f"No effect left the replay: {said}." if said else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
