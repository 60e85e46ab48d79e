"""Whether what a replayed path writes was undone when it was recorded, and where its own calls stand."""

from __future__ import annotations

from typing import Any, cast

from changeover.record.tape import Entry
from changeover.values.content_key import frozen
from changeover.values.limits import NotComparable

WRITTEN = ("write", "undone")


class RecordedWrites:
    """Those of the answering path, in order: the n-th of one text and values is the n-th of the replay."""

    def __init__(self, session: Any, port: str) -> None:
        self._waiting: dict[Any, list[str]] = {}
        self._by_text: dict[str, set[str]] = {}
        self._rollbacks = 0
        for entry in session.recorded_entries(port):
            self._rollbacks += entry.method.name == "rollback"
            if entry.method.name in WRITTEN:
                text, values = entry.arguments["statement"], entry.arguments["parameters"]
                self._waiting.setdefault(_known_as(text, values), []).append(entry.method.name)
                self._by_text.setdefault(text, set()).add(entry.method.name)

    def next_as(self, text: str, values: Any) -> str:
        """The operation under which the answer to this write stands on the tape."""
        waiting = self._waiting.get(_known_as(text, values))
        if waiting:
            return waiting.pop(0)
        return "undone" if self._by_text.get(text) == {"undone"} else "write"

    def next_rollback(self) -> bool:
        """Whether one more was recorded, of something that was written."""
        self._rollbacks -= 1
        return self._rollbacks >= 0


class MadeWrites:
    """What was kept of the writes of one path; calls at the same time end in any order."""

    def __init__(self, session: Any, port: str) -> None:
        self._session = session
        self._port = port
        self._known: dict[int, Entry] = {}  # they stay, so that no identity is used twice

    def ended(self, text: str, values: Any) -> Entry | None:
        """The last one of this text and these values that was not given before; None if it was not kept."""
        wanted = None
        for entry in reversed(self._session.made_entries):
            method = entry.method
            if method.port != self._port or method.name not in WRITTEN or id(entry) in self._known:
                continue
            if entry.args and entry.args[0] == text:
                wanted = wanted or _known_as(text, values)
                if _known_as(*entry.args) == wanted:
                    self.know(entry)
                    return cast(Entry, entry)
        return None

    def know(self, entry: Entry) -> None:
        """This one is given, or stands for one that was."""
        self._known[id(entry)] = entry


def _known_as(text: str, values: Any) -> Any:
    try:
        return text, frozen(values)
    except NotComparable:
        return text, None
