"""The history of a paper account as one self-contained HTML page."""

from itertools import accumulate
from typing import Any

from trading.domain.performance import EquityCurve
from trading.history import TradingHistory
from trading.screens.page import render_page
from trading.screens.svg import Frame, area, polyline, round_ticks, year_starts

WIDTH = 960.0
GUTTER = 90.0  # beside the curves, for the values of the ticks
CURVE_HEIGHT = 300.0
DRAWDOWN_HEIGHT = 90.0
SESSIONS_SHOWN_MAX = 200


def history_page(history: TradingHistory, reference: EquityCurve, reference_name: str) -> str:
    """The page: equity curve beside an untouched holding, drawdown, years, days that went wrong.

    Every value is escaped, nothing is loaded from elsewhere, and a content security policy says so.
    """
    curve = history.curve
    return render_page(
        "history.html.j2",
        history=history,
        curve=curve,
        reference=reference,
        reference_name=reference_name,
        drawing=_drawing(curve, reference),
        years=_years(history, reference),
        unsuccessful=history.unsuccessful[:SESSIONS_SHOWN_MAX],
        unbalanced=history.unbalanced[:SESSIONS_SHOWN_MAX],
        shown_max=SESSIONS_SHOWN_MAX,
    )


def _drawing(curve: EquityCurve, reference: EquityCurve) -> dict[str, Any]:
    ours, theirs = ([float(value) for value in line.values] for line in (curve, reference))
    low, high = min(*ours, *theirs), max(*ours, *theirs)
    frame = Frame(WIDTH, CURVE_HEIGHT, low, high)
    below = {name: _below_high(values) for name, values in (("ours", ours), ("theirs", theirs))}
    depths = Frame(WIDTH, DRAWDOWN_HEIGHT, min(*below["ours"], *below["theirs"], -0.01), 0.0)
    return {
        "width": WIDTH,
        "gutter": GUTTER,
        "curve_height": CURVE_HEIGHT,
        "drawdown_height": DRAWDOWN_HEIGHT,
        "ours": polyline(ours, frame),
        "theirs": polyline(theirs, frame),
        "ours_below": area(below["ours"], depths, 0.0),
        "theirs_below": polyline(below["theirs"], depths),
        "deepest": depths.low,
        "ticks": [(frame.y(value), value) for value in round_ticks(low, high, 5)],
        "years": [(frame.x(at, len(ours)), year) for year, at in year_starts(curve.days).items()],
    }


def _below_high(values: list[float]) -> list[float]:
    return [value / high - 1 for value, high in zip(values, accumulate(values, max), strict=True)]


def _years(history: TradingHistory, reference: EquityCurve) -> list[dict[str, Any]]:
    start = history.starting_value
    ours, theirs = history.curve.yearly_returns(start), reference.yearly_returns(start)
    orders: dict[int, int] = {}
    for day in history.days:
        orders[day.session.year] = orders.get(day.session.year, 0) + day.orders
    return [
        {"year": year, "ours": float(ours[year]), "theirs": float(theirs[year]), "orders": orders[year]}
        for year in ours
    ]
