"""The commands that there are, as the parser has them: whoever adds one is in every table at once."""

from __future__ import annotations

from collections.abc import Iterator

import click

from changeover.cli.main import changeover


def commands(
    group: click.Group = changeover, before: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))
        else:
            yield " ".join((*before, name)), command


def options() -> Iterator[tuple[str, click.Option]]:
    """Every option of every command, with the words of that command."""
    for words, command in commands():
        for one in command.params:
            if isinstance(one, click.Option):
                yield words, one
