"""Reads a page as a browser would: the tree has to close, and everything in it can be asked for."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "circle", "line", "link", "rect", "input"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: "Element | None"
    parts: list["Element | str"] = field(default_factory=list)

    @property
    def children(self) -> list["Element"]:
        return [part for part in self.parts if isinstance(part, Element)]

    @property
    def text(self) -> str:
        return "".join(part for part in self.parts if isinstance(part, str))

    @property
    def every(self) -> list["Element"]:
        return [self, *(below for child in self.children for below in child.every)]

    @property
    def whole_text(self) -> str:
        told = [part if isinstance(part, str) else f" {part.whole_text} " for part in self.parts]
        return " ".join("".join(told).split())

    @property
    def raw_text(self) -> str:
        """Every text in it, as it was written."""
        return "".join(part if isinstance(part, str) else part.raw_text for part in self.parts)

    def all(self, tag: str) -> list["Element"]:
        return [one for one in self.every if one.tag == tag]

    def named(self, identifier: str) -> "Element":
        (found,) = [one for one in self.every if one.attributes.get("id") == identifier]
        return found

    def rows(self) -> list[list[str]]:
        """The cells of a table, row by row, the heading first."""
        return [
            [cell.whole_text for cell in row.children if cell.tag in ("th", "td")] for row in self.all("tr")
        ]


class Page(HTMLParser):
    """`root` is the whole page; a tag that does not close where it should is an error."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {}, None)
        self.declarations: list[str] = []
        self._open = self.root
        self.feed(page)
        self.close()
        assert self._open is self.root, f"<{self._open.tag}> is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        element = Element(tag, {name: value or "" for name, value in attrs}, self._open)
        self._open.parts.append(element)
        if tag not in VOID:
            self._open = element

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self._open.tag == tag, f"</{tag}> closes <{self._open.tag}>"
        assert self._open.parent is not None
        self._open = self._open.parent

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        self._open.parts.append(data)

    def handle_decl(self, decl: str) -> None:
        self.declarations.append(decl)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def read(page: str) -> Element:
    return Page(page).root
