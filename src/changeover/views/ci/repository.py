"""Where the files of a project stand in the repository that a build server has checked out."""

from __future__ import annotations

from urllib.parse import quote

from changeover.quick_dataclass import dataclass
from changeover.values.source_line import split_line


@dataclass(frozen=True, slots=True)
class Repository:
    """`folder` is the project's inside it ("" or "services/shop"), `pages` where its files are shown, if so.

    A page is `pages`, the file, and `#L` with the line, as GitHub and GitLab have it.
    """

    folder: str = ""
    pages: str | None = None

    def path(self, file: str) -> str:
        """A file of the project, as it is called from the root of the repository."""
        return f"{self.folder}/{file}" if self.folder else file

    def page(self, place: str) -> str | None:
        """The address of a line ("shop/orders.py:41"), None where there is none."""
        file, line = split_line(place)
        if self.pages is None or line is None:
            return None
        return f"{self.pages}/{quote(self.path(file))}#L{line}"


NO_REPOSITORY = Repository()
