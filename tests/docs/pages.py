"""Pages of the manual as data: their headings, their sections, and the parts of them that are made."""

from __future__ import annotations

import re
from pathlib import Path

from changeover.manual import sections

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def page_text(page: str) -> str:
    """The text of `docs/PAGE`."""
    return (DOCS / page).read_text(encoding="utf-8")


def section(page: str, heading: str) -> str:
    """What stands below a heading, up to the next one of its level or above."""
    text = page_text(page)
    found = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert found is not None, f"{page} has no heading {heading!r}"
    level = len(found[1])
    below, in_code = list[str](), False
    for line in text[found.end() :].split("\n"):
        in_code ^= line.lstrip().startswith("```")
        if not in_code and re.match(rf"#{{1,{level}}} ", line):
            break
        below.append(line)
    return "\n".join(below)


def headings(page: str) -> list[str]:
    """All of them, in order."""
    return [heading for heading, _ in sections(page_text(page)) if heading]


def made_part(page: str, name: str) -> str:
    """What stands on a page between the two lines that name a part of it."""
    text = page_text(page)
    begin, end = _marks(name)
    assert text.count(begin) == text.count(end) == 1, f"{page} has no place for {name}"
    return text[text.index(begin) + len(begin) : text.index(end)]


def put_part(page: str, name: str, content: str) -> None:
    """Write a part into its place."""
    old, (begin, end) = made_part(page, name), _marks(name)
    text = page_text(page).replace(f"{begin}{old}{end}", f"{begin}{content}{end}")
    (DOCS / page).write_text(text, encoding="utf-8", newline="\n")


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- made: {name} -->\n", f"<!-- end of {name} -->\n"
