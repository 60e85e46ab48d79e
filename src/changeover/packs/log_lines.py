"""`migration.use("logging")`: more log lines are kept with a run, and those of some loggers are effects."""

from __future__ import annotations

from collections.abc import Sequence
from logging import LogRecord
from typing import Any

from changeover.packs.host import Channel, Host, Operation
from changeover.record.own_log import text_of
from changeover.record.port import CallClass


class LoggingPack:
    """The port `logging`: a line of a logger that is named is an effect, with the logger as key.

    Args:
        effects: names of loggers whose lines are compared, each with those below it.
        fields: attributes of such lines that are compared beside level and text (`extra=`).
        keeps: names of loggers of which all lines are kept with a run, and not only warnings and worse.
    """

    name = "logging"

    def __init__(
        self, *, effects: Sequence[str] = (), fields: Sequence[str] = (), keeps: Sequence[str] = ()
    ) -> None:
        self._options = {"effects": effects, "fields": fields, "keeps": keeps}

    def install(self, host: Host) -> None:
        """Open the channel; `record.program_log` tells of the lines."""
        for option, found in self._options.items():
            if isinstance(found, str) or not all(isinstance(one, str) and one for one in found):
                host.wrong(option, found, "a list of names")
        self._effects = tuple(self._options["effects"])
        self._fields = tuple(self._options["fields"])
        self._kept = tuple(self._options["keeps"])
        line = Operation(
            "line", CallClass.EFFECT, ("logger", "level", "text", "fields"), lambda logger, *_: logger
        )
        self._channel: Channel = host.channel(self.name, [line], packages=("logging", "structlog"))

    def heard(self, record: LogRecord) -> None:
        """A path logs a line, of whatever logger."""
        if _is_below(record.name, self._effects):
            fields: dict[str, Any] = {name: vars(record).get(name) for name in self._fields}
            self._channel.tell("line", (record.name, record.levelname, text_of(record), fields))

    def keeps(self, logger: str) -> bool:
        """Whether every line of the logger is kept with the run."""
        return _is_below(logger, self._kept)


def _is_below(logger: str, names: Sequence[str]) -> bool:
    return any(logger == name or logger.startswith(f"{name}.") for name in names)
