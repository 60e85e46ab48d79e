"""Pages of what was found: clusters with their examples, runs with their tapes, and a search."""

from __future__ import annotations

from collections.abc import Sequence

from changeover.evidence.over_time import OverTime
from changeover.evidence.store.records import StoredRun
from changeover.gate.seen_clusters import ClusterState, SeenCluster
from changeover.values.verdict import Verdict
from changeover.views.layout import plural
from changeover.views.live.both_paths import both_paths
from changeover.views.live.data import ClusterLook, Found, RunsListed
from changeover.views.live.diff_rows import diff_rows
from changeover.views.live.drawing import Frame, draw, query_text
from changeover.views.live.strips import Strip, periods_said, strips

CLUSTERS_SHOWN_MAX = 200
_THERE = (ClusterState.REGRESSED, ClusterState.NEW, ClusterState.OPEN)


def clusters_page(frame: Frame, clusters: Sequence[SeenCluster], state: str, phase: str) -> str:
    """Every cluster with its state, when it was seen first and last; `state` is a state or empty."""
    of_phase = [one for one in clusters if phase in ("", one.phase)]
    counts = {str(one): sum(cluster.state is one for cluster in of_phase) for one in ClusterState}
    shown = [one for one in of_phase if state in ("", one.state)]
    there = [one for one in of_phase if one.state in _THERE and not one.is_waived]
    unsafe = sum(one.is_unsafe for one in there)
    said = f"{plural(len(there), 'cluster')} on today's code" if there else "No cluster on today's code"
    return draw(
        "clusters",
        frame,
        "clusters",
        "Clusters",
        headline=f"{said}{f', {unsafe:,} of effects' if unsafe else ''}.",
        clusters=shown[:CLUSTERS_SHOWN_MAX],
        left_out=max(0, len(shown) - CLUSTERS_SHOWN_MAX),
        choices=[("", "all", len(of_phase)), *((name, name, number) for name, number in counts.items())],
        chosen=state,
        phase=phase,
    )


def cluster_page(frame: Frame, found: ClusterLook, seen: OverTime | None) -> str:
    """One cluster with several examples side by side."""
    rows: tuple[Strip, ...] = () if seen is None else strips(seen)
    return draw(
        "cluster",
        frame,
        "clusters",
        f"{found.cluster.id} {found.cluster.place}",
        found=found,
        examples=[(one, diff_rows(one.divergence)) for one in found.examples],
        strip=rows[0] if rows else None,
        periods_said="" if seen is None else periods_said(seen),
    )


def several_page(frame: Frame, name: str, clusters: Sequence[SeenCluster]) -> str:
    """What an identifier stands for that is not the name of one cluster alone."""
    headline = f"{plural(len(clusters), 'cluster')} whose name begins with {name}"
    return draw("several", frame, "clusters", name, headline=headline, clusters=clusters)


def runs_page(frame: Frame, listed: RunsListed, phases: Sequence[str], seams: Sequence[str]) -> str:
    """Some of the runs in production."""
    wanted = listed.wanted
    asked = {
        "phase": wanted.phase,
        "seam": wanted.seam,
        "verdict": "" if wanted.verdict is None else str(wanted.verdict),
        "cluster": wanted.cluster,
        "first": wanted.first,
        "last": wanted.last,
    }
    before = None if listed.before is None else listed.before.isoformat()
    return draw(
        "runs",
        frame,
        "runs",
        "Runs",
        listed=listed,
        phases=phases,
        seams=seams,
        verdicts=[str(one) for one in Verdict],
        filtered=any(asked.values()),
        first_page=f"/runs{query_text(asked)}",
        next_page=None if before is None else f"/runs{query_text({**asked, 'until': before})}",
    )


def run_page(frame: Frame, runs: Sequence[StoredRun]) -> str:
    """One run with its tape, or every run of one case."""
    drawn = [(run, None if run.contents is None else both_paths(run.contents)) for run in runs]
    return draw("run", frame, "runs", runs[0].name or runs[0].id, runs=drawn)


def search_page(frame: Frame, found: Found) -> str:
    """What a search has found."""
    return draw("search", frame, "search", "Search", found=found)
