"""Standard output and error as paths see them: a path may end its stream, and nobody else's is ended by that.

A replayed path writes into its own log. Where cases are compared, each begins with streams that are open,
whatever an earlier one has closed, taken out or put in their place.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self

from changeover.record.context import current_session
from changeover.record.own_log import CLOSED, DETACHED, OwnLog, behind_all
from changeover.values.log_line import PRINTED

_PLACES = tuple((name, place) for name in PRINTED for place in (name, f"__{name}__"))


class _StandIn:
    """In the place of a stream, or of the bytes below one: it can be ended, what is behind cannot."""

    ended = ""
    """What a write says of it from now on; empty while it can be written."""

    def __init__(self, behind: Any) -> None:
        self.behind = behind

    def __getattr__(self, name: str) -> Any:
        return getattr(self.behind, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        """As a stream has it."""
        return bool(self.ended or self.behind.closed)

    def write(self, content: Any) -> Any:
        """As a stream does."""
        self._ask_for_open()
        return self.behind.write(content)

    def writelines(self, lines: Iterable[Any]) -> None:
        """As a stream does."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """As a stream does."""
        self._ask_for_open()
        self.behind.flush()

    def close(self) -> None:
        """End it here."""
        if not self.ended:
            with suppress(OSError, ValueError, AttributeError):
                self.behind.flush()
            self.ended = CLOSED

    def _ask_for_open(self) -> None:
        if self.ended:
            raise ValueError(self.ended)


class KeptOpen(_StandIn):
    """A stream of one case."""

    @property
    def buffer(self) -> Any:
        """The bytes below; who closes them ends the text as well."""
        return _Bytes(self.behind.buffer, self)

    def detach(self) -> Any:
        """End it here, and give the bytes below."""
        self._ask_for_open()
        below = self.buffer
        self.ended = DETACHED
        return below


class ReplayedStream(KeptOpen):
    """Asks who writes: what a replayed path writes or ends is its own, all others have the stream itself."""

    def __init__(self, behind: Any, name: str) -> None:
        super().__init__(behind)
        self._name, self._key = name, (name, id(behind_all(behind)))

    @property
    def ended(self) -> str:
        """As the path has left it."""
        own = own_log()
        return "" if own is None else own.ended.get(self._key, "")

    @ended.setter
    def ended(self, said: str) -> None:
        own = own_log()
        if own is not None:
            own.ended[self._key] = said

    @property
    def closed(self) -> bool:
        """As a stream has it."""
        return bool(self.behind.closed if own_log() is None else self.ended)

    @property
    def buffer(self) -> Any:
        """The bytes below."""
        below = self.behind.buffer
        return below if own_log() is None else _Bytes(below, self)

    def write(self, content: Any) -> Any:
        """As a stream does."""
        own = own_log()
        if own is None:
            return self.behind.write(content)
        self._ask_for_open()
        self.keep(own, content)
        return len(content)

    def keep(self, own: OwnLog, text: str) -> None:
        """Keep what the path writes."""
        if text.strip("\n"):
            own.add(self._name, "", text.strip("\n"))

    def flush(self) -> None:
        """As a stream does."""
        if own_log() is None:
            self.behind.flush()
        else:
            self._ask_for_open()

    def reconfigure(self, **options: Any) -> None:
        """As a stream does; there is nothing to be set for a log."""
        if own_log() is None:
            self.behind.reconfigure(**options)

    def close(self) -> None:
        """End it for the path alone."""
        if own_log() is None:
            self.behind.close()
        elif not self.ended:
            self.ended = CLOSED

    def detach(self) -> Any:
        """End it for the path alone, and give the bytes below."""
        return self.behind.detach() if own_log() is None else super().detach()


class _Bytes(_StandIn):
    """The bytes below a stream."""

    def __init__(self, behind: Any, text: KeptOpen) -> None:
        super().__init__(behind)
        self._text = text

    def write(self, content: Any) -> Any:
        """As a stream does."""
        own = own_log()
        if own is None or not isinstance(self._text, ReplayedStream):
            return super().write(content)
        self._ask_for_open()
        self._text.keep(own, bytes(content).decode(errors="replace"))
        return len(content)

    def close(self) -> None:
        """End it, and the text above."""
        super().close()
        self._text.ended = self._text.ended or CLOSED


def own_log() -> OwnLog | None:
    """That of the replay that is under way here, None outside of any."""
    session = current_session()
    if session is None or not session.replaying:
        return None
    replaying: Any = getattr(session, "replay", session)
    log: OwnLog = replaying.log
    return log


@contextmanager
def replayed_streams() -> Iterator[None]:
    """Until the block ends, stdout and stderr ask who writes."""
    with _in_their_places(ReplayedStream):
        yield


@contextmanager
def streams_of_a_case() -> Iterator[None]:
    """Until the block ends, what is done to stdout and stderr is done to streams that only the block has."""
    with _in_their_places(lambda behind, _: KeptOpen(behind)):
        yield


@contextmanager
def _in_their_places(made: Any) -> Iterator[None]:
    before = [getattr(sys, place) for _, place in _PLACES]
    put: dict[tuple[str, int], Any] = {}
    try:
        for (name, place), behind in zip(_PLACES, before, strict=True):
            if behind is not None and not isinstance(behind, ReplayedStream):
                key = name, id(behind)
                if key not in put:  # mostly both places of a name have one stream
                    put[key] = made(behind, name)
                setattr(sys, place, put[key])
        yield
    finally:
        for (_, place), behind in zip(_PLACES, before, strict=True):
            setattr(sys, place, behind)
