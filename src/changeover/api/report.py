"""`report`: one self-contained HTML page, to be read before deciding."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from changeover.project import Project, open_project
from changeover.views.html.collect import collect
from changeover.views.html.data import ReportData
from changeover.views.html.headline import Headline, headline
from changeover.views.html.page import DEFAULT_FILE, check_place, write_report


@dataclass(frozen=True, slots=True)
class Report:
    """What the page is made of, what it says first, and where it is; `file` is None where none was wanted."""

    data: ReportData
    headline: Headline
    file: Path | None


def report(
    output: str | Path | None = DEFAULT_FILE,
    *,
    corpus: str | None = None,
    project: str | Path | Project = ".",
) -> Report:
    """Write one HTML page about a comparison, the phases, their gates and their history.

    Args:
        output: the file, from the working folder; None writes no page.
        corpus: one comparison, by number or source; the worst of the latest on this code unless given.
        project: a folder of the project, or the project.

    Raises:
        NothingToReport: nothing was compared yet.
        ConfigurationError: a file of the project or an argument is wrong, or the page cannot be written.

    Example:
        page = changeover.report("report.html", corpus="history")
    """
    file = None if output is None else Path(output)
    if file is not None:
        check_place(file)
    data = collect(open_project(project), () if corpus is None else (corpus,))
    top = headline(data) if file is None else write_report(file, data)
    return Report(data, top, file)
