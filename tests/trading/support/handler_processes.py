"""The handlers of an account in processes of their own, which may be killed and are started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from trading.desk import journal_path
from trading.events.journal.claim import is_part_taken
from trading.events.transport.address import Address
from trading.handlers.subscriptions import HandlerGroup

ROOT = Path(__file__).parents[3]
START_PATIENCE_S = 60.0


class HandlerProcesses:
    """One process for each group."""

    def __init__(self, account: Path, address: Address, *, settings: Path | None = None) -> None:
        self.account = account
        self._asked = ["--account", str(account), *(["--settings", str(settings)] if settings else [])]
        self._environment = {**os.environ, "TRADING_BUS": address.url}
        self._log = (account.parent / "handlers.log").open("a")
        self.running: dict[HandlerGroup, subprocess.Popen[bytes]] = {}

    def start(self, group: HandlerGroup) -> None:
        """Begin, in a process that this one waits for."""
        self.running[group] = subprocess.Popen(
            [sys.executable, "-m", "trading", "run-handlers", group.value, *self._asked],
            cwd=ROOT,
            env=self._environment,
            stdout=self._log,
            stderr=self._log,
        )

    def start_all(self) -> None:
        """All groups, until each has claimed its part."""
        for group in HandlerGroup:
            self.start(group)
        patience = monotonic() + START_PATIENCE_S
        while not all(is_part_taken(journal_path(self.account), group) for group in HandlerGroup):
            if monotonic() > patience or any(one.poll() is not None for one in self.running.values()):
                raise AssertionError(f"the handlers did not begin: {self.said()}")
            sleep(0.05)

    def kill(self, group: HandlerGroup) -> None:
        """SIGKILL, and another process in its place."""
        self.running[group].kill()
        self.running[group].wait()
        self.start(group)

    def said(self) -> str:
        """What all of them have written."""
        self._log.flush()
        return Path(self._log.name).read_text(encoding="utf-8")

    def close(self) -> None:
        """SIGTERM, which each obeys after its present event."""
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            process.wait(timeout=START_PATIENCE_S)
        self._log.close()


@contextmanager
def handler_processes(
    account: Path, address: Address, *, settings: Path | None = None
) -> Iterator[HandlerProcesses]:
    """All groups at work."""
    processes = HandlerProcesses(account, address, settings=settings)
    try:
        processes.start_all()
        yield processes
    finally:
        processes.close()
