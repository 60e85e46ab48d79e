"""What differs, cluster by cluster, as `compare` shows it: one real example stands beside every count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from changeover.compare.clusters import Cluster, Fingerprint
from changeover.compare.file_diff import FilesDiff
from changeover.evidence.store.rows import divergence_body
from changeover.evidence.tallies import EffectLine
from changeover.values.value_text import Bare, change_text
from changeover.views.layout import WIDTH, Ink, count, cut, plural

CLUSTERS_SHOWN_MAX = 12
FOLDED_SHOWN_MAX = 5
_FOLD = "    "
_RUN_LEAST = 24
_SEAM_WIDTH = 28
_PLACE_WIDTH = 50
_WHAT_WIDTH = 34
_CHANGE_WIDTH = 54


def cluster_lines(clusters: Sequence[Cluster], sightings: Mapping[Fingerprint, str], ink: Ink) -> list[str]:
    """The clusters as a run meets them, below each what never occurs without it; the others are counted.

    Of what stands below one, the most frequent of every effect and of every seam's result is shown.
    """
    below: dict[Fingerprint | None, list[Cluster]] = {}
    for cluster in clusters:
        below.setdefault(cluster.root, []).append(cluster)
    order = ", in the order in which a run meets them" if len(clusters) > 1 else ""
    folds = "; below each, what never occurs without it" if len(below) > 1 else ""
    lines = [f"{plural(len(clusters), 'cluster')}{order}{folds}"]
    heads = below.get(None, [])
    for head in heads[:CLUSTERS_SHOWN_MAX]:
        folded = below.get(head.fingerprint, [])
        shown = _one_of_each(head, folded)
        lines += ["", *_cluster(head, sightings.get(head.fingerprint, ""), ink)]
        for cluster in shown:
            part = _cluster(cluster, sightings.get(cluster.fingerprint, ""), ink, _FOLD)
            lines += ["", *(f"{_FOLD}{line}" for line in part)]
        if len(folded) > len(shown):
            lines += ["", f"{_FOLD}{_more(head, [one for one in folded if one not in shown], ink)}"]
    left_out = len(heads) - CLUSTERS_SHOWN_MAX
    if left_out > 0:
        lines += ["", f"and {plural(left_out, 'cluster')} more: changeover explain"]
    return lines


def _one_of_each(head: Cluster, folded: Sequence[Cluster]) -> list[Cluster]:
    """Effects before results; an effect stands on the tapes of all seams around it, and is one."""
    found: dict[str, Cluster] = {}
    for cluster in folded:
        subject = _subject(cluster)
        if subject != _subject(head) and cluster.runs > getattr(found.get(subject), "runs", 0):
            found[subject] = cluster
    return sorted(found.values(), key=lambda one: not one.is_unsafe)[:FOLDED_SHOWN_MAX]


def _more(head: Cluster, others: Sequence[Cluster], ink: Ink) -> str:
    unsafe = sum(one.is_unsafe for one in others)
    of_them = f", {unsafe:,} of them {ink('UNSAFE')}" if unsafe else ""
    return f"{len(others):,} more never without {head.id}{of_them}: changeover explain {head.id}"


def _subject(cluster: Cluster) -> str:
    """The method of an effect, the seam of a result."""
    return method_of(cluster.fingerprint.place) or cluster.fingerprint.seam


def method_of(place: str) -> str:
    """Port and method of the place of an effect; empty for another place."""
    return ".".join(place.split("[")[0].split(".")[1:3]) if place.startswith("effects.") else ""


def place_text(place: str) -> str:
    """A place as it is written on screens: `effects  broker.submit_order[*].quantity`."""
    return place.replace("effects.", "effects  ", 1) if place.startswith("effects.") else place


def _cluster(cluster: Cluster, sighting: str, ink: Ink, fold: str = "") -> list[str]:
    fingerprint, example = cluster.fingerprint, cluster.smallest
    place = cut(place_text(fingerprint.place), _PLACE_WIDTH - len(fold))
    unsafe = f"    {ink('UNSAFE')}" if cluster.is_unsafe else ""
    found = example.divergence
    width = _CHANGE_WIDTH - len(fold)
    change = change_text(error_text(found.legacy), error_text(found.candidate), width)
    said = fingerprint.pattern.startswith("only in ") or fingerprint.pattern == "permutation"
    what = cut(fingerprint.kind if said else f"{fingerprint.kind}, {fingerprint.pattern}", _WHAT_WIDTH)
    lines = [
        f"{cluster.id}   {cut(fingerprint.seam, _SEAM_WIDTH):<{_SEAM_WIDTH}} {place}{unsafe}",
        f"         {what:<{_WHAT_WIDTH}} {change.replace('->', ink('->'), 1)}",
    ]
    share = f"         {share_text(cluster)}; smallest "
    lines.append(share + cut(example.run, max(_RUN_LEAST, WIDTH - len(fold) - len(share))))
    if sighting:
        lines.append(f"         {cut(sighting, 88 - len(fold))}")
    return lines


def share_text(cluster: Cluster) -> str:
    """In how many runs, of those that could differ here."""
    method = method_of(cluster.fingerprint.place)
    of = f"run that has {method}" if method else "run"
    if cluster.runs >= cluster.reachable:
        return f"{plural(cluster.runs, 'run')}, every {of}"
    runs = of.replace("run", "runs", 1).replace("has", "have")
    return f"{cluster.runs:,} of {cluster.reachable:,} {runs}"


def harm_text(effects: Sequence[EffectLine]) -> str:
    """What the replay kept from happening."""
    counted = (
        (sum(line.changed for line in effects), "would have been other than performed"),
        (sum(line.only_asked for line in effects), "would have been added"),
        (sum(line.only_performed for line in effects), "would have been missing"),
    )
    parts = [f"{number:,} {words}" for number, words in counted if number]
    return f"No effect left the replay. Of the effects, {', '.join(parts)}." if parts else ""


def error_text(value: Any) -> Any:
    """An exception as people write it."""
    if isinstance(value, Mapping) and set(value) == {"type", "message"}:
        return Bare(f"{str(value['type']).rpartition('.')[2]}: {value['message']}")
    return value


_ROW_PLACE_WIDTH = 44


def diff_screen(diff: FilesDiff, old: str, new: str, by: Sequence[str], ink: Ink) -> str:
    """What was compared, what differs, what was not shown."""
    lines = [
        f"{cut(old, 34)} {ink('->')} {cut(new, 34)}   joined by {', '.join(by)}",
        "",
        f"{'':<12}{'rows':>10}{'equal':>10}{'differing':>12}{'only here':>12}{'not compared':>14}",
    ]
    for label, rows, alone in (("old", diff.old_rows, diff.only_old), ("new", diff.new_rows, diff.only_new)):
        cells = (
            count(rows),
            count(diff.equal),
            count(diff.differing),
            count(alone),
            count(diff.not_compared),
        )
        widths = (10, 10, 12, 12, 14)
        lines.append(
            f"{label:<12}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        )
    if diff.clusters:
        lines += ["", plural(len(diff.clusters), "cluster")]
    for cluster in diff.clusters[:CLUSTERS_SHOWN_MAX]:
        found, name = cluster.smallest.divergence, cluster.fingerprint
        change = change_text(found.legacy, found.candidate, 58)
        lines += [
            "",
            f"{cluster.id}   {cut(name.place, _ROW_PLACE_WIDTH):<{_ROW_PLACE_WIDTH}} "
            f"{plural(cluster.runs, 'row')}",
            f"         {cut(f'{name.kind}, {name.pattern}', 30):<30} {change}",
            f"         {cut(found.place, 88)}",
        ]
    if len(diff.clusters) > CLUSTERS_SHOWN_MAX:
        lines += ["", f"and {plural(len(diff.clusters) - CLUSTERS_SHOWN_MAX, 'cluster')} more: --format json"]
    lines += _accepted(diff)
    if diff.repeated:
        lines += ["", f"{plural(diff.repeated, 'row')} beyond the first of their key, joined in order"]
    return "\n".join(lines) + "\n"


def _accepted(diff: FilesDiff) -> list[str]:
    shown = [one for one in diff.accepted if one.differs]
    lines = [
        cut(f'tolerated   {one.rule.path.text}   {plural(one.hits, "time")}   "{one.rule.reason}"', 100)
        for one in shown
    ]
    return ["", *lines] if lines else []


def diff_json(diff: FilesDiff) -> dict[str, Any]:
    """The same for programs."""
    names = ("old_rows", "new_rows", "equal", "differing", "only_old", "only_new", "not_compared", "repeated")
    return {
        **{name: getattr(diff, name) for name in names},
        "left_out": diff.left_out,
        "divergences": [divergence_body(found) for found in diff.divergences],
        "clusters": [
            {
                "id": one.id,
                "place": one.fingerprint.place,
                "kind": one.fingerprint.kind,
                "pattern": one.fingerprint.pattern,
                "rows": one.runs,
                "smallest": divergence_body(one.smallest.divergence),
            }
            for one in diff.clusters
        ],
    }
