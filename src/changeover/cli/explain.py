"""`changeover explain`."""

from __future__ import annotations

import sys
from typing import Any

import click

from changeover.api.explanation import ClusterExplained, Explanation, LatestExplained, explain
from changeover.cli.output import format_option, show, show_json
from changeover.views.layout import Screen, screen_for
from changeover.views.stored_json import cluster_json, heading_json, run_json
from changeover.views.text.explain import cluster_screen, clusters_screen
from changeover.views.text.explain_run import runs_screen


@click.command("explain")
@click.argument("name", required=False, metavar="[CLUSTER or RUN]")
@format_option
def command(name: str | None, format_: str) -> None:
    """What differs, where, both values, in how many runs, and how to reproduce it.

    A cluster is named by any unambiguous beginning of its identifier, a run as SOURCE/CASE.

    For example: changeover explain 09ad52
    """
    found = explain(name)
    if format_ == "json":
        show_json("explain", as_json(found))
    else:
        show(_screen(found, screen_for(sys.stdout)))


def _screen(found: Explanation, screen: Screen) -> str:
    if isinstance(found, LatestExplained):
        return clusters_screen(found.clusters, found.comparison, screen)
    if isinstance(found, ClusterExplained):
        return cluster_screen(found.cluster, found.comparison, found.below, found.run, screen)
    return runs_screen(found.runs, screen)


def as_json(found: Explanation) -> dict[str, Any]:
    """What `--format json` prints."""
    if isinstance(found, LatestExplained):
        return {
            "comparison": heading_json(found.comparison),
            "clusters": list(map(cluster_json, found.clusters)),
        }
    if isinstance(found, ClusterExplained):
        return {
            "cluster": cluster_json(found.cluster),
            "comparison": heading_json(found.comparison),
            "below": [one.id for one in found.below],
            "run": run_json(found.run),
        }
    names = ("id", "name", "seam", "verdict")
    return {
        "runs": [
            {**{name: getattr(run, name) for name in names}, "run": run_json(run.contents)}
            for run in found.runs
        ]
    }
