"""What the verbs of `changeover alerts` give."""

from __future__ import annotations

from changeover.errors import ExitCode
from changeover.evidence.store.alert_ledger import ToldAlert
from changeover.quick_dataclass import dataclass
from changeover.telemetry.alerts import Alert


@dataclass(frozen=True, slots=True)
class AlertsRun:
    """What was told for the first time, how many were taken, and which receivers did not take one."""

    told: tuple[Alert, ...]
    sent: int
    failed: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """1 where a receiver did not take an alert, which is tried again by whoever comes next."""
        return ExitCode.NO if self.failed else ExitCode.YES


@dataclass(frozen=True, slots=True)
class AlertList:
    """The latest alerts of a store, the latest first."""

    alerts: tuple[ToldAlert, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """What one receiver answered to a test alert; `problem` is None where it took it."""

    receiver: str
    where: str
    answer: str
    problem: str | None


@dataclass(frozen=True, slots=True)
class AlertsTried:
    """What all of them answered."""

    tried: tuple[Tried, ...]

    @property
    def exit_code(self) -> int:
        """1 where one of them did not take it."""
        return ExitCode.NO if any(one.problem is not None for one in self.tried) else ExitCode.YES
