"""Names of savepoints, which libraries make of threads and counters: in a script they are numbered."""

from __future__ import annotations

import re

_STATEMENT = re.compile(
    r"\A(SAVEPOINT|RELEASE(?: SAVEPOINT)?|ROLLBACK(?: TRANSACTION)? TO(?: SAVEPOINT)?) (\S+)\Z", re.IGNORECASE
)


class SavepointNames:
    """Those of one path: the first that it names is `#1`, wherever it names it again."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def plain(self, text: str) -> str:
        """A statement with the number in place of the name; any other one as it is."""
        found = _STATEMENT.match(text)
        if found is None:
            return text
        number = self._numbers.setdefault(found.group(2), len(self._numbers) + 1)
        return f"{found.group(1)} #{number}"
