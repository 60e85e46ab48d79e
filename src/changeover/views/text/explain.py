"""The screen of `changeover explain` for a cluster, and the list of clusters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from changeover.compare.paths import is_effect, method_at
from changeover.evidence.cluster_examples import asked_at
from changeover.evidence.store.records import StoredCluster, StoredComparison, StoredRun
from changeover.evidence.store.rows_of_runs import stored_at
from changeover.evidence.store.run_contents import RunContents
from changeover.evidence.store.summary import ReasonCount
from changeover.values.divergence import Divergence
from changeover.values.observation import Side
from changeover.values.safe_text import columns_of, pasted, visible
from changeover.values.value_text import value_text
from changeover.views.html.data import INCONCLUSIVE, why_inconclusive, word_of
from changeover.views.layout import INDENT, Screen, and_more, cut, flowed, labelled, listed, padded, plural
from changeover.views.table import VERDICT, Column, Table, numbers
from changeover.views.text.differences import in_words, place_text
from changeover.views.text.logged import logged_by_one
from changeover.views.text.two_texts import both_sides, line_diff

ROWS_SHOWN_MAX = 14
BELOW_SHOWN_MAX = 40
LISTED_MAX = 100
REASONS_SHOWN_MAX = 6
_NAME, _SIDE, _NARROW, _VALUE = 28, 30, 80, 200


def cluster_screen(
    cluster: StoredCluster,
    comparison: StoredComparison,
    below: Sequence[StoredCluster],
    run: RunContents | None,
    screen: Screen,
    *,
    beside: Sequence[str] = (),
    accept: Sequence[str] | None = None,
) -> str:
    """One cluster as it is kept, and those `below` it, which never occur without it.

    `run` is its smallest run, None where that is kept no longer. `beside` are lines about its other runs and
    its other sources, `accept` those that say how to accept it.
    """
    example = labelled("smallest example", _smallest_run(cluster), screen.width, 19)
    lines = [*_head(cluster, comparison, screen), "", *example, ""]
    lines += [*_sides(cluster, run, screen), ""]
    logged = [] if run is None else list(logged_by_one(run.legacy, run.candidate, screen))
    lines += [*logged, ""] if logged else []
    lines += [*_meaning(cluster, screen), ""]
    lines += [*beside, ""] if beside else []
    if below:
        rows = [_row(one, INDENT) for one in below[:BELOW_SHOWN_MAX]]
        more = and_more(len(below) - BELOW_SHOWN_MAX, "cluster", f"{INDENT}and")
        lines += ["never without it", *_table(rows, screen), *more, ""]
    lines += [*_next(cluster, screen), *(accept_by_waiver(cluster, screen) if accept is None else accept)]
    return "\n".join(lines) + "\n"


def clusters_screen(
    clusters: Sequence[StoredCluster],
    comparison: StoredComparison,
    screen: Screen,
    others: Sequence[StoredComparison] = (),
    *,
    is_stale: bool = False,
) -> str:
    """What one comparison shows, and its clusters, each on a line; below one what never occurs without it.

    Of `others`, which differ on this code as well, the same follows.
    """
    differs = any(tally.diverged for tally in comparison.seams.values())
    word = INCONCLUSIVE if is_stale else word_of(comparison)
    nothing = "differences of which no cluster is kept" if differs else "nothing differs"
    number = plural(len(clusters), "cluster") if clusters else nothing
    reasons = () if differs else why_inconclusive(comparison)
    if is_stale:
        reasons = ("on other code or rules than today's", *reasons)
    found = (
        ()
        if reasons and not clusters and not any(one.compared for one in comparison.seams.values())
        else (number,)
    )
    parts = (word, f"{visible(comparison.source)}, {stored_at(comparison.at)}", *found, *reasons)
    lines = flowed("   ".join(parts), screen.prose, INDENT)
    lines[0] = lines[0].replace(word, screen.paint(word), 1)
    rest = "".join(f"\n{clusters_screen(one.clusters, one, screen)}" for one in others)
    lines += _not_compared(comparison.summary.not_compared, screen)
    if not clusters:
        return "\n".join(lines) + "\n" + rest
    rows = []
    for head in (one for one in clusters if one.root is None):
        rows += [_row(head), *(_row(one, "  ") for one in below_of(head, clusters))]
    command = f"changeover explain {clusters[0].id}"
    more = and_more(len(rows) - LISTED_MAX, "cluster")
    lines += ["", *_table(rows[:LISTED_MAX], screen), *more, "", *labelled("next", command, screen.width)]
    return "\n".join(lines) + "\n" + rest


def last_run_screen(run: StoredRun | None, screen: Screen) -> str:
    """Where of seams that were named nothing differs, the run to look at."""
    if run is None:
        return ""
    command = f"changeover explain {pasted(run.name)}   the last run that is kept"
    return "\n".join(["", *labelled("next", command, screen.width)]) + "\n"


def _not_compared(reasons: Sequence[ReasonCount], screen: Screen) -> list[str]:
    lines = []
    for one in reasons[:REASONS_SHOWN_MAX]:
        text = f"{plural(one.runs, 'run')} of {one.seam}: {visible(one.reason)}"
        lines += ["", *labelled("not compared", text, screen.prose, 16)]
        if one.example:
            lines += labelled("one run", f"changeover explain {one.example}", screen.width, 16)
    return [*lines, *and_more(len(reasons) - REASONS_SHOWN_MAX, "reason")]


def below_of(head: StoredCluster, clusters: Sequence[StoredCluster]) -> list[StoredCluster]:
    """Those of a comparison that never occur without this one, in the order in which a run meets them."""
    return [one for one in clusters if one.root == head.id]


_CLUSTERS = (Column(width=11), Column(width=27), Column(width=44), numbers("", 14), VERDICT)


def _row(one: StoredCluster, indent: str = "") -> list[str]:
    unsafe = "UNSAFE" if one.unsafe else ""
    return [f"{indent}{one.id}", one.seam, place_text(one.place), plural(one.runs, "run"), unsafe]


def _table(rows: Sequence[Sequence[str]], screen: Screen) -> list[str]:
    """A line for each cluster, or two where there is little room."""
    if screen.width >= _NARROW:
        return Table(_CLUSTERS, rows).lines(screen)
    lines = []
    for name, seam, place, runs, unsafe in rows:
        room = screen.width - len(name) - len(runs) - 16
        lines.append(f"{name}   {cut(seam, room)}   {runs}  {screen.paint(unsafe)}".rstrip())
        lines.append(f"{' ' * len(name)}   {cut(place, screen.width - len(name) - 3)}")
    return lines


def _head(cluster: StoredCluster, comparison: StoredComparison, screen: Screen) -> Iterator[str]:
    word = "UNSAFE" if cluster.unsafe else "diverged"
    seam = cut(cluster.seam, 30 + screen.spare // 4)
    place = cut(place_text(cluster.place), 46 + screen.spare // 2)
    first, *others = flowed(f"{cluster.id}   {word}   {seam}   {place}", screen.width, INDENT)
    yield first.replace(word, screen.paint(word), 1)
    yield from others
    method = method_at(cluster.place)
    of = f"{cluster.reachable:,} runs{f' that have {method}' if method else ''}"
    code = (comparison.code or "-")[:7]
    about = f"in {cluster.runs:,} of {of}   {comparison.source}   code {code}"
    yield from flowed(about, screen.width, INDENT)


def _smallest_run(cluster: StoredCluster) -> str:
    return "" if cluster.smallest is None else cluster.smallest.run


def _sides(cluster: StoredCluster, run: RunContents | None, screen: Screen) -> Iterator[str]:
    example = None if cluster.smallest is None else cluster.smallest.divergence
    rows = run.divergences if run is not None else () if example is None else (example,)
    rows = tuple(sorted(rows, key=lambda row: not _is_of(cluster, row)))  # what was asked about comes first
    if example is not None and not any(_is_of(cluster, row) for row in rows):
        rows = (example, *rows)
    first = [value_text(row.legacy, _VALUE) for row in rows[:ROWS_SHOWN_MAX]]
    longest = max((columns_of(visible(text)) for text in first), default=0) + 2
    side = min((screen.width - 40) // 2, max(_SIDE, longest))
    room = screen.width - 19 if screen.is_narrow else side - 1
    yield f"{INDENT}{'':<{_NAME}}{'legacy':<{side + 2}}candidate"
    parent = None
    for row in rows[:ROWS_SHOWN_MAX]:
        above, name = _split(row.place)
        if above != parent:
            parent = above
            yield INDENT + cut(above, screen.width - 6)
        lines = [*line_diff(row, screen.width - 10)]
        if lines:
            yield INDENT + cut(f"  {name or '(whole)'}", screen.width - len(INDENT))
        yield from (f"{INDENT}    {line}" for line in lines)
        if not lines:
            yield from _both(f"  {name or '(whole)'}", both_sides(row, room), "x ", side, screen)
    yield from and_more(len(rows) - ROWS_SHOWN_MAX, "place", f"{INDENT}and")
    if run is not None and example is not None and is_effect(example.place):
        values = ((run.legacy, example.legacy), (run.candidate, example.candidate))
        places = [asked_at(observation, example, value) or "-" for observation, value in values]
        yield from _both("asked at", places, "  ", side, screen)


def _is_of(cluster: StoredCluster, row: Divergence) -> bool:
    example = None if cluster.smallest is None else cluster.smallest.divergence
    places = {cluster.place} if example is None else {cluster.place, example.place}
    return row.kind is cluster.kind and bool(places & {row.place, row.normal_place})


def _both(name: str, texts: Sequence[str], mark: str, side: int, screen: Screen) -> Iterator[str]:
    """What both sides have, side by side; on a narrow screen one below the other where it is long."""
    shown = [visible(text) for text in texts]
    if screen.is_narrow and any(columns_of(text) > side - 1 for text in shown):
        yield INDENT + cut(name, screen.width - len(INDENT))
        for label, text, before in zip(("legacy", "candidate"), shown, ("  ", mark), strict=True):
            yield f"{INDENT}  {before}{label:<11}{cut(text, screen.width - 19)}"
        return
    legacy, candidate = (cut(text, side - (mark != "  ")) for text in shown)
    yield f"{INDENT}{padded(name, _NAME - 1)} {padded(legacy, side)}{mark}{candidate}"


def _split(place: str) -> tuple[str, str]:
    """The place of the whole, and the last name below it."""
    above, dot, name = place.rpartition(".")
    return (above, name) if dot and "]" not in name else (place, "")


def _meaning(cluster: StoredCluster, screen: Screen) -> Iterator[str]:
    pattern = f"{cluster.kind}, {cluster.pattern}; {plural(cluster.occurrences, 'time')}"
    yield from labelled("pattern", pattern, screen.prose)
    words = [] if cluster.smallest is None else in_words(cluster.smallest.divergence)
    yield from listed("in words", words, screen.prose)
    if cluster.sighting is not None:
        yield from labelled("seen before", str(cluster.sighting), screen.prose)
    if cluster.root is not None:
        others = [one for one in cluster.always_with if one != cluster.root]
        always = ", ".join([f"{cluster.root}, which is met first", *others[:4]])
        yield from labelled("never without", always, screen.prose)


def _next(cluster: StoredCluster, screen: Screen) -> list[str]:
    side = "" if cluster.answered_by is Side.LEGACY else " --answer candidate"
    run = pasted(_smallest_run(cluster))
    commands = {
        "reproduce": f"changeover compare {cluster.seam} --run {run}{side}",
        "stop in it": f"changeover compare {cluster.seam} --run {run}{side} --pdb",
        "one run": f"changeover explain {run}",
        "keep": f"changeover scenarios keep {cluster.id}",
    }
    return [line for label, text in commands.items() for line in labelled(label, text, screen.width)]


def accept_by_waiver(cluster: StoredCluster, screen: Screen) -> list[str]:
    """How the cluster is accepted for now."""
    waive = f'changeover waive {cluster.id} --owner WHO --until DAY --reason "..."'
    return labelled("accept", "not offered: an effect differs" if cluster.unsafe else waive, screen.width)
