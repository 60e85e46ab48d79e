"""Every example of docs/api.md runs, each by itself, and what it asserts holds."""

from __future__ import annotations

import re
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

import pytest

import changeover
from tests.changeover.support.verb_reference import GROUPS
from tests.docs.desk_project import Desk, desk_in
from tests.docs.pages import page_text
from tests.docs.test_command_examples import (
    at_off,
    at_ramp,
    at_shadow,
    edited_by_hand,
    heard,
    with_scenarios,
)

EXAMPLES = dict(
    re.findall(r"^### `(\w+)`\n.*?^```python\n(.*?)^```$", page_text("api.md"), re.MULTILINE | re.DOTALL)
)


BEFORE = {
    "show_scenario": with_scenarios,
    "renew_scenario": with_scenarios,
    "prove_removal": with_scenarios,
    "gate": at_shadow,
    "history": at_off,
    "rollback": at_ramp,
    "seal_flags": edited_by_hand,
}
"""What has happened before an example is run."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return desk_in(tmp_path_factory.mktemp("verbs-desk", numbered=False))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_of_a_verb_runs_and_what_it_asserts_holds(name: str, desk: Desk) -> None:
    if name in BEFORE:
        BEFORE[name](desk)
    code = compile(desk.spelled(EXAMPLES[name]), f"api.md: {name}", "exec")
    with heard(desk) if name == "try_alerts" else nullcontext(), desk.inside():
        try:
            exec(code, {"changeover": changeover, "datetime": datetime, "Path": Path})  # noqa: S102  of the page
        except AssertionError as error:  # which says nothing by itself: pytest has not read these lines
            raise AssertionError(f"{EXAMPLES[name]}\n{changeover.doctor().problems}") from error


def test_every_verb_has_an_example() -> None:
    assert set(EXAMPLES) == {name for names in GROUPS.values() for name in names}
