"""How-to pages: their commands exist; of CI and removal also: snippets are well-formed, lines fit."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

import click
import pytest

from changeover.cli.main import changeover

ROOT = Path(__file__).parents[1]
PAGES = ["docs/ci.md", "docs/removal.md"]
OTHER_HOW_TO_PAGES = ["docs/production.md", "docs/explore.md", "docs/packs.md"]
HOOKS = ROOT / ".pre-commit-hooks.yaml"
COLUMNS_MAX = 100


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def commands() -> list[str]:
    pages = [*PAGES, *OTHER_HOW_TO_PAGES]
    texts = [block for page in pages for language in ("sh", "yaml") for block in blocks(page, language)]
    texts.append(HOOKS.read_text("utf-8"))
    found = [
        re.split(r"\s[>#]\s?", match)[0].strip()
        for text in texts
        for match in re.findall(r"^(?:[ -]*(?:run: |entry: )?)(changeover .*)$", text, flags=re.MULTILINE)
    ]
    return sorted(set(found))


def test_there_are_commands_to_check() -> None:
    assert len(commands()) >= 8


@pytest.mark.parametrize("line", commands())
def test_every_command_that_a_page_names_can_be_called_so(line: str) -> None:
    command: click.Command = changeover
    context = click.Context(command)
    words = shlex.split(line)[1:]
    while isinstance(command, click.Group):
        found = command.get_command(context, words.pop(0))
        assert found is not None
        command, context = found, click.Context(found, parent=context)
    command.make_context(command.name, words, parent=context.parent)


@pytest.mark.parametrize("page", [*PAGES, ".pre-commit-hooks.yaml"])
def test_the_snippets_are_indented_as_yaml_wants_it(page: str) -> None:
    texts = [HOOKS.read_text("utf-8")] if page.startswith(".pre") else blocks(page, "yaml")
    for text in texts:
        lines = [line for line in text.splitlines() if line.strip()]
        depths = [len(line) - len(line.lstrip(" ")) for line in lines]
        assert all(depth % 2 == 0 for depth in depths)
        assert all(after - before <= 4 for before, after in pairwise(depths))
        assert all("\t" not in line for line in lines)
        keys = r"^ *(- )?([\w-]+:( .*)?|- \S.*|\S.*)$"
        assert [line for line in lines if not re.match(keys, line)] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_line_of_a_code_block_is_too_wide(page: str) -> None:
    wide = [line for block in blocks(page, r"\w*") for line in block.splitlines() if len(line) > COLUMNS_MAX]
    assert wide == []


def test_the_hooks_of_the_page_are_those_that_there_are() -> None:
    offered = re.findall(r"^- id: (.*)$", HOOKS.read_text("utf-8"), flags=re.MULTILINE)
    [shown] = [block for block in blocks("docs/ci.md", "yaml") if "repos:" in block]
    assert re.findall(r"- id: (.*)$", shown, flags=re.MULTILINE) == offered
