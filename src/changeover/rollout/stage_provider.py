"""Stages that an OpenFeature provider decides: asked in a thread, so that no caller waits for a provider.

What it said last and could be understood holds, whatever becomes of it; before it has said anything, legacy
answers. How far a phase may go is for flags.json to say: see the resolver.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from contextvars import Context
from typing import Any
from weakref import WeakMethod

from changeover.errors import DeclarationError, MissingPackageError
from changeover.record.context import permitted
from changeover.record.option_check import shown
from changeover.values.stage import OFF, SEAM_STAGES, Setting, Stage, Stages, parse_setting, ramp

EXTRA = "openfeature"
ASK_LEAST_S = 0.05
"""How long it waits at least before it asks again."""
SLOW_S = 5.0
"""A provider that takes longer for one phase is a problem; the stages of before hold meanwhile."""
PERCENT = "ramp_percent"
"""In the metadata of a flag, as flags.json has it; or the value itself says `ramp:10`."""


def client_of(wanted: Any) -> Any:
    """The client that is meant: True for the default one, a domain, or a client.

    Raises DeclarationError for anything else, and MissingPackageError.
    """
    if wanted is not True and not (isinstance(wanted, str) and wanted):
        if callable(getattr(wanted, "get_string_details", None)):
            return wanted
        problem = f"openfeature was {shown(wanted)}, allowed: True, a domain, or a client of OpenFeature"
        raise DeclarationError("Migration", problem)
    try:
        from openfeature import api
    except ModuleNotFoundError as error:
        raise MissingPackageError("openfeature-sdk", EXTRA) from error
    return api.get_client() if wanted is True else api.get_client(wanted)


class StageProvider:
    """Asks a client for the stage of each phase, under the name of the phase, every `refresh_s`."""

    def __init__(
        self, client: Any, refresh_s: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._client, self._pause_s = client, max(refresh_s, ASK_LEAST_S)
        self._monotonic = monotonic
        self._phases: Stages = {}
        self._good: dict[str, Setting] = {}
        self._wrong: Mapping[str, str] = {}
        self._asking_since: float | None = None
        self._pid = 0

    def settings(self, phases: Stages) -> Mapping[str, Setting]:
        """The last good stage of each phase with seams; `off` where it never said one. Asks nobody."""
        self._phases = phases
        self._ensure()
        return {phase: self._good.get(phase, OFF) for phase, all_ in phases.items() if all_ == SEAM_STAGES}

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with it now, in words; empty where all is well."""
        since = self._asking_since
        slow = since is not None and self._monotonic() - since > SLOW_S
        late = (f"OpenFeature: the provider takes more than {SLOW_S:g} s; what it said before holds",)
        return (*(late if slow else ()), *self._wrong.values())

    def _ensure(self) -> None:
        """Ask from now on, also in a process that was forked meanwhile."""
        if self._pid == os.getpid():
            return
        self._pid, self._asking_since = os.getpid(), None
        thread = threading.Thread(
            target=Context().run,
            args=(_ask_again, WeakMethod(self.ask), self._pause_s),
            name="changeover-openfeature",
            daemon=True,
        )
        with permitted():
            try:
                thread.start()
            except RuntimeError:  # the interpreter ends
                self._pid = 0

    def ask(self) -> None:
        """Ask for each phase once; never raises what a provider raises."""
        wrong: dict[str, str] = {}
        for phase, allowed in list(self._phases.items()):
            if allowed != SEAM_STAGES:
                continue
            self._asking_since = self._monotonic()
            try:
                self._good[phase] = self._said(phase)
            except BaseException as error:  # noqa: BLE001  a provider may raise anything
                why = str(error) if type(error) is ValueError else type(error).__name__
                wrong[phase] = f"OpenFeature: flag {phase!r}: {why}; {self._good.get(phase, OFF)} holds"
            finally:
                self._asking_since = None
        self._wrong = wrong

    def _said(self, phase: str) -> Setting:
        """What the provider says of a phase; raises ValueError where that is no stage."""
        details = self._client.get_string_details(phase, "")
        if details.error_code is not None:
            raise ValueError(f"no answer ({str(details.error_code)[:40]})")
        value = details.value
        if not isinstance(value, str):
            raise ValueError(f"was a {type(value).__name__}, allowed: the name of a stage")
        if value.strip().lower() == Stage.RAMP:
            return ramp((details.flag_metadata or {}).get(PERCENT))
        return parse_setting(value[:40], SEAM_STAGES)


def _ask_again(ask: WeakMethod[Callable[[], None]], pause_s: float) -> None:
    """As long as there is somebody to ask for."""
    pause = threading.Event()
    while True:
        found = ask()
        if found is None:
            return
        found()
        del found
        pause.wait(pause_s)
