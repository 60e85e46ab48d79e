"""The screen of `changeover explain` for a cluster, and the list of clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from changeover.values.safe_text import pasted, visible
from changeover.views.layout import INDENT, WIDTH, Ink, cut, plural, wrapped
from changeover.views.text.differences import method_of, place_text

ROWS_SHOWN_MAX = 14
BELOW_SHOWN_MAX = 40
_NAME, _SIDE = 28, 30
_LABEL = 12

Body = Mapping[str, Any]


def cluster_screen(cluster: Body, corpus: Body, below: Sequence[Body], run: Body | None, ink: Ink) -> str:
    """One cluster as it is kept, and those `below` it, which never occur without it.

    `run` is its smallest run, None where that is kept no longer.
    """
    lines = [
        *_head(cluster, corpus, ink),
        "",
        f"smallest example   {visible(cluster['smallest']['run'])}",
        "",
    ]
    lines += _sides(cluster, run)
    lines += ["", *_meaning(cluster), ""]
    if below:
        lines += ["never without it", *(_line(one, ink, INDENT) for one in below[:BELOW_SHOWN_MAX])]
        if len(below) > BELOW_SHOWN_MAX:
            lines.append(f"{INDENT}and {plural(len(below) - BELOW_SHOWN_MAX, 'cluster')} more")
        lines.append("")
    lines += _next(cluster)
    return "\n".join(lines) + "\n"


def clusters_screen(clusters: Sequence[Body], corpus: Body, ink: Ink) -> str:
    """The clusters of one comparison, each on a line; below one what never occurs without it."""
    lines = [f"{visible(corpus['source'])}, {corpus['at']}   {plural(len(clusters), 'cluster')}", ""]
    for head in clusters:
        if head.get("root") is None:
            lines += [_line(head, ink), *(_line(one, ink, "  ") for one in below_of(head, clusters))]
    lines += ["", f"{'next':<{_LABEL}}changeover explain {clusters[0]['id']}"]
    return "\n".join(lines) + "\n"


def below_of(head: Body, clusters: Sequence[Body]) -> list[Body]:
    """Those of a comparison that never occur without this one, in the order in which a run meets them."""
    return [one for one in clusters if one.get("root") == head["id"]]


def _line(one: Body, ink: Ink, indent: str = "") -> str:
    unsafe = f"  {ink('UNSAFE')}" if one["unsafe"] else ""
    width = 44 - len(indent)
    place = cut(place_text(one["place"]), width)
    return f"{indent}{one['id']}   {cut(one['seam'], 26):<26} {place:<{width}} {one['runs']:>8,} runs{unsafe}"


def _head(cluster: Body, corpus: Body, ink: Ink) -> Iterator[str]:
    word = ink("UNSAFE") if cluster["unsafe"] else ink("diverged")
    yield f"{cluster['id']}   {word}   {cut(cluster['seam'], 30)}   {cut(place_text(cluster['place']), 46)}"
    method = method_of(cluster["place"])
    of = f"{cluster['reachable']:,} runs{f' that have {method}' if method else ''}"
    code = (corpus["code"] or "-")[:7]
    yield cut(f"in {cluster['runs']:,} of {of}   {corpus['source']}   code {code}", WIDTH)


def _sides(cluster: Body, run: Body | None) -> Iterator[str]:
    yield f"{INDENT}{'':<{_NAME}}{'legacy':<{_SIDE + 2}}candidate"
    example = cluster["smallest"]["divergence"]
    rows = [example] if run is None else run["divergences"]
    parent = None
    for row in rows[:ROWS_SHOWN_MAX]:
        above, name = _split(row["place"])
        if above != parent:
            parent = above
            yield f"{INDENT}{cut(above, WIDTH - 6)}" if name else f"{INDENT}{cut(above, _NAME)}"
        legacy, candidate = (cut(text, _SIDE - 1) for text in row["texts"])
        yield f"{INDENT}{'  ' + cut(name or '(whole)', _NAME - 3):<{_NAME}}{legacy:<{_SIDE}}x {candidate}"
    if len(rows) > ROWS_SHOWN_MAX:
        yield f"{INDENT}and {plural(len(rows) - ROWS_SHOWN_MAX, 'place')} more"
    if run is not None and example["place"].startswith("effects."):
        legacy, candidate = asked_at(run, example)
        yield f"{INDENT}{'asked at':<{_NAME}}{cut(legacy, _SIDE):<{_SIDE + 2}}{cut(candidate, _SIDE)}"


def _split(place: str) -> tuple[str, str]:
    """The place of the whole, and the last name below it."""
    above, dot, name = place.rpartition(".")
    return (above, name) if dot and "]" not in name else (place, "")


def asked_at(run: Body, divergence: Body) -> tuple[str, str]:
    """The source lines of the effect on both sides, `-` where it is not there."""
    method = method_of(divergence["place"])
    found: list[str] = []
    for side in ("legacy", "candidate"):
        calls = [
            call
            for call in (run[side] or {"calls": []})["calls"]
            if call["class"] == "EFFECT" and call["name"] == method
        ]
        exact = [call for call in calls if call["position"] == divergence["position"]]
        call = (exact or calls or [None])[0]
        missing = divergence[side] == {"absent": True}
        found.append("-" if call is None or missing else call["asked_at"] or "-")
    return found[0], found[1]


def _meaning(cluster: Body) -> Iterator[str]:
    times = plural(cluster["occurrences"], "time")
    yield f"{'pattern':<{_LABEL}}{cluster['kind']}, {cluster['pattern']}; {times}"
    if cluster["sighting"]:
        yield from _labelled("seen before", cluster["sighting"])
    root = cluster.get("root")
    if root is not None:
        others = [one for one in cluster["always_with"] if one != root]
        yield from _labelled("never without", ", ".join([f"{root}, which is met first", *others[:4]]))


def _labelled(label: str, text: str) -> Iterator[str]:
    width = max(_LABEL, len(label) + 1)
    for number, line in enumerate(wrapped(text, WIDTH - width, "")):
        yield f"{label if number == 0 else '':<{width}}{line}"


def _next(cluster: Body) -> Iterator[str]:
    side = "" if cluster["answered_by"] == "legacy" else " --answer candidate"
    run = pasted(cluster["smallest"]["run"])
    yield f"{'reproduce':<{_LABEL}}changeover compare {cluster['seam']} --run {run}{side}"
    yield f"{'one run':<{_LABEL}}changeover explain {run}"
    yield f"{'keep':<{_LABEL}}changeover scenarios keep {cluster['id']}"
    if cluster["unsafe"]:
        yield f"{'accept':<{_LABEL}}not offered: an effect differs"
    else:
        yield f'{"accept":<{_LABEL}}changeover waive {cluster["id"]} --owner WHO --until DAY --reason "..."'
