"""The screen of `changeover waive`: what is accepted, until when, and how to take it back."""

from __future__ import annotations

from changeover.evidence.store.records import StoredCluster
from changeover.rollout.waivers import Waiver, entry_text
from changeover.values.safe_text import visible_lines
from changeover.views.layout import INDENT, Screen, flowed, labelled, plural, wrapped

_LABEL = 12


def waived_screen(waiver: Waiver, cluster: StoredCluster, file: str, screen: Screen, *, dry_run: bool) -> str:
    """The whole screen; `cluster` is what is kept of it."""
    verb = "would waive" if dry_run else "waived"
    about = f"{cluster.seam}   {cluster.place}   {cluster.kind}, {cluster.pattern}"
    met = f'{plural(cluster.runs, "run")} when it was met last; "{waiver.reason}"'
    lines = [
        *wrapped(f"{verb} {waiver.cluster} until {waiver.until}, by {waiver.owner}", screen.prose, INDENT),
        *(INDENT + line for line in flowed(about, screen.width - len(INDENT), "")),
        *(INDENT + line for line in wrapped(met, screen.prose - len(INDENT), "")),
        "",
    ]
    if dry_run:
        lines += [f"to be added to {file}:", "", *entry_text(waiver).splitlines(), ""]
    else:
        undo = f'remove the entry of cluster "{waiver.cluster}" from {file}'
        lines += labelled("undo", undo, screen.prose, _LABEL)
    again = "changeover compare          its runs count as waived: they show nothing"
    lines += labelled("next", again, screen.prose, _LABEL)
    return visible_lines("\n".join(lines)) + "\n"
