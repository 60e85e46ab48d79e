"""The screen of `changeover diff`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from changeover.compare.file_diff import FilesDiff
from changeover.evidence.store.rows import divergence_body
from changeover.views.layout import Ink, change_text, count, cut, plural
from changeover.views.text.differences import CLUSTERS_SHOWN_MAX

_PLACE_WIDTH = 44


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
            f"{cluster.id}   {cut(name.place, _PLACE_WIDTH):<{_PLACE_WIDTH}} {plural(cluster.runs, 'row')}",
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
