"""The result dictionary of the old interface, as an event may carry it."""

import math
from typing import Annotated

from pydantic import AfterValidator, JsonValue

RESULTS_DEPTH_MAX = 32


def _readable(results: dict[str, JsonValue]) -> dict[str, JsonValue]:
    level: list[JsonValue] = [results]
    for _ in range(RESULTS_DEPTH_MAX):
        if any(isinstance(value, float) and not math.isfinite(value) for value in level):
            raise ValueError("results hold a number that is not finite; JSON has no word for it")
        level = [inner for value in level for inner in _inside(value)]
        if not level:
            return results
    raise ValueError(f"results are nested deeper than {RESULTS_DEPTH_MAX} levels")


def _inside(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


WorkflowResults = Annotated[dict[str, JsonValue], AfterValidator(_readable)]
"""What `execute_trading_workflow_with_details` returns: JSON values that read back as they were written."""
