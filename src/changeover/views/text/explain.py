"""The screen of `changeover explain` for a cluster, and the list of clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from changeover.values.safe_text import pasted, visible
from changeover.values.text_width import columns_of
from changeover.views.layout import INDENT, Screen, cut, flowed, labelled, padded, plural
from changeover.views.table import VERDICT, Column, Table, numbers
from changeover.views.text.differences import method_of, place_text
from changeover.views.text.in_words import in_words

ROWS_SHOWN_MAX = 14
BELOW_SHOWN_MAX = 40
_NAME, _SIDE, _NARROW = 28, 30, 80
_LABEL = 12

Body = Mapping[str, Any]


def cluster_screen(
    cluster: Body, corpus: Body, below: Sequence[Body], run: Body | None, screen: Screen
) -> str:
    """One cluster as it is kept, and those `below` it, which never occur without it.

    `run` is its smallest run, None where that is kept no longer.
    """
    lines = [
        *_head(cluster, corpus, screen),
        "",
        *labelled("smallest example", cluster["smallest"]["run"], screen.width, 19),
        "",
    ]
    lines += _sides(cluster, run, screen)
    lines += ["", *_meaning(cluster, screen), ""]
    if below:
        rows = [_row(one, INDENT) for one in below[:BELOW_SHOWN_MAX]]
        lines += ["never without it", *_table(rows, screen)]
        if len(below) > BELOW_SHOWN_MAX:
            lines.append(f"{INDENT}and {plural(len(below) - BELOW_SHOWN_MAX, 'cluster')} more")
        lines.append("")
    lines += _next(cluster, screen)
    return "\n".join(lines) + "\n"


def clusters_screen(clusters: Sequence[Body], corpus: Body, screen: Screen) -> str:
    """The clusters of one comparison, each on a line; below one what never occurs without it."""
    number = plural(len(clusters), "cluster") if clusters else "nothing differs"
    lines = flowed(f"{visible(corpus['source'])}, {corpus['at']}   {number}", screen.width, INDENT)
    if not clusters:
        return "\n".join(lines) + "\n"
    rows = [
        row
        for head in clusters
        if head.get("root") is None
        for row in (_row(head), *(_row(one, "  ") for one in below_of(head, clusters)))
    ]
    lines += ["", *_table(rows, screen), "", f"{'next':<{_LABEL}}changeover explain {clusters[0]['id']}"]
    return "\n".join(lines) + "\n"


def below_of(head: Body, clusters: Sequence[Body]) -> list[Body]:
    """Those of a comparison that never occur without this one, in the order in which a run meets them."""
    return [one for one in clusters if one.get("root") == head["id"]]


_CLUSTERS = (Column(width=11), Column(width=27), Column(width=44), numbers("", 14), VERDICT)


def _row(one: Body, indent: str = "") -> list[str]:
    runs = f"{one['runs']:,} runs"
    return [f"{indent}{one['id']}", one["seam"], place_text(one["place"]), runs, "UNSAFE" * one["unsafe"]]


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


def _head(cluster: Body, corpus: Body, screen: Screen) -> Iterator[str]:
    word = "UNSAFE" if cluster["unsafe"] else "diverged"
    seam = cut(cluster["seam"], 30 + screen.spare // 4)
    place = cut(place_text(cluster["place"]), 46 + screen.spare // 2)
    first, *others = flowed(f"{cluster['id']}   {word}   {seam}   {place}", screen.width, INDENT)
    yield first.replace(word, screen.paint(word), 1)
    yield from others
    method = method_of(cluster["place"])
    of = f"{cluster['reachable']:,} runs{f' that have {method}' if method else ''}"
    code = (corpus["code"] or "-")[:7]
    yield from flowed(
        f"in {cluster['runs']:,} of {of}   {corpus['source']}   code {code}", screen.width, INDENT
    )


def _sides(cluster: Body, run: Body | None, screen: Screen) -> Iterator[str]:
    example = cluster["smallest"]["divergence"]
    rows = [example] if run is None else run["divergences"]
    longest = max(columns_of(visible(row["texts"][0])) for row in rows[:ROWS_SHOWN_MAX]) + 2
    side = min((screen.width - 40) // 2, max(_SIDE, longest))
    yield f"{INDENT}{'':<{_NAME}}{'legacy':<{side + 2}}candidate"
    parent = None
    for row in rows[:ROWS_SHOWN_MAX]:
        above, name = _split(row["place"])
        if above != parent:
            parent = above
            yield INDENT + cut(above, screen.width - 6)
        yield from _both(f"  {name or '(whole)'}", row["texts"], "x ", side, screen)
    if len(rows) > ROWS_SHOWN_MAX:
        yield f"{INDENT}and {plural(len(rows) - ROWS_SHOWN_MAX, 'place')} more"
    if run is not None and example["place"].startswith("effects."):
        yield from _both("asked at", asked_at(run, example), "  ", side, screen)


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


def _meaning(cluster: Body, screen: Screen) -> Iterator[str]:
    pattern = f"{cluster['kind']}, {cluster['pattern']}; {plural(cluster['occurrences'], 'time')}"
    yield from labelled("pattern", pattern, screen.prose, _LABEL)
    for number, line in enumerate(in_words(cluster["smallest"]["divergence"])):
        yield from labelled("in words" if number == 0 else "", line, screen.prose, _LABEL)
    if cluster["sighting"]:
        yield from labelled("seen before", cluster["sighting"], screen.prose, _LABEL)
    root = cluster.get("root")
    if root is not None:
        others = [one for one in cluster["always_with"] if one != root]
        always = ", ".join([f"{root}, which is met first", *others[:4]])
        yield from labelled("never without", always, screen.prose, _LABEL)


def _next(cluster: Body, screen: Screen) -> Iterator[str]:
    side = "" if cluster["answered_by"] == "legacy" else " --answer candidate"
    run = pasted(cluster["smallest"]["run"])
    waive = f'changeover waive {cluster["id"]} --owner WHO --until DAY --reason "..."'
    commands = {
        "reproduce": f"changeover compare {cluster['seam']} --run {run}{side}",
        "one run": f"changeover explain {run}",
        "keep": f"changeover scenarios keep {cluster['id']}",
        "accept": "not offered: an effect differs" if cluster["unsafe"] else waive,
    }
    for label, command in commands.items():
        yield from labelled(label, command, screen.width, _LABEL)
