"""How-to pages: their commands exist; of CI and removal also: snippets are well-formed, lines fit."""

import re
import shlex
from itertools import pairwise
from pathlib import Path

import click
import pytest
import yaml

from changeover.cli.main import changeover
from tests.changeover.support.ci_schemas import problems_by_actionlint, problems_by_schema

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


def files_of_ci(folder: Path) -> dict[str, list[Path]]:
    """The YAML of the page as files, by the name of the schema that each is held against."""
    found: dict[str, list[Path]] = {}
    for number, block in enumerate(blocks("docs/ci.md", "yaml")):
        if "repos:" in block:
            continue  # no schema of it is published
        schema = "vendor.github-workflows" if "runs-on:" in block else "vendor.gitlab-ci"
        file = folder / f"{schema}-{number}.yml"
        file.write_text(block, "utf-8")
        found.setdefault(schema, []).append(file)
    return found


def test_the_examples_of_ci_fit_the_schemas_of_their_servers(tmp_path: Path) -> None:
    found = files_of_ci(tmp_path)
    assert {schema: len(files) for schema, files in found.items()} == {
        "vendor.github-workflows": 2,
        "vendor.gitlab-ci": 1,
    }
    for schema, files in found.items():
        assert problems_by_schema(schema, *files) == ""


def test_actionlint_finds_nothing_in_the_example_workflows(tmp_path: Path) -> None:
    assert problems_by_actionlint(*files_of_ci(tmp_path)["vendor.github-workflows"]) == []


def test_the_example_gives_the_action_inputs_and_takes_outputs_that_it_has() -> None:
    action = yaml.safe_load((ROOT / ".github" / "actions" / "gate" / "action.yml").read_text("utf-8"))
    page = (ROOT / "docs" / "ci.md").read_text("utf-8")
    table = page.partition("| input | default | meaning |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `([\w-]+)`", table, flags=re.MULTILINE) == list(action["inputs"])
    assert set(re.findall(r"steps\.gate\.outputs\.([\w-]+)", page)) <= set(action["outputs"])
    [step] = [
        step
        for block in blocks("docs/ci.md", "yaml")
        for job in yaml.safe_load(block).get("jobs", {}).values()
        for step in job["steps"]
        if "changeover/.github/actions/gate" in step.get("uses", "")
    ]
    assert set(step.get("with", {})) <= set(action["inputs"])


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
