"""The manual lists every metric and every kind of alert, and none that is not there."""

import re
from datetime import UTC, datetime
from pathlib import Path

from trading.events.journal.backlog import Backlog
from trading.monitor.counters import Counters
from trading.monitor.exposition import metrics_of
from trading.monitor.finding import FindingKind
from trading.monitor.look import Look
from trading.parking import look_at_parking

DOCUMENT = (Path(__file__).parents[3] / "docs" / "trading.md").read_text(encoding="utf-8")
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def test_every_metric_is_documented_with_its_type_and_none_besides() -> None:
    look = Look(NOW, NOW, changed_at=NOW, parking=look_at_parking(Backlog(), (), NOW))
    made = {metric.name: metric.type.value for metric in metrics_of(look, Counters().counted(), {}, 0.0)}
    told = dict(re.findall(r"^\| `(trading_\w+)` \| (\w+) \|", DOCUMENT, re.MULTILINE))
    assert told == made


def test_every_kind_of_alert_is_documented_and_none_besides() -> None:
    (section,) = re.findall(r"^## Alerts$.*?(?=^## )", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert re.findall(r"^\| `([\w-]+)` \|", section, re.MULTILINE) == [kind.value for kind in FindingKind]
