"""What differs: clusters as `compare` shows them, files as `diff` does, and two wholes in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from changeover.compare.change_pattern import Change
from changeover.compare.clusters import Cluster, Fingerprint
from changeover.compare.file_diff import FilesDiff
from changeover.compare.paths import is_effect, method_at
from changeover.evidence.run_record import SmallestRun
from changeover.evidence.store.run_contents import value_data
from changeover.values.divergence import Divergence
from changeover.values.safe_text import columns_of, visible
from changeover.values.value_text import Bare, change_text
from changeover.views.layout import Screen, and_more, beside, count, cut, flowed, padded, plural, wrapped
from changeover.views.table import Column, Table, number_columns
from changeover.views.text.effect_order import firsts, order_in_words
from changeover.views.text.logged import logged_lines

CLUSTERS_SHOWN_MAX = 12
FOLDED_SHOWN_MAX = 5
_FOLD = "    "
_RUN_MIN = 24
_SEAM_WIDTH, _WHAT_WIDTH = 28, 34
_BELOW = " " * 9
# What else stands in a line, with some room to spare.
_BESIDE_ID, _BESIDE_SEAM, _BESIDE_WHAT = 20, 22, 46


def cluster_lines(
    clusters: Sequence[Cluster],
    smallest: Mapping[Fingerprint, SmallestRun],
    screen: Screen,
) -> list[str]:
    """The clusters as a run meets them, below each what never occurs without it; the others are counted.

    Beside the first one stands what only one path logged.

    Of what stands below one, the most frequent of every effect and of every seam's result is shown.
    """
    below: dict[Fingerprint | None, list[Cluster]] = {}
    for cluster in clusters:
        below.setdefault(cluster.root, []).append(cluster)
    order = ", in the order in which a run meets them" if len(clusters) > 1 else ""
    folds = "; below each, what never occurs without it" if len(below) > 1 else ""
    lines = wrapped(f"{plural(len(clusters), 'cluster')}{order}{folds}", screen.prose, _FOLD)
    longest = max(columns_of(visible(cluster.fingerprint.seam)) for cluster in clusters)
    seam_width = min(max(_SEAM_WIDTH, longest), _SEAM_WIDTH + screen.spare // 4)
    heads = below.get(None, [])
    for head in heads[:CLUSTERS_SHOWN_MAX]:
        folded = below.get(head.fingerprint, [])
        shown = _one_of_each(head, folded)
        example = smallest.get(head.fingerprint)
        lines += ["", *_cluster(head, example, screen, seam_width)]
        if head is heads[0] and example is not None:
            lines += logged_lines(example.logged, screen, _BELOW)
        for cluster in shown:
            part = _cluster(cluster, smallest.get(cluster.fingerprint), screen, seam_width, _FOLD)
            lines += ["", *(f"{_FOLD}{line}" for line in part)]
        if len(folded) > len(shown):
            lines += ["", *_more(head, [one for one in folded if one not in shown], screen)]
    more = and_more(len(heads) - CLUSTERS_SHOWN_MAX, "cluster", end="more: changeover explain")
    return [*lines, "", *more] if more else lines


def _one_of_each(head: Cluster, folded: Sequence[Cluster]) -> list[Cluster]:
    """Effects before results; an effect stands on the tapes of all seams around it, and is one."""
    found: dict[str, Cluster] = {}
    for cluster in folded:
        subject = _subject(cluster)
        if subject != _subject(head) and cluster.runs > getattr(found.get(subject), "runs", 0):
            found[subject] = cluster
    return sorted(found.values(), key=lambda one: not one.is_unsafe)[:FOLDED_SHOWN_MAX]


def _more(head: Cluster, others: Sequence[Cluster], screen: Screen) -> list[str]:
    unsafe = sum(one.is_unsafe for one in others)
    of_them = f", {unsafe:,} of them UNSAFE" if unsafe else ""
    text = f"{len(others):,} more never without {head.id}{of_them}: changeover explain {head.id}"
    lines = wrapped(text, screen.prose - len(_FOLD), "")
    return [_FOLD + line.replace("UNSAFE", screen.paint("UNSAFE")) for line in lines]


def _subject(cluster: Cluster) -> str:
    """The method of an effect, the seam of a result."""
    return method_at(cluster.fingerprint.place) or cluster.fingerprint.seam


def place_text(place: str) -> str:
    """A place as it is written on screens: `effects  broker.submit_order[*].quantity`."""
    return place.replace(".", "  ", 1) if is_effect(place) else place


def _cluster(
    cluster: Cluster, example: SmallestRun | None, screen: Screen, seam_width: int, fold: str = ""
) -> list[str]:
    width = screen.width - len(fold)
    lines = _where(cluster, screen, width, seam_width) + _change(cluster, screen, width)
    below = _share(cluster, width - len(_BELOW))
    if example is not None and example.sighting is not None:
        below += wrapped(str(example.sighting), screen.prose - len(fold) - 12, "")
    return [*lines, *(_BELOW + line for line in below)]


def _where(cluster: Cluster, screen: Screen, width: int, seam_width: int) -> list[str]:
    seam, place = cluster.fingerprint.seam, place_text(cluster.fingerprint.place)
    unsafe = f"    {screen.paint('UNSAFE')}" if cluster.is_unsafe else ""
    room = width - seam_width - _BESIDE_SEAM
    if screen.is_narrow and columns_of(place) > room:
        head = f"{cluster.id}   {cut(seam, width - _BESIDE_ID)}{unsafe}"
        return [head, _BELOW + cut(place, width - len(_BELOW))]
    return [f"{cluster.id}   {padded(seam, seam_width)} {cut(place, room)}{unsafe}"]


def _change(cluster: Cluster, screen: Screen, width: int) -> list[str]:
    """What kind of change it is, and the one of the smallest run; on a narrow screen in two lines."""
    fingerprint, found = cluster.fingerprint, cluster.smallest.divergence
    change = fingerprint.pattern.change
    kind_says_it = change.is_one_sided or change is Change.PERMUTATION
    what = fingerprint.kind if kind_says_it else f"{fingerprint.kind}, {fingerprint.pattern}"
    legacy, candidate = firsts(found)
    sides, room = (error_text(legacy), error_text(candidate)), width - _BESIDE_WHAT
    whole = change_text(*sides, width - len(_BELOW))
    if screen.is_narrow and columns_of(whole) > room:
        lines = [_BELOW + cut(what, width - len(_BELOW)), _BELOW + whole]
    else:
        lines = [f"{_BELOW}{padded(what, _WHAT_WIDTH)} {change_text(*sides, room)}"]
    return [*lines[:-1], lines[-1].replace("->", screen.paint("->"), 1)]


def _share(cluster: Cluster, width: int) -> list[str]:
    """In how many runs, and which is the smallest of them."""
    method = method_at(cluster.fingerprint.place)
    share = f"{plural(cluster.runs, 'run')}, every run{f' that has {method}' if method else ''}"
    if cluster.runs < cluster.reachable:
        that = f" that have {method}" if method else ""
        share = f"{cluster.runs:,} of {cluster.reachable:,} runs{that}"
    smallest = f"smallest {cut(cluster.smallest.run, max(_RUN_MIN, width - columns_of(share) - 11))}"
    if columns_of(share) + 2 + columns_of(smallest) <= width:
        return [f"{share}; {smallest}"]
    return [*wrapped(share, width, ""), cut(smallest, width)]


def error_text(value: Any) -> Any:
    """An exception as people write it."""
    if isinstance(value, Mapping) and {"type", "message"} <= set(value) <= {"type", "message", "raised_at"}:
        at = f" at {value['raised_at'].rpartition('/')[2]}" if "raised_at" in value else ""
        return Bare(f"{str(value['type']).rpartition('.')[2]}{at}: {value['message']}")
    return value


_COUNTED = {"rows": 10, "equal": 10, "differing": 12, "only here": 12, "not compared": 14}
_DIFF_COLUMNS = (Column(width=12), *number_columns(_COUNTED))


def diff_screen(diff: FilesDiff, old: str, new: str, by: Sequence[str], screen: Screen) -> str:
    """What was compared, what differs, what was not shown."""
    name_width = (screen.width - 32) // 2
    head = f"{cut(old, name_width)} -> {cut(new, name_width)}   joined by {', '.join(by)}"
    sides = (("old", diff.old_rows, diff.only_old), ("new", diff.new_rows, diff.only_new))
    rows = [
        [label, *map(count, (found, diff.equal, diff.differing, alone, diff.not_compared))]
        for label, found, alone in sides
    ]
    lines = [line.replace("->", screen.paint("->"), 1) for line in flowed(head, screen.width, "")]
    lines += ["", *Table(_DIFF_COLUMNS, rows).lines(screen)]
    if diff.clusters:
        lines += ["", plural(len(diff.clusters), "cluster")]
    for cluster in diff.clusters[:CLUSTERS_SHOWN_MAX]:
        lines += ["", *_row_cluster(cluster, screen)]
    more = and_more(len(diff.clusters) - CLUSTERS_SHOWN_MAX, "cluster", end="more: --format json")
    lines += ["", *more] if more else []
    lines += _accepted(diff, screen)
    if diff.repeated:
        lines += ["", f"{plural(diff.repeated, 'row')} beyond the first of their key, joined in order"]
    return "\n".join(lines) + "\n"


def _row_cluster(cluster: Cluster, screen: Screen) -> list[str]:
    found, name = cluster.smallest.divergence, cluster.fingerprint
    place_width, room = 44 + screen.spare, 58 + screen.spare
    if screen.is_narrow:
        place_width, room = screen.width - 24, screen.width - len(_BELOW)
    change = change_text(found.legacy, found.candidate, room)
    what = f"{_BELOW}{padded(f'{name.kind}, {name.pattern}', 30)}"
    return [
        f"{cluster.id}   {padded(name.place, place_width)} {plural(cluster.runs, 'row')}",
        *beside(what, change, len(what) + 1, screen, _BELOW),
        f"{_BELOW}{cut(found.place, screen.width - 12)}",
    ]


def _accepted(diff: FilesDiff, screen: Screen) -> list[str]:
    lines = []
    for one in diff.accepted:
        if one.differs:
            facts = f'{one.rule.path.text}   {plural(one.hits, "time")}   "{one.rule.reason}"'
            lines += flowed(f"tolerated   {facts}", screen.width, " " * 12)
    return ["", *lines] if lines else []


LINES_SHOWN_MAX = 8
_NO_VALUE = {"not kept"}


def in_words(divergence: Divergence) -> list[str]:
    """A sentence for each difference inside; nothing where one of the values is a leaf or is not there."""
    order = order_in_words(divergence)
    if order:
        return order
    legacy, candidate = divergence.legacy, divergence.candidate
    if not (_is_whole(legacy) and _is_whole(candidate)):
        return []
    from changeover.compare.explain_text import explain

    found = explain(value_data(legacy), value_data(candidate))
    left_out = found.left_out + max(0, len(found.lines) - LINES_SHOWN_MAX)
    return [*found.lines[:LINES_SHOWN_MAX], *and_more(left_out, "difference")]


def _is_whole(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, Mapping) and set(value) != _NO_VALUE)
