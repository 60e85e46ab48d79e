"""What a path gives to an event loop for later: readers and writers of descriptors, and handlers of signals.

A loop keeps one of each for a descriptor or a number, so that a replay would put its own in the place of the
program's. In a replay a handler of signals reaches no loop, and a reader or writer only where there is none.
What is left with a loop in the end acts where no run can see it: the run cannot be compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from changeover.record.propagated_function import replace_function, run_to_carry

_Place = tuple[Any, str, int]
"""A loop, what is given to it, and for which descriptor or number of a signal."""
READER, WRITER, SIGNAL = "reader", "writer", "signal handler"


class LoopHandlers:
    """Those that a recorded path has given to loops and not taken back."""

    def __init__(self) -> None:
        self.left: dict[_Place, Any] = {}

    def add(self, place: _Place, give: Callable[[], Any]) -> Any:
        """Give one to a loop."""
        given = give()
        self.left[place] = True
        return given

    def remove(self, place: _Place, take: Callable[[], Any]) -> Any:
        """Take one back."""
        taken = take()
        self.left.pop(place, None)
        return taken

    @property
    def names(self) -> str:
        """What is left with a loop that goes on, in words; empty for nothing."""
        return ", ".join(sorted({f"{kind} of a loop" for loop, kind, _ in self.left if not loop.is_closed()}))


class OwnLoopHandlers(LoopHandlers):
    """Those of a replay: none of the program's is replaced or taken away; `met` hears of one that was to."""

    def __init__(self, met: Callable[[str], None]) -> None:
        super().__init__()
        self._met = met

    def add(self, place: _Place, give: Callable[[], Any]) -> Any:
        """Give one to a loop where that has none, or seem to."""
        loop, kind, number = place
        if kind == SIGNAL:
            self.left[place] = None
            return None
        there = _of_descriptor(loop, kind, number)
        if there is not None and there is not self.left.get(place):
            self._met(f"{kind} of a loop that the program has too")
            return None
        given = give()
        self.left[place] = _of_descriptor(loop, kind, number)
        return given

    def remove(self, place: _Place, take: Callable[[], Any]) -> Any:
        """Take back one of this replay's, or seem to take the program's."""
        loop, kind, number = place
        if kind == SIGNAL:
            is_there = place in self.left or number in getattr(loop, "_signal_handlers", ())
        else:
            there = _of_descriptor(loop, kind, number)
            if there is None or there is self.left.get(place):
                self.left.pop(place, None)
                return take()
            is_there = True
        if is_there and place not in self.left:
            self._met(f"{kind} of a loop that is the program's")
        self.left.pop(place, None)
        return is_there

    def close(self) -> None:
        """Take back whatever the path has left, in the thread of each loop."""
        for (loop, kind, number), own in self.left.items():
            if own is None or loop.is_closed():
                continue
            if loop.is_running():
                loop.call_soon_threadsafe(_take_back, loop, kind, number, own)
            else:
                _take_back(loop, kind, number, own)


def _of_descriptor(loop: Any, kind: str, number: int) -> Any:
    """The handle that a loop has for a descriptor, None for none."""
    selector = getattr(loop, "_selector", None)
    found = None if selector is None else (selector.get_map() or {}).get(number)
    return None if found is None else found.data[0 if kind == READER else 1]


def _take_back(loop: Any, kind: str, number: int, own: Any) -> None:
    if not loop.is_closed() and _of_descriptor(loop, kind, number) is own:
        (loop._remove_reader if kind == READER else loop._remove_writer)(number)


def keep_readers(selector_events: Any) -> None:
    """Let runs hear of readers and writers."""
    loop = selector_events.BaseSelectorEventLoop
    for kind in (READER, WRITER):
        replace_function(loop, f"add_{kind}", _asking(kind, "add"))
        replace_function(loop, f"remove_{kind}", _asking(kind, "remove"))


def keep_signal_handlers(unix_events: Any) -> None:
    """Let runs hear of handlers of signals."""
    loop = unix_events._UnixSelectorEventLoop
    replace_function(loop, "add_signal_handler", _asking(SIGNAL, "add"))
    replace_function(loop, "remove_signal_handler", _asking(SIGNAL, "remove"))


def _asking(kind: str, deed: str) -> Callable[[Any], Callable[..., Any]]:
    def make(original: Any) -> Callable[..., Any]:
        def ask(self: Any, what: Any, *args: Any) -> Any:
            handlers: LoopHandlers | None = getattr(run_to_carry(), "loop_handlers", None)
            if handlers is None:
                return original(self, what, *args)
            number = what if isinstance(what, int) else what.fileno()
            return getattr(handlers, deed)((self, kind, int(number)), lambda: original(self, what, *args))

        return ask

    return make
