"""One request on its way through a library: what it gave or raised stays with the path that asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

from changeover.packs.host import cannot_be_given, made_for_path
from changeover.packs.http.messages import BODY_MAX, FaultKind, HttpAnswer, HttpFault

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
LATE_BY, LATE_S = 1.5, 0.5
"""How much longer a time-out of the same length may take on a busy machine, and by how much it is rounded."""
_TOO_LATE = (FaultKind.TIMEOUT, FaultKind.CANCELLED)
_ENDLESS = ("text/event-stream", "multipart/x-mixed-replace")


class Library(Protocol[R_co]):
    """One client library: how its answers and exceptions become words, and words become them again."""

    def fault_of(self, error: Exception) -> HttpFault | None:
        """What an exception of the library says; None for one that is not about the wire."""

    def error_of(self, fault: HttpFault) -> Exception:
        """The library's own exception for a fault, also for one that another library met."""

    def made(self, answer: HttpAnswer) -> R_co:
        """The library's own object for an answer on the tape."""


class AsyncLibrary(Library[R_co], Protocol[R_co]):
    """One whose functions are awaited, so that a call may be cancelled."""

    def time_out_s(self) -> float | None:
        """After how many seconds the client itself gives the request up; None: it waits for ever."""


class _Kept(Generic[R]):
    """What the library itself gave or raised, for the path that asked it."""

    def __init__(self, library: Library[R]) -> None:
        self._library = library
        self._live: list[R] = []
        self._raised: BaseException | None = None

    def given(self, answer: HttpAnswer) -> R:
        """What the path gets: the library's own answer, or one that is made of the kept one."""
        return self._live[0] if self._live else made_for_path("http", lambda: self._library.made(answer))

    def error_of(self, fault: HttpFault) -> BaseException:
        """What the path catches: the library's own exception, or one that is made of the fault."""
        if self._raised is not None:
            return self._raised
        return made_for_path("http", lambda: self._library.error_of(fault))

    def _fault_of(self, error: Exception) -> HttpFault:
        fault = self._library.fault_of(error)
        if fault is None:
            raise error
        self._raised = error
        return fault

    def _take(self, response: R, answer: HttpAnswer) -> HttpAnswer:
        self._live.append(response)
        return answer


class Wire(_Kept[R]):
    """One request that a sync library sends: `really` gives its response and what is kept of it."""

    def __init__(self, library: Library[R], really: Callable[[], tuple[R, HttpAnswer]]) -> None:
        super().__init__(library)
        self._really = really

    def send(self) -> HttpAnswer:
        """Send it; raises HttpFault without any of the library's objects."""
        try:
            return self._take(*self._really())
        except Exception as error:  # noqa: BLE001  handed on as a fault, or as it is
            fault = self._fault_of(error)
        raise fault


class AsyncWire(_Kept[R]):
    """The same for a library whose functions are awaited."""

    def __init__(
        self, library: AsyncLibrary[R], really: Callable[[], Awaitable[tuple[R, HttpAnswer]]]
    ) -> None:
        super().__init__(library)
        self._gives_up_after = library.time_out_s
        self._really = really

    async def send(self) -> HttpAnswer:
        """Send it; raises HttpFault without any of the library's objects."""
        import asyncio

        began = monotonic()
        try:
            return self._take(*await self._really())
        except asyncio.CancelledError as error:
            self._raised = error
            fault = HttpFault(FaultKind.CANCELLED, "", type(error).__name__, "")
        except Exception as error:  # noqa: BLE001  handed on as a fault, or as it is
            fault = self._fault_of(error)
        if fault.kind in _TOO_LATE:
            after_s = float(f"{monotonic() - began:.1g}")
            fault = HttpFault(fault.kind, fault.library, fault.error, fault.text, after_s)
        raise fault

    async def ends_with(self, fault: HttpFault) -> BaseException:
        """The same as `error_of` for a path that may have its own idea of how long it waits.

        Of a call that was cancelled it is known only that no answer had come by then. So this one waits as
        the other one did, for there may be a time-out of the path around it; the client's own ends it at
        once. A path that would wait longer would know what nobody knows: its run has failed.
        """
        import asyncio

        gives_up_s = self._gives_up_after()
        if self._raised is not None or fault.kind not in _TOO_LATE:
            return self.error_of(fault)
        if fault.kind is FaultKind.TIMEOUT and gives_up_s is not None:
            return self.error_of(fault)
        waits_s = fault.after_s * LATE_BY + LATE_S
        if gives_up_s is not None and gives_up_s <= waits_s:
            return self.error_of(HttpFault(FaultKind.TIMEOUT, "", "", ""))
        await asyncio.sleep(waits_s)
        text = f"no answer had come after {fault.after_s:g} s, and this path waits longer for one"
        cannot_be_given("http", text)
        return fault


def fault(
    library: str, error: Exception, kinds: Sequence[tuple[type[BaseException] | tuple[Any, ...], FaultKind]]
) -> HttpFault:
    """The fault of an exception, by the first of these that it is an instance of; other, where it is none."""
    kind = next((kind for classes, kind in kinds if isinstance(error, classes)), FaultKind.OTHER)
    return HttpFault(kind, library, type(error).__name__, str(error))


def is_read_whole(headers: Mapping[str, str], *, waits: bool) -> bool:
    """Whether reading the body of an answer ends soon, so that it can be kept before the program reads it.

    Args:
        headers: of the answer, which find names in any case.
        waits: whether the program's own call would have waited for the body.
    """
    length = headers.get("content-length", "")
    if length.isdigit():
        return int(length) <= BODY_MAX
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return waits and kind not in _ENDLESS
