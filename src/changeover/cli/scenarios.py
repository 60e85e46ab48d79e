"""`changeover scenarios`: list, show, keep, record, renew."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from changeover.api import scenarios as verbs
from changeover.cli.options import (
    complete_with,
    dry_run_option,
    format_option,
    output_option,
    reason_option,
    run_option,
    runs_option,
    seed_option,
    source_option,
)
from changeover.cli.output import result_screen, result_stream, say, show, show_json, show_result
from changeover.record.scenario_file import Scenario
from changeover.values.value_text import value_text
from changeover.views.layout import Screen, call_text, plural
from changeover.views.text.scenarios import scenario_screen, scenarios_screen


@click.group("scenarios")
def scenarios_command() -> None:
    """Recorded runs that are kept as regression cases: changeover compare --source scenarios."""


@scenarios_command.command("list", short_help="the scenarios that are kept")
@format_option
def list_(format_: str) -> None:
    """The scenarios that are kept; exits 1 where a line is damaged.

    For example: changeover scenarios list
    """
    found = verbs.list_scenarios()
    scenarios, damaged = found.scenarios, found.damaged
    if format_ == "json":
        listed = [
            {"id": one.id, "seam": one.seam, "tags": one.tags, "calls": len(one.tape)} for one in scenarios
        ]
        show_json("scenarios-list", {"scenarios": listed, "damaged": damaged})
    else:
        # For another program a line for each, however long.
        screen = result_screen() if result_stream().isatty() else Screen(sys.maxsize)
        show(scenarios_screen(scenarios, screen))
    for line in damaged:
        say(f"damaged: {line}")
    raise click.exceptions.Exit(found.exit_code)


@scenarios_command.command("show", short_help="one scenario: its input, and every call on its tape")
@click.argument("name", metavar="ID", shell_complete=complete_with("scenario_names"))
@format_option
def show_(name: str, format_: str) -> None:
    """One scenario: its input, and every call on its tape.

    Any unambiguous beginning of its identifier is enough; `changeover scenarios list` has them all.

    For example: changeover scenarios show history/2011-08-09/trading.workflow
    """
    found = verbs.show_scenario(name)
    show_result(format_, "scenarios-show", found, scenario_json, scenario_screen)


@scenarios_command.command("keep", short_help="make the smallest run of a cluster a scenario")
@click.argument("name", metavar="CLUSTER or RUN", shell_complete=complete_with("cluster_names"))
@dry_run_option
@format_option
def keep(name: str, dry_run: bool, format_: str) -> None:
    """Run the smallest case of a cluster once more and keep its recording as a regression case.

    For example: changeover scenarios keep 09ad52
    """
    kept = verbs.keep_scenario(name, dry_run=dry_run)
    said = f"{'would keep' if dry_run else 'kept'} {kept.scenarios[0].id} in {kept.file}\n"
    again = "again       changeover compare --source scenarios\n"
    show_result(
        format_,
        "scenarios-keep",
        kept,
        partial(written_json, dry_run=dry_run),
        lambda *_: said + again,
    )


@scenarios_command.command("record", short_help="write the recordings of a source's cases to a file")
@source_option(required=True)
@run_option(multiple=True)
@runs_option()
@seed_option
@click.option(
    "--seam",
    multiple=True,
    metavar="SEAM",
    help="only runs of this seam; repeatable",
    shell_complete=complete_with("seam_names"),
)
@output_option(click.Path(dir_okay=False, path_type=Path), required=True)
@dry_run_option
@format_option
def record(source: str, output: Path, dry_run: bool, format_: str, **options: Any) -> None:
    """Run cases of a source and write their recordings to a file, anew: of each case the last run of a seam.

    Exits 3 where a run cannot become a scenario; the others are written.

    For example: changeover scenarios record --source history --output migration/scenarios/all.jsonl
    """
    written = verbs.record_scenarios(source, output=output, dry_run=dry_run, progress=say, **options)
    what = f"{plural(len(written.scenarios), 'scenario')}, {written.size:,} bytes"
    said = f"{'would write' if dry_run else 'wrote'} {what} to {output}\n"
    show_result(format_, "scenarios-record", written, partial(written_json, dry_run=dry_run), lambda *_: said)
    raise click.exceptions.Exit(written.exit_code)


@scenarios_command.command("renew", short_help="record a scenario again whose answer has changed")
@click.argument("name", metavar="ID", shell_complete=complete_with("scenario_names"))
@reason_option
@seed_option
@dry_run_option
@format_option
def renew(name: str, reason: str, seed: int, dry_run: bool, format_: str) -> None:
    """Run the case of a scenario once more, show the old and the new answer, and record it again.

    The reason is kept with the scenario.

    For example: changeover scenarios renew history/2011-08-09/trading.workflow --reason "fees are rounded up"
    """
    done = verbs.renew_scenario(name, reason=reason, seed=seed, dry_run=dry_run)
    calls = {"calls_before": len(done.before.tape), "calls_after": len(done.after.tape)}
    said = (
        f"old answer  {done.old_answer}\nnew answer  {done.new_answer}\n"
        f"calls       {calls['calls_before']} -> {calls['calls_after']}\n"
        f"{'would record' if dry_run else 'recorded'} {done.after.id} again in {done.file}\n"
    )
    data = {"id": done.after.id, "file": str(done.file), "dry_run": dry_run, **calls}
    answers = {"old_answer": done.old_answer, "new_answer": done.new_answer}
    show_result(format_, "scenarios-renew", done, lambda _: {**data, **answers}, lambda *_: said)


def written_json(written: verbs.WrittenScenarios, *, dry_run: bool) -> dict[str, Any]:
    """What `--format json` prints of scenarios that were written."""
    return {
        "file": str(written.file),
        "scenarios": [one.id for one in written.scenarios],
        "bytes": written.size,
        "left_out": written.left_out,
        "dry_run": dry_run,
    }


def scenario_json(scenario: Scenario) -> dict[str, Any]:
    """What `--format json` prints of one scenario."""
    calls = [entry.call(number) for number, entry in enumerate(scenario.tape.entries, start=1)]
    return {
        "id": scenario.id,
        "seam": scenario.seam,
        "answered_by": str(scenario.answered_by),
        "tags": list(scenario.tags),
        "arguments": {name: value_text(value) for name, value in scenario.arguments.items()},
        "calls": [
            {
                "position": number,
                "class": str(entry.method.call_class),
                "name": call.name,
                "text": call_text(call.name, call.arguments, sys.maxsize),
            }
            for number, (call, entry) in enumerate(zip(calls, scenario.tape.entries, strict=True), start=1)
        ],
        "renewed": list(scenario.renewed),
    }
