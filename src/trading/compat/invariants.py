"""What must hold of a run whichever path made it: two paths can also be wrong alike."""

from collections.abc import Mapping
from typing import Any

from changeover import Observation, Returned
from changeover.migration import Migration

CLOSE_ENOUGH = 1e-9  # of weights that were turned into floats one by one


def add_invariants(migration: Migration) -> None:
    """Registered on the seams that trade."""
    migration.invariant("trading.workflow")(success_means_that_everything_was_filled)
    migration.invariant("trading.workflow")(orders_belong_to_planned_trades)
    migration.invariant("trading.workflow")(the_message_says_what_the_result_says)
    migration.invariant("trading.workflow")(weights_and_cash_add_up_to_one)
    migration.invariant("trading.workflow")(orders_are_named_after_their_plan)
    migration.invariant("entry.execute-trading")(orders_shown_are_named_after_their_plan)


def success_means_that_everything_was_filled(seen: Observation) -> bool:
    """A success leaves no trade that did not end as wanted."""
    results = _results(seen)
    return (
        not results
        or not results["success"]
        or all(order["fate"] in ("FILLED", "BELOW_STEP") for order in results["orders_executed"])
    )


def orders_belong_to_planned_trades(seen: Observation) -> bool:
    """What was asked of the broker is told in the result, trade by trade."""
    asked = {
        (call.arguments["order"].symbol, call.arguments["order"].side.value)
        for call in seen.effects
        if call.name == "broker.submit_order"
    }
    results = _results(seen)
    return not results or asked <= {(order["symbol"], order["side"]) for order in results["orders_executed"]}


def the_message_says_what_the_result_says(seen: Observation) -> bool:
    """A message of success goes with a result that says so, and the other way round."""
    results = _results(seen)
    subjects = [
        call.arguments["notification"].subject for call in seen.effects if call.name == "notifier.send"
    ]
    return not results or all(subject.endswith("FAILED") is not results["success"] for subject in subjects)


def weights_and_cash_add_up_to_one(seen: Observation) -> bool:
    """Where there is a target, it is the whole account, unless it was refused for that very reason."""
    results = _results(seen)
    if not results or not results["consolidated_portfolio"] or not results["success"]:
        return True
    target = results["consolidated_portfolio"]
    whole: float = sum(target["target_allocations"].values()) + target["cash_weight"]
    return abs(whole - 1) < CLOSE_ENOUGH


def orders_are_named_after_their_plan(seen: Observation) -> bool:
    """Names differ from path to path, so what is compared is only that they are used alike.

    That they are the right ones is said here: a plan's orders are its name, the symbol and the side.
    """
    return _named_after_their_plan(_results(seen), seen)


def orders_shown_are_named_after_their_plan(seen: Observation) -> bool:
    """The same of the results that the command line shows."""
    shown = [call.arguments["results"] for call in seen.effects if call.name == "display.show_trading"]
    return all(_named_after_their_plan(results or {}, seen) for results in shown)


def _named_after_their_plan(results: Mapping[str, Any], seen: Observation) -> bool:
    execution = results.get("execution_result")
    if not execution:
        return True
    plan = execution["plan_id"]
    told = [(one["client_order_id"], one["symbol"], one["side"]) for one in results["orders_executed"]]
    asked = [call.arguments["order"] for call in seen.effects if call.name == "broker.submit_order"]
    told += [(order.client_order_id, order.symbol, order.side.value) for order in asked]
    return all(name == f"{plan}.{symbol}.{side}" for name, symbol, side in told)


def _results(seen: Observation) -> dict[str, Any]:
    value = seen.outcome.value if isinstance(seen.outcome, Returned) else None
    return value if isinstance(value, dict) else {}
