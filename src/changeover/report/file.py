"""Puts the page where it was asked for, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from changeover.errors import ConfigurationError

if TYPE_CHECKING:
    from changeover.views.html.data import ReportData
    from changeover.views.html.headline import Headline

DEFAULT_FILE = "changeover-report.html"


def check_place(path: Path) -> None:
    """Raises ConfigurationError where no page could be written, before anything long is begun."""
    if path.is_dir():
        raise ConfigurationError(str(path), "was a folder, needed: the name of a file")
    if not path.parent.is_dir():
        raise ConfigurationError(str(path), f"cannot be written: there is no folder {path.parent}")


def write_report(path: Path, data: ReportData) -> Headline:
    """Draw the page and write it; what it says first is handed back. Raises ConfigurationError."""
    from changeover.views.html.headline import headline
    from changeover.views.html.page import report_page

    write_page(path, report_page(data))
    return headline(data)


def write_page(path: Path, page: str) -> None:
    """Write beside and replace: whoever opens the file sees the old page or the new one."""
    check_place(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        try:
            beside.write_text(page, encoding="utf-8")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(str(path), f"cannot be written: {error.strerror or error}") from error
