"""The target portfolio is missing in the notification.

It was in the results and not among the fields that were copied for the message.
"""

from datetime import date

import pytest

from changeover.values.divergence import Kind
from changeover.values.verdict import Verdict
from tests.accidents.accident import Accident, Place
from trading.handlers import notification_handler
from trading.notify.message import trading_report
from trading.notify.port import Notification
from trading.results import ResultDict


def report_without_target(day: date, results: ResultDict) -> Notification:
    return trading_report(day, results | {"consolidated_portfolio": {}})


def plant(patch: pytest.MonkeyPatch) -> None:
    """The handler that tells people leaves out the target."""
    patch.setattr(notification_handler, "trading_report", report_without_target)


ACCIDENT = Accident(
    __doc__,
    plant,
    Verdict.UNSAFE,
    [Place("trading.workflow", "effects.notifier.send[*].notification.body", Kind.EFFECT_CHANGED)],
)
