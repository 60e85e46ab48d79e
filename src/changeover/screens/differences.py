"""What differs, cluster by cluster, as `compare` shows it: one real example stands beside every count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from changeover.compare.cluster import Cluster, Fingerprint
from changeover.evidence.effect_ledger import EffectLine
from changeover.screens.layout import Bare, Ink, change_text, cut, plural

CLUSTERS_SHOWN_MAX = 12
_SEAM_WIDTH = 28
_PLACE_WIDTH = 50
_WHAT_WIDTH = 34
_CHANGE_WIDTH = 54


def cluster_lines(clusters: Sequence[Cluster], sightings: Mapping[Fingerprint, str], ink: Ink) -> list[str]:
    """The clusters, effects first as a run meets them; what is beyond the limit is counted."""
    order = ": effects in the order in which a run meets them, then results" if len(clusters) > 1 else ""
    lines = [plural(len(clusters), "cluster") + order]
    for cluster in clusters[:CLUSTERS_SHOWN_MAX]:
        lines += ["", *_cluster(cluster, sightings.get(cluster.fingerprint, ""), ink)]
    left_out = len(clusters) - CLUSTERS_SHOWN_MAX
    if left_out > 0:
        lines += ["", f"and {plural(left_out, 'cluster')} more: changeover explain"]
    return lines


def place_text(place: str) -> str:
    """A place as it is written on screens: `effects  broker.submit_order[*].quantity`."""
    return place.replace("effects.", "effects  ", 1) if place.startswith("effects.") else place


def _cluster(cluster: Cluster, sighting: str, ink: Ink) -> list[str]:
    fingerprint, example = cluster.fingerprint, cluster.smallest
    place = cut(place_text(fingerprint.place), _PLACE_WIDTH)
    unsafe = f"    {ink('UNSAFE')}" if cluster.is_unsafe else ""
    found = example.divergence
    change = change_text(error_text(found.legacy), error_text(found.candidate), _CHANGE_WIDTH)
    said = fingerprint.pattern.startswith("only in ") or fingerprint.pattern == "permutation"
    what = cut(fingerprint.kind if said else f"{fingerprint.kind}, {fingerprint.pattern}", _WHAT_WIDTH)
    lines = [
        f"{cluster.id}   {cut(fingerprint.seam, _SEAM_WIDTH):<{_SEAM_WIDTH}} {place}{unsafe}",
        f"         {what:<{_WHAT_WIDTH}} {change.replace('->', ink('->'), 1)}",
    ]
    lines.append(f"         {share_text(cluster)}; smallest {cut(example.run, 48)}")
    if sighting:
        lines.append(f"         {cut(sighting, 88)}")
    if cluster.always_with:
        lines.append(f"         never without {', '.join(one.id for one in cluster.always_with[:3])}")
    return lines


def share_text(cluster: Cluster) -> str:
    """In how many runs, of those that could differ here."""
    place = cluster.fingerprint.place
    method = ".".join(place.split("[")[0].split(".")[1:3]) if place.startswith("effects.") else ""
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
