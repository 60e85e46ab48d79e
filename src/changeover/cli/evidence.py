"""`changeover explain` and `waive`; `changeover evidence import` and `changeover evidence prune`."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from changeover.api import evidence as verbs
from changeover.api import store
from changeover.cli.options import complete_with, dry_run_option, format_option, reason_option
from changeover.cli.output import show_result
from changeover.errors import need_package
from changeover.evidence.store.records import StoredComparison
from changeover.evidence.suggested_rule import NoRule, SuggestedRule
from changeover.views.json import cluster_json, examples_json, heading_json, run_json
from changeover.views.layout import Screen, plural
from changeover.views.text.accepted import waived_screen
from changeover.views.text.explain import cluster_screen, clusters_screen, last_run_screen
from changeover.views.text.explain_beside import accept_lines, beside_lines
from changeover.views.text.explain_full import full_examples, full_run
from changeover.views.text.explain_run import runs_screen


@click.command("explain")
@click.argument(
    "name",
    required=False,
    metavar="[CLUSTER, RUN, SEAM or PHASE]",
    shell_complete=complete_with("explained_names"),
)
@click.option("--full", is_flag=True, help="of a run or a cluster every value as it is kept, nothing cut")
@format_option
def explain_command(name: str | None, full: bool, format_: str) -> None:
    """What differs, where, both values, in how many runs, and how to reproduce it.

    A cluster is named by any unambiguous beginning of its identifier, a run as SOURCE/CASE. Of a seam or a
    phase all clusters are listed.

    For example: changeover explain 09ad52
    """
    need_package("deepdiff")  # it says how two lists or mappings differ
    found = verbs.explain(name)
    show_result(
        format_,
        "explain",
        found,
        explain_json,
        lambda found, screen: _explain_screen(found, screen, full=full),
    )


def _explain_screen(found: verbs.Explanation, screen: Screen, *, full: bool) -> str:
    if isinstance(found, verbs.LatestExplained):
        shown = clusters_screen(
            found.clusters, found.comparison, screen, found.others, is_stale=found.is_stale
        )
        return shown + last_run_screen(found.last_run, screen)
    if isinstance(found, verbs.ClusterExplained):
        shown = cluster_screen(
            found.cluster,
            found.comparison,
            found.below,
            found.run,
            screen,
            beside=beside_lines(found.examples, found.sources, screen),
            accept=accept_lines(found.cluster, found.offer, screen),
        )
        return shown + (full_examples(found.examples) if full else "")
    return "\n".join(map(full_run, found.runs)) if full else runs_screen(found.runs, screen)


def explain_json(found: verbs.Explanation) -> dict[str, Any]:
    """What `--format json` prints."""
    if isinstance(found, verbs.LatestExplained):
        clusters = list(map(cluster_json, found.clusters))
        others = [
            {
                "comparison": heading_json(one),
                "clusters": list(map(cluster_json, one.clusters)),
                "not_compared": _reasons(one),
            }
            for one in found.others
        ]
        return {
            "comparison": heading_json(found.comparison),
            "clusters": clusters,
            "not_compared": _reasons(found.comparison),
            "others": others,
        }
    if isinstance(found, verbs.ClusterExplained):
        return {
            "cluster": cluster_json(found.cluster),
            "comparison": heading_json(found.comparison),
            "below": [one.id for one in found.below],
            "run": run_json(found.run),
            **examples_json(found.examples),
            "rule": found.offer.text if isinstance(found.offer, SuggestedRule) else None,
            "why_no_rule": found.offer.why if isinstance(found.offer, NoRule) else None,
            "sources": [{**asdict(one), "at": one.at.isoformat()} for one in found.sources],
        }
    names = ("id", "name", "seam", "verdict")
    return {
        "runs": [
            {**{name: getattr(run, name) for name in names}, "run": run_json(run.contents)}
            for run in found.runs
        ]
    }


def _reasons(comparison: StoredComparison) -> list[dict[str, Any]]:
    names = ("seam", "reason", "runs", "example")
    return [{name: getattr(one, name) for name in names} for one in comparison.summary.not_compared]


@click.command("waive")
@click.argument("name", metavar="CLUSTER", shell_complete=complete_with("cluster_names"))
@click.option("--owner", required=True, metavar="NAME", help="who answers for it")
@click.option("--until", required=True, metavar="DATE", help="the last day it holds, such as 2027-01-31")
@reason_option
@dry_run_option
@format_option
def waive_command(name: str, dry_run: bool, format_: str, **options: Any) -> None:
    """Accept a difference for now. It shows nothing from then on, and after that day its gate fails.

    An effect that differs cannot be waived.

    For example: changeover waive e41b7c --owner kim --until 2027-01-31 --reason "legacy rounds twice"
    """
    done = verbs.waive(name, dry_run=dry_run, **options)
    file = os.path.relpath(done.file)
    about = {"until": done.waiver.until.isoformat(), "seam": done.cluster.seam, "place": done.cluster.place}
    show_result(
        format_,
        "waive",
        done,
        lambda _: {"written": done.is_written, **asdict(done.waiver), **about, "file": file},
        lambda _, screen: waived_screen(done.waiver, done.cluster, file, screen, dry_run=dry_run),
    )


@click.group("evidence")
def evidence_command() -> None:
    """What gates decide on: stores of other machines taken in, and what is old forgotten."""


@evidence_command.command("import", short_help="take in the stores of other machines")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@dry_run_option
@format_option
def import_(files: tuple[str, ...], dry_run: bool, format_: str) -> None:
    """Take in the runs, comparisons and reviews of other stores, each once; of a wrong file nothing is taken.

    A store is a file, or an address as CHANGEOVER_STORE names it.

    For example: changeover evidence import /srv/one/evidence.db /srv/two/evidence.db
    """
    found = store.import_evidence(*files, dry_run=dry_run)
    taken = found.taken
    show_result(
        format_,
        "evidence-import",
        found,
        lambda _: {"store": str(found.store), "dry_run": dry_run, **asdict(taken)},
        lambda *_: (
            f"{'would take' if dry_run else 'took'} {plural(taken.runs, 'run')} in production, "
            f"{plural(taken.corpora, 'comparison')}, {plural(taken.reviews, 'review')} that {found.store} "
            "did not have\n"
        ),
    )


@evidence_command.command("prune", short_help="forget what is old, and give the space back")
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="forget what was before this day (UTC)",
)
@click.option(
    "--keep-bytes",
    type=click.IntRange(min=0),
    metavar="N",
    help="bodies, then tapes, then runs, until it fits",
)
@dry_run_option
@format_option
def prune(before: datetime | None, keep_bytes: int | None, dry_run: bool, format_: str) -> None:
    """Forget the oldest evidence and give its space back; with no option what every write forgets in time.

    For example: changeover evidence prune --before 2026-01-01 --dry-run
    """
    found = store.prune_evidence(before=before, keep_bytes=keep_bytes, dry_run=dry_run)
    done = found.forgotten
    show_result(
        format_,
        "evidence-prune",
        found,
        lambda _: {"store": str(found.store), "dry_run": dry_run, **asdict(done)},
        lambda *_: (
            f"{'would forget' if dry_run else 'forgot'} {plural(done.runs, 'run')} in production, "
            f"{plural(done.corpora, 'comparison')}, the values of {plural(done.bodies, 'run')} and the tapes "
            f"of {done.tapes:,}\n"
            f"{'used':<12}{done.bytes_before:,} -> {done.bytes_after:,} bytes in {found.store}\n"
        ),
    )


@evidence_command.command("check", short_help="count the runs in production anew")
@format_option
def check(format_: str) -> None:
    """Count the runs in production anew, one by one; exit code 1 where a count was wrong until now.

    For example: changeover evidence check
    """
    found = store.check_evidence()
    wrong = f"{plural(found.counted.wrong, 'count')} were wrong and are right now"
    show_result(
        format_,
        "evidence-check",
        found,
        lambda _: {"store": str(found.store), **asdict(found.counted)},
        lambda *_: (
            f"{plural(found.counted.runs, 'run')} in production in {found.store}: "
            f"{wrong if found.counted.wrong else 'every count is right'}\n"
        ),
    )
    raise click.exceptions.Exit(found.exit_code)
