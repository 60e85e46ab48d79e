"""The log of the toolkit: what it says of values of the program is visible and holds no known secret."""

from __future__ import annotations

import logging
import os


def logger(name: str) -> logging.Logger:
    """The logger `changeover.NAME`, whose every line goes through `told`."""
    made = logging.getLogger(f"changeover.{name}")
    if _FIT not in made.filters:
        made.addFilter(_FIT)
    return made


def told(text: str) -> str:
    """A text as it may be logged and kept: without the secrets of the environment and of runs seen lately."""
    from changeover.redaction.secrets import masked, remembered, secrets_of_environment
    from changeover.values.safe_text import visible

    known = secrets_of_environment(os.environ) | remembered()
    return visible(masked(text, known, lambda _: "[redacted]"))


class _FitToTell(logging.Filter):
    """Lets every record through, on one line and without secrets."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            record.msg, record.args = told(record.getMessage()), None
        except Exception as error:  # noqa: BLE001  a line of the log breaks nothing
            record.msg, record.args = f"a line that cannot be shown ({type(error).__name__})", None
        return True


_FIT = _FitToTell()
