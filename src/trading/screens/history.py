"""The days of a paper account: as text, and as data for programs."""

from typing import Any

from trading.domain.performance import EquityCurve
from trading.history import TradingHistory
from trading.screens.chart import draw_curve
from trading.wording import number, percent, table

SCHEMA_VERSION = 1
CHART_WIDTH = 72
CHART_HEIGHT = 10
FAILED_DAYS_SHOWN = 5


def history_screen(history: TradingHistory, reference: EquityCurve, reference_name: str) -> list[str]:
    """The equity curve, the figures beside an untouched holding, and the days that went wrong."""
    curve, start = history.curve, history.starting_value
    values = [float(value) for value in curve.values]
    rows = [
        _figures(f"paper account {history.account_id}", curve, history),
        _figures(f"{reference_name}, held throughout", reference, history),
    ]
    heading = ["", "final value", "return", "maximum drawdown", "from", "to"]
    years = curve.yearly_returns(start)
    balanced = len(history.days) - len(history.unbalanced)
    return [
        *draw_curve(curve.days, values, width=CHART_WIDTH, height=CHART_HEIGHT),
        "",
        *table("lrrrll", heading, *rows),
        "",
        *table(
            "rr", ["year", "return"], *([str(year), percent(float(gain))] for year, gain in years.items())
        ),
        "",
        f"sessions  {len(curve.days):,}, {curve.days[0]} to {curve.days[-1]}",
        f"orders    {history.orders:,}",
        f"books     close to the cent after {balanced:,} of {len(history.days):,} sessions",
        *_failures(history),
    ]


def history_data(history: TradingHistory, reference: EquityCurve, reference_name: str) -> dict[str, Any]:
    """The same as JSON-compatible data; money as decimal strings, fractions of 1 as well."""
    curve = history.curve
    return {
        "schema_version": SCHEMA_VERSION,
        "account_id": history.account_id,
        "starting_value": str(history.starting_value),
        "sessions": len(history.days),
        "orders": history.orders,
        **_summary(curve, history),
        "reference": {"symbol": reference_name, **_summary(reference, history)},
        "unsuccessful_sessions": len(history.unsuccessful),
        "unbalanced_sessions": len(history.unbalanced),
        "days": [
            {
                "session": day.session.isoformat(),
                "value": str(day.value),
                "cash": str(day.cash),
                "orders": day.orders,
                "success": day.success,
                "message": day.message,
                "audit_problems": list(day.audit_problems),
            }
            for day in history.days
        ],
    }


def _figures(name: str, curve: EquityCurve, history: TradingHistory) -> list[str]:
    drawdown = curve.maximum_drawdown()
    return [
        name,
        number(float(curve.values[-1])),
        percent(float(curve.total_return(history.starting_value))),
        percent(float(drawdown.depth)),
        str(drawdown.peak),
        str(drawdown.trough),
    ]


def _summary(curve: EquityCurve, history: TradingHistory) -> dict[str, str]:
    drawdown = curve.maximum_drawdown()
    return {
        "final_value": f"{curve.values[-1]:.2f}",
        "return": f"{curve.total_return(history.starting_value):.6f}",
        "maximum_drawdown": f"{drawdown.depth:.6f}",
        "drawdown_from": drawdown.peak.isoformat(),
        "drawdown_to": drawdown.trough.isoformat(),
    }


def _failures(history: TradingHistory) -> list[str]:
    return [
        *_listed(
            "did not end as planned",
            [f"{day.session}  {day.message}" for day in history.unsuccessful],
        ),
        *_listed(
            "left books that do not close",
            [f"{day.session}  {'; '.join(day.audit_problems)}" for day in history.unbalanced],
        ),
    ]


def _listed(what: str, days: list[str]) -> list[str]:
    if not days:
        return []
    lines = [
        "",
        f"FAILED    {len(days):,} {'session' if len(days) == 1 else 'sessions'} {what}",
        *(f"    {day}" for day in days[:FAILED_DAYS_SHOWN]),
    ]
    if len(days) > FAILED_DAYS_SHOWN:
        lines.append(f"    and {len(days) - FAILED_DAYS_SHOWN:,} more: --format json lists all")
    return lines
