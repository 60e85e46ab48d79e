"""What is noted of the answering path besides its calls: random numbers, log, events, bytes past ports."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from changeover.record.answering_work import AnsweringWork
from changeover.record.calling_client import CallingClient
from changeover.record.past_ports import SentPastPorts
from changeover.record.port import PortBook
from changeover.record.time_apart import WithTimeApart
from changeover.values.copy_time import CopyTime
from changeover.values.event import EventLog, EventStep
from changeover.values.interruption import stop_if_interrupted
from changeover.values.log_line import LogLine, PathLog


class PathNotes(AnsweringWork, WithTimeApart):
    """The runs around this one have it as well; a note that cannot be taken breaks nothing."""

    book: PortBook
    attempted = False
    past_ports: SentPastPorts | None = None
    _steps_max: int
    _time_left: CopyTime | None
    _log: PathLog | None = None
    _events: EventLog | None = None

    def draws_from(self, name: str, state: Callable[[], Any], *, in_turn: bool) -> None:
        """The path draws a random number: the first state is kept, so that the other path begins there.

        `in_turn` says that somebody else has drawn since.
        """
        if in_turn:
            for recorder in self._chain:
                if name in recorder.tape.random_states:
                    recorder.tape.random_in_turn = True
        if name not in self.tape.random_states:
            found = {name: state()}
            for recorder in self._chain:
                recorder.tape.random_states = {**found, **recorder.tape.random_states}

    def hear(self, level: str, source: str, text: str) -> None:
        """Keep a warning that the path logged, for the runs around this one as well."""
        for recorder in self._chain:
            if recorder._log is None:
                recorder._log = PathLog()
            recorder._log.add(level, source, text)

    @property
    def logged(self) -> tuple[LogLine, ...]:
        """What the path logged so far."""
        return () if self._log is None else tuple(self._log.lines)

    def happened(self, bus: Any, point: Any, event: Any, handler: str | None, again: bool) -> None:
        """Keep what happened on a bus, for the runs around this one as well; breaks nothing."""
        began = perf_counter()
        self._take_event(bus, point, event, handler, again)
        ended = perf_counter()  # none of the path's own time
        for recorder in self._chain:
            recorder.spend(began, ended)

    def _take_event(self, bus: Any, point: Any, event: Any, handler: str | None, again: bool) -> None:
        try:
            step = bus.step(point, event, handler, again, self._time_left)
        except Exception as error:  # noqa: BLE001  recording must not change what the path sees
            stop_if_interrupted(error)
            self._note_problem(f"an event of bus {bus.name} cannot be kept: {error}")
            return
        for recorder in self._chain:
            if not recorder.is_judged and recorder.book.knows(bus):
                recorder._take_step(step)

    def _take_step(self, step: EventStep) -> None:
        if self._events is None:
            self._events = EventLog(self._steps_max)
        self._events.add(step._replace(position=len(self._entries) + 1))
        if self._events.is_full and self.tape.problem is None:
            self.tape.problem = f"limit reached: more than {self._steps_max} steps of events"

    @property
    def events(self) -> tuple[EventStep, ...]:
        """What happened on buses so far."""
        return () if self._events is None else tuple(self._events.steps)

    def sent(self, peer: str, client: CallingClient, number: int | None) -> None:
        """So many bytes went past every port, for the runs around this one as well; None: nobody knows."""
        for recorder in self._chain:
            if not recorder.is_judged:
                if recorder.past_ports is None:
                    recorder.past_ports = SentPastPorts()
                recorder.past_ports.add(peer, client, number)
                recorder.attempted = True
