"""The pages of docs/recipes do what they say: their files, their commands, and what they print."""

import re
import shutil
from pathlib import Path

import pytest

from tests.changeover.support.doc_pages import DOCS, Block, blocks, commands, mend, run, same

RECIPES = sorted(path.name for path in (DOCS / "recipes").glob("*.md") if path.name != "README.md")
INSTALLS = "pip install "


def shown_by(content: str, folder: Path) -> list[str]:
    """What does not come out as the page shows it."""
    wrong = []
    for command, shown in commands(content):
        if command.startswith(INSTALLS):
            continue
        shutil.rmtree(folder / ".pytest_cache", ignore_errors=True)
        said = [re.sub(r"^(FAILED \S+).*$", r"\1", line) for line in run(command, folder, {"COLUMNS": "80"})]
        if not same(shown, said):
            wrong.append("\n".join([command, *said]))
    return wrong


def played(block: Block, folder: Path) -> list[str]:
    """Do what a block says."""
    if block.kind == "sh":
        return shown_by(block.content, folder)
    if block.kind == "diff":
        mend(folder / block.file, block.content)
    else:
        (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
        (folder / block.file).write_text(block.content, encoding="utf-8")
    return []


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_runs_as_it_stands_and_catches_a_difference(recipe: str, tmp_path: Path) -> None:
    kinds = []
    for block in blocks(f"recipes/{recipe}"):
        kinds.append(block.kind)
        assert not (wrong := played(block, tmp_path)), "\n\n".join(wrong)
    assert kinds.count("sh") >= 3
    text = (DOCS / "recipes" / recipe).read_text(encoding="utf-8")
    assert "UNSAFE" in text, "a recipe ends with a divergence that was caught"
