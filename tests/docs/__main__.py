"""Write every part of the manual that is made: `python -m tests.docs`."""

from tests.docs.made import PARTS, pages
from tests.docs.pages import DOCS, put_part

if __name__ == "__main__":
    for name, (page, content) in PARTS.items():
        put_part(page, name, content())
    for page, text in pages().items():
        (DOCS / page).write_text(text, encoding="utf-8", newline="\n")
