"""A desk in production: one phase with flags in a folder, one seam, a broker to act on, alerts to hear."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from changeover import Migration, Run
from changeover.rollout.flags_file import flags_content
from changeover.telemetry.alerts import Alert
from changeover.values.limits import Limits
from changeover.values.stage import parse_setting

PLAN = """
[migration]
name = "desk"

[[phase]]
name = "desk"
seams = ["desk.order"]
{options}

[[phase]]
name = "mail"
seams = ["mail.send"]
"""


class Broker:
    def __init__(self) -> None:
        self.orders: list[tuple[str, int]] = []

    def held(self, symbol: str) -> int:
        return 40

    def submit(self, symbol: str, quantity: int) -> str:
        self.orders.append((symbol, quantity))
        return f"order {symbol}"


def sells(quantity: int, *symbols: str) -> Callable[[Broker, str], object]:
    """A path that looks at what is held and then orders."""

    def path(broker: Broker, account: str) -> object:
        broker.held("SPY")
        return [broker.submit(symbol, quantity) for symbol in symbols or ("SPY",)]

    return path


class LiveDesk:
    """`legacy` and `candidate` may be replaced at any time; both get the broker and the account."""

    def __init__(
        self,
        root: Path,
        stage: str = "live",
        *,
        options: str = "",
        environment: dict[str, str] | None = None,
        fresh: bool = True,
        limits: Limits | None = None,
        **others: Any,
    ) -> None:
        self.root, self.folder = root, root / "migration"
        self.environment = {} if environment is None else environment
        self.legacy: Callable[[Broker, str], object] = sells(18)
        self.candidate: Callable[[Broker, str], object] = sells(18)
        if fresh:
            self.folder.mkdir(exist_ok=True)
            (self.folder / "phases.toml").write_text(PLAN.format(options=options))
            self.flip(stage, revision=14)
        self.alerts: list[Alert] = []
        self.runs: list[Run] = []
        self.broker = Broker()
        self.migration = Migration.load(
            self.folder,
            environment=self.environment,
            refresh_s=0,
            alerts=[self.alerts.append],
            sink=self.runs.append,
            limits=limits,
            keep=False,
            **others,
        )
        self.migration.port(
            "broker", self.broker, effects={"submit": lambda symbol, quantity: symbol}, reads={"held"}
        )
        self.order = self.migration.seam(
            "desk.order",
            legacy=lambda account: self.legacy(self.broker, account),
            candidate=lambda account: self.candidate(self.broker, account),
            key=lambda account: account,
        )

    def flip(self, stage: str, *, revision: int) -> None:
        """What a person's flip leaves behind."""
        content = flags_content({"desk": parse_setting(stage)}, revision=revision)
        (self.folder / "flags.json").write_text(json.dumps(content, indent=2) + "\n")

    def fresh_process(self) -> LiveDesk:
        """The same desk in a process that knows nothing but what is on the disk."""
        return LiveDesk(self.root, environment=self.environment, fresh=False)

    @property
    def stage(self) -> str:
        return str(self.migration.stages().settings["desk"])

    @property
    def kinds(self) -> list[str]:
        return [str(alert.kind) for alert in self.alerts]
