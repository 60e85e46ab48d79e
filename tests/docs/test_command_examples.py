"""Every example of docs/commands.md runs, each by itself, and ends as the page says."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import pytest

from changeover.errors import ExitCode
from tests.changeover.support.alert_receivers import WebServer, serving
from tests.docs.command_page import example, exit_codes, leaves
from tests.docs.desk_project import Desk, desk_in
from tests.docs.pages import page_text

BY_KIM = ("--reason", "test", "--who", "kim")


def at_shadow(desk: Desk) -> None:
    assert desk.run("flip", "portfolio", "shadow", *BY_KIM)[0] == 0


def at_off(desk: Desk) -> None:
    assert desk.run("rollback", "--all", *BY_KIM)[0] == 0


def at_ramp(desk: Desk) -> None:
    at_shadow(desk)
    assert desk.run("flip", "portfolio", "ramp:10", "--force", *BY_KIM)[0] == 0


def edited_by_hand(desk: Desk) -> None:
    at_off(desk)
    at_shadow(desk)
    flags = desk.file("migration/flags.json")
    flags.write_text(flags.read_text().replace('"defaultVariant": "shadow"', '"defaultVariant": "off"', 1))


def with_scenarios(desk: Desk) -> None:
    """What the example of `scenarios record` writes."""
    words = shlex.split(desk.spelled(example(dict(leaves())["scenarios record"])))
    assert desk.run(*words[1:])[0] == 0


@contextmanager
def heard(desk: Desk) -> Iterator[None]:
    """Meanwhile a webhook takes the alerts of the project."""
    plan = desk.file("migration/phases.toml")
    before = plan.read_text()
    with serving(WebServer()) as server:
        plan.write_text(f'{before}\n[alerts.webhook]\nurl = "{server.url}"\n')
        yield
    plan.write_text(before)


BEFORE: dict[str, Callable[[Desk], None]] = {
    "gate": at_shadow,
    "flip": at_off,
    "rollback": at_ramp,
    "flags seal": edited_by_hand,
    "scenarios show": with_scenarios,
    "scenarios renew": with_scenarios,
    "legacy prove": with_scenarios,
}
"""What has happened before an example is typed."""
AROUND: dict[str, Callable[[Desk], AbstractContextManager[None]]] = {"alerts test": heard}
"""What is there while it runs."""
OTHERWISE = {
    "status": (ExitCode.NO, ExitCode.INCONCLUSIVE),  # this desk has no production, and its gates say so
    "legacy scan": (ExitCode.NO,),  # legacy answers still
}
"""Examples that end with something else than 0, since the project stands where it does."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return desk_in(tmp_path_factory.mktemp("commands-desk", numbered=False))


@pytest.mark.parametrize("name", [name for name, _ in leaves()])
def test_the_example_of_a_command_runs_and_exits_as_the_page_says(name: str, desk: Desk) -> None:
    if name in BEFORE:
        BEFORE[name](desk)
    line = example(dict(leaves())[name])
    program, *words = shlex.split(desk.spelled(line))
    assert program == "changeover"
    with AROUND[name](desk) if name in AROUND else nullcontext():
        code, out, err = desk.run(*words)
    assert code in OTHERWISE.get(name, (ExitCode.YES,)), out + err
    meaning = dict(zip((0, 1, 3), exit_codes()[name], strict=True))[code]
    assert meaning != "-"
    assert "Traceback" not in out + err


def test_the_table_of_exit_codes_has_every_command_and_no_other() -> None:
    assert set(exit_codes()) == {name for name, _ in leaves()}


def test_the_page_about_exit_codes_has_every_code() -> None:
    shown = re.findall(r"^\| (\d+) \|", page_text("exit-codes.md"), re.MULTILINE)
    assert [int(code) for code in shown] == sorted(ExitCode)
