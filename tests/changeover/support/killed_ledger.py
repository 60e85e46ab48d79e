"""The ledger of alerts of a process that is killed in the middle."""

import os
import signal
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from changeover.evidence.store.alert_ledger import StoreLedger
from changeover.telemetry.alert_ledger import Claimed, Outcome
from changeover.telemetry.alerts import Alert

POINTS = ("enter", "claim", "settle")
WAIT_S = 30.0


class Killed(StoreLedger):
    """The ledger of a process that is killed before or after one step, at its first chance."""

    def __init__(self, place: Path, point: str, after: bool) -> None:
        super().__init__(place, WAIT_S)
        self._point, self._after = point, after

    def _step(self, name: str, step: Callable[[], Any]) -> Any:
        if self._point == name and not self._after:
            os.kill(os.getpid(), signal.SIGKILL)
        found = step()
        if self._point == name and found not in (None, []):
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    def enter(self, alert: Alert, receivers: Sequence[str], taken: Sequence[str] = ()) -> str | None:
        made: str | None = self._step("enter", partial(super().enter, alert, receivers, taken))
        return made

    def claim(self, receivers: Sequence[str], now: datetime) -> list[Claimed]:
        found: list[Claimed] = self._step("claim", partial(super().claim, receivers, now))
        return found

    def settle(self, outcomes: Sequence[Outcome], now: datetime) -> None:
        self._step("settle", lambda: (partial(super(Killed, self).settle, outcomes, now)(), "settled"))
