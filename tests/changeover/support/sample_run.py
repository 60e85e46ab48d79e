"""The smallest of the runs that differ, whole, as a store gives it back."""

from typing import Any

from tests.changeover.support.report_corpora import divergence


def order(symbol: str, side: str, quantity: str, position: int) -> dict[str, Any]:
    return {
        "class": "EFFECT",
        "name": "broker.submit_order",
        "key": [symbol, side],
        "arguments": {
            "order": {
                "client_order_id": f"plan-1.{symbol}",
                "symbol": symbol,
                "side": f"(Side) {side}",
                "quantity": f"(Decimal) {quantity}",
            }
        },
        "answer": {"returned": None},
        "position": position,
        "asked_at": "execution.py:59",
    }


def mail(text: str) -> dict[str, Any]:
    return {
        "class": "EFFECT",
        "name": "notifier.send",
        "key": "report",
        "arguments": {"text": text},
        "answer": {"returned": None},
        "position": 9,
        "asked_at": None,
    }


def side(calls: list[dict[str, Any]]) -> dict[str, Any]:
    return {"outcome": {"returned": True}, "calls": calls, "own_time_s": 0.01, "inputs_mutated": False}


def body() -> dict[str, Any]:
    return {
        "answered_by": "legacy",
        "stage": "shadow",
        "tags": [],
        "reason": None,
        "arguments": {},
        "legacy": side(
            [order("SPY", "SELL", "18", 5), order("TLT", "BUY", "20", 7), mail("SELL 18 SPY, BUY 20 TLT")]
        ),
        "candidate": side(
            [order("SPY", "SELL", "312", 5), order("TLT", "BUY", "20", 7), mail("SELL 312 SPY, BUY 20 TLT")]
        ),
        "divergences": [
            divergence("effects.broker.submit_order[SPY,SELL].order.quantity", "18", "312", 5),
            divergence("effects.notifier.send[report].text", '"SELL 18 SPY"', '"SELL 312 SPY"', 9),
        ],
        "notes": [],
    }
