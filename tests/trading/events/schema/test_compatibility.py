import copy
import json
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from trading.events.schema.baseline import describe, main, read_baseline
from trading.events.schema.catalogue import VERSIONS
from trading.events.schema.compatibility import check_compatibility
from trading.events.schema.shape import ShapeUnknown, shape_of

CURRENT = describe(VERSIONS)
COMPLETED = "TradingWorkflowCompleted"
REQUESTED = "TradingWorkflowRequested"

Change = Callable[[dict[str, Any]], None]


def fields(described: dict[str, Any], event: str, *path: str) -> dict[str, Any]:
    found: dict[str, Any] = described[event]["shape"]["fields"]
    for name in path:
        found = found[name]["fields"]
    return found


def problems(change: Change) -> list[str]:
    changed = copy.deepcopy(CURRENT)
    change(changed)
    return [str(problem) for problem in check_compatibility(CURRENT, changed)]


def remove_event(described: dict[str, Any]) -> None:
    del described[COMPLETED]


def lower_version(described: dict[str, Any]) -> None:
    described["AccountDataRetrieved"]["version"] = 1


def drop_upcaster(described: dict[str, Any]) -> None:
    described["AccountDataRetrieved"]["reads"] = [2]


def remove_field(described: dict[str, Any]) -> None:
    del fields(described, REQUESTED, "execution_parameters")["account_id"]


def require_new_field(described: dict[str, Any]) -> None:
    fields(described, COMPLETED)["mood"] = {"required": True, "kind": "string"}


def add_optional_field(described: dict[str, Any]) -> None:
    fields(described, COMPLETED)["mood"] = {"required": False, "kind": "string"}


def require_old_field(described: dict[str, Any]) -> None:
    fields(described, COMPLETED)["error_message"]["required"] = True


def forbid_null(described: dict[str, Any]) -> None:
    del fields(described, COMPLETED)["error_message"]["nullable"]


def remove_enum_value(described: dict[str, Any]) -> None:
    fields(described, REQUESTED)["workflow_mode"]["values"].remove("signal_only")


def change_type(described: dict[str, Any]) -> None:
    fields(described, COMPLETED)["success"]["kind"] = "string"


def change_item_type(described: dict[str, Any]) -> None:
    items = fields(described, "SignalGenerated")["signals"]["items"]
    items["fields"]["signals"]["items"]["fields"]["target_weight"]["kind"] = "number"


def change_map_values(described: dict[str, Any]) -> None:
    fields(described, "SignalGenerated")["strategy_allocations"]["values"]["kind"] = "number"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (remove_event, "TradingWorkflowCompleted: event type was removed"),
        (lower_version, "AccountDataRetrieved.schema_version: schema_version went back from 2 to 1"),
        (drop_upcaster, "AccountDataRetrieved.schema_version: version 1 cannot be read any more"),
        (remove_field, "TradingWorkflowRequested.execution_parameters.account_id: field was removed"),
        (require_new_field, "TradingWorkflowCompleted.mood: new field is required and has no default"),
        (add_optional_field, "TradingWorkflowCompleted: shape changed, but the version was not raised"),
        (require_old_field, "TradingWorkflowCompleted.error_message: field became required"),
        (forbid_null, "TradingWorkflowCompleted.error_message: type was narrowed: null is refused"),
        (remove_enum_value, "TradingWorkflowRequested.workflow_mode: enum value 'signal_only' was removed"),
        (change_type, "TradingWorkflowCompleted.success: type changed from boolean to string"),
        (change_item_type, "SignalGenerated.signals[].signals[].target_weight: type changed from decimal"),
        (change_map_values, "SignalGenerated.strategy_allocations[]: type changed from decimal to number"),
    ],
)
def test_every_incompatible_change_is_told_with_event_field_and_rule(change: Change, told: str) -> None:
    found = problems(change)
    assert len(found) == 1
    assert found[0].startswith(told)


def test_a_raised_version_with_an_upcaster_makes_a_change_compatible() -> None:
    def raise_version(described: dict[str, Any]) -> None:
        remove_field(described)
        described[REQUESTED].update(version=2, reads=[1, 2])

    assert problems(raise_version) == []


def test_a_raised_version_without_an_upcaster_loses_what_is_stored() -> None:
    def raise_version(described: dict[str, Any]) -> None:
        described[REQUESTED].update(version=2, reads=[2])

    assert [found.partition(";")[0] for found in problems(raise_version)] == [
        "TradingWorkflowRequested.schema_version: version 1 cannot be read any more"
    ]


def test_a_new_event_type_is_compatible() -> None:
    assert check_compatibility({}, CURRENT) == []


def test_the_committed_baseline_is_compatible_and_up_to_date() -> None:
    assert check_compatibility(read_baseline(), CURRENT) == []
    assert read_baseline() == CURRENT


def test_the_command_writes_a_baseline_that_it_then_accepts(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    assert main([], path=path) == 1
    assert main(["--write"], path=path) == 0
    assert main([], path=path) == 0


def test_the_command_does_not_write_over_a_broken_promise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "baseline.json"
    promised = copy.deepcopy(CURRENT)
    promised["Vanished"] = promised[COMPLETED]
    path.write_text(json.dumps(promised))
    assert main(["--write"], path=path) == 1
    assert capsys.readouterr().out.startswith("Vanished: event type was removed")
    assert json.loads(path.read_text()) == promised


@pytest.mark.parametrize("described", [object, CodeType, tuple[object, ...], Callable[[], int]], ids=str)
def test_a_type_that_events_are_not_made_of_is_refused(described: Any) -> None:
    with pytest.raises(ShapeUnknown, match="events are made of values"):
        shape_of(described)
