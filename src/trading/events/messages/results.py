"""The result dictionary of the old interface, as an event may carry it."""

from typing import Annotated, Any

from pydantic import PlainSerializer

RESULTS_DEPTH_MAX = 32


def _written(results: dict[str, Any]) -> dict[str, Any]:
    """The same; what JSON would change on the way (a Decimal, a tuple, a NaN) is refused in writing."""
    _check(results, RESULTS_DEPTH_MAX)
    return results


def _check(value: Any, depth: int) -> None:
    """Written out by type: pydantic's own JSON values cost five times as much."""
    kind = type(value)
    if kind is str or kind is bool or kind is int or value is None:
        return
    if kind is float:
        if value - value != 0.0:
            raise ValueError("results hold a number that is not finite; JSON has no word for it")
    elif kind is not dict and kind is not list:
        raise ValueError(f"results hold a {kind.__name__}; JSON has no word for it")
    elif depth == 0:
        raise ValueError(f"results are nested deeper than {RESULTS_DEPTH_MAX} levels")
    elif kind is dict:
        for key, inner in value.items():
            if type(key) is not str:
                raise ValueError(f"results have the key {key!r}; keys are texts")
            _check(inner, depth - 1)
    else:
        for inner in value:
            _check(inner, depth - 1)


WorkflowResults = Annotated[dict[str, Any], PlainSerializer(_written)]
"""What `execute_trading_workflow_with_details` returns: JSON values that read back as they were written."""
