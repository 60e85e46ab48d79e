"""The tables of `docs/isolation.md`, which sweeps write."""

from __future__ import annotations

from tests.changeover.support.doc_pages import DOCS

PAGE = DOCS / "isolation.md"


def write_table(name: str, text: str) -> None:
    """Put a table into its place on the page."""
    page = PAGE.read_text("utf-8")
    begin, end = f"<!-- table {name} -->\n", f"<!-- end of {name} -->\n"
    before, after = page[: page.index(begin) + len(begin)], page[page.index(end) :]
    PAGE.write_text(f"{before}\n{text}\n{after}", "utf-8")


def rows(name: str) -> list[list[str]]:
    """The cells of the rows of a table of the page, without its head."""
    page = PAGE.read_text("utf-8")
    text = page[page.index(f"<!-- table {name} -->") : page.index(f"<!-- end of {name} -->")]
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return cells[2:]
