"""Which client sends something: the innermost code on the stack that a person would call one."""

from __future__ import annotations

import sys
from types import FrameType

from changeover.quick_dataclass import dataclass
from changeover.record.instrument import ENTRANCES
from changeover.record.known_clients import KNOWN_CLIENTS, PLUMBING, client_named

FRAMES_MAX = 200
_TOOLKIT = "changeover."
_STEP = ("asyncio.events", "_run")
"""Where a loop takes a step of a task: around it is whoever runs the loop."""


@dataclass(frozen=True, slots=True)
class CallingClient:
    """The client that does it, and the outermost known one that made it do so; of the program its module."""

    name: str
    asked_by: str

    def __str__(self) -> str:
        """`http.client (requests)`."""
        return self.name if self.asked_by in ("", self.name) else f"{self.name} ({self.asked_by})"


LOGGING = CallingClient("logging", "")


def calling_client(called: str = "") -> CallingClient:
    """The client at work here; `LOGGING` for what is logged, which is no effect of a path.

    Args:
        called: The module of the function that is called; it stands on no stack yet.
    """
    frame: FrameType | None = sys._getframe(1)
    known = None if called.partition(".")[0] in PLUMBING else client_named(called)
    name = asked_by = "" if known is None else known.name
    plumbing = ""
    for _ in range(FRAMES_MAX):
        module = "" if frame is None else str(frame.f_globals.get("__name__", ""))
        if frame is None or module in ENTRANCES or (module, frame.f_code.co_name) == _STEP:
            break
        if module == "logging" and frame.f_code.co_name == "callHandlers":
            return LOGGING
        if not module.startswith(_TOOLKIT):
            if module.partition(".")[0] in PLUMBING:
                plumbing = plumbing or module.partition(".")[0]
            else:
                known = client_named(module)
                name = name or (module if known is None else known.name)
                asked_by = asked_by if known is None else known.name
        frame = frame.f_back
    return CallingClient(name or plumbing or "?", asked_by)


def way_out(client: CallingClient) -> str:
    """What to declare, so that its calls are compared."""
    known = KNOWN_CLIENTS.get(client.asked_by or client.name)
    return "declare a port" if known is None else known.way_out
