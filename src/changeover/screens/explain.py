"""The screen of `changeover explain` for a cluster, and the list of clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from changeover.screens.differences import place_text
from changeover.screens.escaping import pasted, visible
from changeover.screens.layout import INDENT, WIDTH, Ink, cut, plural, wrapped

ROWS_SHOWN_MAX = 14
_NAME, _SIDE = 28, 30
_LABEL = 12

Body = Mapping[str, Any]


def cluster_screen(cluster: Body, corpus: Body, run: Body | None, ink: Ink) -> str:
    """One cluster as it is kept; `run` is its smallest run, None where that is kept no longer."""
    lines = [
        *_head(cluster, corpus, ink),
        "",
        f"smallest example   {visible(cluster['smallest']['run'])}",
        "",
    ]
    lines += _sides(cluster, run)
    lines += ["", *_meaning(cluster), "", *_next(cluster)]
    return "\n".join(lines) + "\n"


def clusters_screen(clusters: Sequence[Body], corpus: Body, ink: Ink) -> str:
    """The clusters of one comparison, each on a line."""
    lines = [f"{visible(corpus['source'])}, {corpus['at']}   {plural(len(clusters), 'cluster')}", ""]
    for one in clusters:
        unsafe = f"  {ink('UNSAFE')}" if one["unsafe"] else ""
        place = cut(place_text(one["place"]), 44)
        lines.append(f"{one['id']}   {cut(one['seam'], 26):<26} {place:<44} {one['runs']:>8,} runs{unsafe}")
    lines += ["", f"{'next':<{_LABEL}}changeover explain {clusters[0]['id']}"]
    return "\n".join(lines) + "\n"


def _head(cluster: Body, corpus: Body, ink: Ink) -> Iterator[str]:
    word = ink("UNSAFE") if cluster["unsafe"] else ink("diverged")
    yield f"{cluster['id']}   {word}   {cut(cluster['seam'], 30)}   {cut(place_text(cluster['place']), 46)}"
    place = cluster["place"]
    method = ".".join(place.split("[")[0].split(".")[1:3]) if place.startswith("effects.") else ""
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
    method = ".".join(divergence["place"].split("[")[0].split(".")[1:3])
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
    if cluster["always_with"]:
        others = ", ".join(cluster["always_with"][:5])
        yield from _labelled("never without", others)


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
