"""What `changeover` alone and `changeover --help` print: the commands in groups, and the exit codes."""

from __future__ import annotations

from collections.abc import Mapping

import click

from changeover.errors import ExitCode

GROUPS = {
    "Compare": ("compare", "explain", "explore", "diff", "report"),
    "Watch": ("status", "serve", "worker", "alerts", "history", "doctor"),
    "Move": ("gate", "flip", "rollback", "kill", "unkill", "flags"),
    "Keep": ("rules", "waive", "scenarios", "evidence", "legacy"),
    "Set up": ("init", "schema", "completion", "docs"),
}
"""What belongs together, in the order in which it is needed. What is in no group is listed below them."""
OTHERS = "More"

EXIT_CODES = {
    ExitCode.YES: "nothing differs, the gate passes, it is done",
    ExitCode.NO: "something differs, the gate fails, something is wrong",
    ExitCode.USAGE: "an argument, a file or the app is wrong",
    ExitCode.INCONCLUSIVE: "not enough is known",
    ExitCode.DEFECT: "a defect of changeover",
    ExitCode.INTERRUPTED: "interrupted (Ctrl-C)",
}


def grouped(names: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    """The commands with what they do, by group, each once."""
    found = {
        title: [(name, names[name]) for name in wanted if name in names] for title, wanted in GROUPS.items()
    }
    known = {name for wanted in GROUPS.values() for name in wanted}
    found[OTHERS] = [(name, about) for name, about in names.items() if name not in known]
    return {title: rows for title, rows in found.items() if rows}


def write_commands(names: Mapping[str, str], formatter: click.HelpFormatter) -> None:
    """The commands, group by group, below one another in one column."""
    column = max(map(len, names), default=0)
    for title, rows in grouped(names).items():
        with formatter.section(title):
            formatter.write_dl([(name.ljust(column), about) for name, about in rows])


def write_exit_codes(formatter: click.HelpFormatter) -> None:
    """What the exit code says."""
    with formatter.section("Exit codes"):
        formatter.write_dl([(str(int(code)).ljust(3), about) for code, about in EXIT_CODES.items()])
    with formatter.indentation():
        formatter.write_paragraph()
        formatter.write_text("by command: changeover docs exit-codes")
