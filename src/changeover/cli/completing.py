"""A line that a shell asks to be completed: at once, without a word about what went wrong.

The shell says what it wants in `COMPLETE_VARIABLE`, as click's own scripts do. The one for bash is ours: it
hands over the line instead of its words, which bash breaks at colons, so that `ramp:10` can be completed.
"""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stderr
from io import StringIO
from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    split_arg_string,
)

COMPLETE_VARIABLE = "_CHANGEOVER_COMPLETE"
_BASH = """\
%(complete_func)s() {
    local IFS=$'\\n' response completion type value
    response=$(env COMP_TYPED="${COMP_LINE:0:COMP_POINT}" %(complete_var)s=bash_complete "$1" 2>/dev/null)
    COMPREPLY=()
    for completion in $response; do
        IFS=',' read -r type value <<< "$completion"
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done
}
complete -o nosort -F %(complete_func)s %(prog_name)s 2>/dev/null ||
    complete -F %(complete_func)s %(prog_name)s
"""
_BREAKS = ":="
"""Where bash begins a new word: what stands before is on the line already."""


class BashLine(BashComplete):
    """For bash: it says what was typed, up to the cursor."""

    source_template = _BASH

    def source(self) -> str:
        """The script; unlike that of click it asks for no version of bash."""
        names = {
            "complete_func": self.func_name,
            "complete_var": self.complete_var,
            "prog_name": self.prog_name,
        }
        return _BASH % names

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is typed, without the name of the command; and that one."""
        typed = os.environ["COMP_TYPED"]
        words = split_arg_string(typed)[1:]
        return (words, "") if not words or typed[-1:].isspace() else (words[:-1], words[-1])

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """What has to be added where bash begins a new word."""
        _, incomplete = self.get_completion_args()
        value = str(item.value)
        at = max(map(incomplete.rfind, _BREAKS)) + 1
        return f"{item.type},{value[at:] if value.startswith(incomplete[:at]) else value}"


SHELLS: dict[str, type[ShellComplete]] = {"bash": BashLine, "zsh": ZshComplete, "fish": FishComplete}
INSTALL = {
    "bash": "echo 'eval \"$(changeover completion bash)\"' >> ~/.bashrc",
    "zsh": "echo 'eval \"$(changeover completion zsh)\"' >> ~/.zshrc   # after compinit",
    "fish": "changeover completion fish > ~/.config/fish/completions/changeover.fish",
}


def completer(shell: str, command: click.Command) -> ShellComplete:
    """What completes lines in a shell; raises KeyError for another one."""
    return SHELLS[shell](command, {}, "changeover", COMPLETE_VARIABLE)


def complete(command: click.Command, instruction: str) -> None:
    """Print how the line may go on, for the shell that `instruction` names; else nothing."""
    shell, _, wanted = instruction.partition("_")
    if shell not in SHELLS or wanted != "complete":
        return
    with redirect_stderr(StringIO()):
        try:
            text = completer(shell, command).complete()
        except BaseException:  # noqa: BLE001  whoever types is told nothing, and no shell is ended
            return
    sys.stdout.write(f"{text}\n")
