"""What `-v` adds on standard error: where the command looks, and the log of changeover."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from changeover.cli.written_out import standard_error
from changeover.errors import ConfigurationError
from changeover.evidence.store.place import store_path
from changeover.project import near, open_project
from changeover.values.safe_text import visible, visible_lines

_LABEL = 12


@contextmanager
def saying_more() -> Iterator[None]:
    """Meanwhile the log goes to standard error, from the level DEBUG on."""
    for line in where_it_looks():
        print(line, file=standard_error())
    log, handler = logging.getLogger("changeover"), _LogOnStandardError(logging.DEBUG)
    before = log.level
    log.setLevel(logging.DEBUG)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(before)


def where_it_looks() -> Iterator[str]:
    """The folders and files that a command of the working folder is about, or why that is not known."""
    try:
        found = open_project(".")
        facts = {
            "project": str(found.root),
            "migration": near(found.directory),
            "app": found.app or "none is named",
            "store": str(near(store_path(found.root))),
        }
    except ConfigurationError as error:
        facts = {"project": f"{Path.cwd()}: {error}"}
    for label, text in facts.items():
        yield f"{label:<{_LABEL}}{visible(text)}"


class _LogOnStandardError(logging.Handler):
    """One line for each record, on whatever standard error is then."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write it."""
        try:
            text = f"{record.levelname.lower()}: {record.getMessage()}"
            print(visible_lines(text), file=standard_error(), flush=True)
        except Exception:  # noqa: BLE001  a line of the log never ends a command
            self.handleError(record)
