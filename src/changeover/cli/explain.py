"""`changeover explain`: one cluster or run of a comparison that is kept."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from changeover.cli.output import format_option, show, show_json
from changeover.errors import ConfigurationError
from changeover.evidence.store.rows import ClusterRow, CorpusRow, RunRow
from changeover.evidence.store.store import Archive, store_path
from changeover.project import find_project
from changeover.views.layout import screen_for
from changeover.views.text.explain import below_of, cluster_screen, clusters_screen
from changeover.views.text.explain_run import SeamRun, runs_screen

_HEXADECIMAL = frozenset("0123456789abcdef")
NAMES_SHOWN_MAX = 5


@click.command("explain")
@click.argument("name", required=False, metavar="[CLUSTER or RUN]")
@format_option
def command(name: str | None, format_: str) -> None:
    """What differs, where, both values, in how many runs, and how to reproduce it.

    A cluster is named by any unambiguous beginning of its identifier, a run as SOURCE/CASE.

    For example: changeover explain 09ad52
    """
    project = find_project(Path.cwd(), os.environ)
    archive = Archive(store_path(project.root))
    corpora = {corpus.number: corpus for corpus in archive.corpora()}
    if not corpora and name is None:
        raise ConfigurationError(str(archive.path), "holds no comparison yet: changeover compare")
    if name is None:
        _show_latest(archive, next(iter(corpora.values())), format_)
        return
    clusters = archive.clusters(name) if _may_be_cluster(name) else []
    if len(clusters) > 1:
        known = ", ".join(row.digest[: len(name) + 4] for row in clusters[:NAMES_SHOWN_MAX])
        raise ConfigurationError(
            name, f"begins {len(clusters)} clusters, allowed: a longer beginning: {known}"
        )
    if clusters:
        _show_cluster(archive, clusters[0], corpora[clusters[0].corpus], format_)
        return
    runs = archive.runs(name)
    if not runs:
        raise ConfigurationError(name, "is no cluster and no run that is kept: changeover explain lists them")
    _show_runs(runs, format_)


def _may_be_cluster(name: str) -> bool:
    return set(name.lower()) <= _HEXADECIMAL


def _show_latest(archive: Archive, corpus: CorpusRow, format_: str) -> None:
    found = _clusters_of(archive, corpus.number)
    if format_ == "json":
        show_json("explain", {"comparison": _corpus(corpus), "clusters": found})
    else:
        show(clusters_screen(found, _corpus(corpus), screen_for(sys.stdout)))


def _show_cluster(archive: Archive, row: ClusterRow, corpus: CorpusRow, format_: str) -> None:
    cluster = _body(row)
    runs = [
        run for run in archive.runs(cluster["smallest"]["run"]) if run.seam == cluster["seam"] and run.body
    ]
    run = json.loads(runs[0].body) if runs and runs[0].body else None
    below = below_of(cluster, _clusters_of(archive, corpus.number))
    if format_ == "json":
        ids = [one["id"] for one in below]
        show_json("explain", {"cluster": cluster, "comparison": _corpus(corpus), "below": ids, "run": run})
    else:
        show(cluster_screen(cluster, _corpus(corpus), below, run, screen_for(sys.stdout)))


def _show_runs(runs: list[RunRow], format_: str) -> None:
    bodies = [None if run.body is None else json.loads(run.body) for run in runs]
    if format_ == "json":
        pairs = zip(runs, bodies, strict=True)
        show_json(
            "explain",
            {
                "runs": [
                    {"id": run.id, "name": run.name, "seam": run.seam, "verdict": run.verdict, "run": body}
                    for run, body in pairs
                ]
            },
        )
        return
    shown = [SeamRun(run.name, run.seam, run.verdict, body) for run, body in zip(runs, bodies, strict=True)]
    show(runs_screen(shown, screen_for(sys.stdout)))


def _clusters_of(archive: Archive, corpus: int) -> list[dict[str, Any]]:
    """In the order in which a run meets them."""
    found = [_body(row) for row in archive.clusters("") if row.corpus == corpus]
    return sorted(found, key=lambda body: int(body["number"]))


def _body(row: ClusterRow) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(row.body)
    return body


def _corpus(corpus: CorpusRow) -> dict[str, Any]:
    return {"at": corpus.at, "source": corpus.source, "code": corpus.code, "rules": corpus.rules}
