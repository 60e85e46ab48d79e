"""docs/life.md: the whole life of a phase, as a newcomer would type it."""

from pathlib import Path

from tests.changeover.support.doc_pages import blocks, commands, run, same

AS_ON_THE_PAGE = {"COLUMNS": "100", "CHANGEOVER_WHO": "anna"}
FILES = ("python", "toml", "diff")


def test_the_life_of_a_phase_is_as_the_page_tells_it(tmp_path: Path) -> None:
    typed = 0
    for block in blocks("life.md"):
        if block.kind in FILES:
            path = tmp_path / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.content, encoding="utf-8")
            continue
        for command, shown in commands(block.content):
            said = run(command, tmp_path, AS_ON_THE_PAGE)
            assert same(shown, said), "\n".join([f"$ {command}", *said])
            typed += 1
    assert typed == 28
