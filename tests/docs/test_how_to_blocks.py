"""Every code block of the how-to pages is run, or read by what reads such a thing, or says why it is not.

Recipes are run as a whole by `test_recipes.py`, and so is `life.md` by `test_life.py`.
"""

from __future__ import annotations

import configparser
import json
import re
import secrets
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
import yaml

from changeover import Migration
from changeover.cli.main import changeover
from changeover.evidence.store.place import place_named
from changeover.manual import TOPICS
from changeover.record.declared_buses import Turn
from changeover.removal.plan import load_removal
from changeover.settings import MODES
from tests.docs.desk_project import CLUSTERS, Desk, desk_in
from tests.docs.test_reference_blocks import Block, blocks, commands
from tests.docs.variables import variables

PAGES = [page for page in TOPICS["How-to"] if not page.startswith("recipes/")]
ALL = {f"{block.page}-{block.number}": block for page in PAGES for block in blocks(page)}
NOT_RUN = {
    "production-4": "an image needs Docker: its commands are read",
    "production-8": "needs a Dask cluster: evidence/test_cluster.py has one",
    "removal-2": "is about this repository, whose legacy path has to be there: tests/sweeps/removal.py",
    "removal-5": "is about this repository, whose legacy path has to be there: tests/sweeps/removal.py",
    "databases-3": "Django is set up once in a process: the recipe runs this line",
}
"""Blocks that nothing runs here, and why."""
ELSEWHERE = {
    **dict.fromkeys(("packs-1", "packs-2", "packs-11", "packs-12"), "test_packs_page.py"),
    **dict.fromkeys(("ci-2", "ci-6"), "../test_docs_for_ci.py"),
}
DURING = ("changeover worker", "changeover worker --for", "changeover worker --metrics")
"""Commands that go on until they are stopped: they are read, and `--once` is run."""


def named(*names: str) -> pytest.MarkDecorator:
    assert set(names) <= set(ALL), "the blocks of a page are counted from 1"
    return pytest.mark.parametrize("name", names)


def of_kind(kind: str) -> list[str]:
    return [name for name, block in ALL.items() if block.kind == kind and name not in (NOT_RUN | ELSEWHERE)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    made = desk_in(tmp_path_factory.mktemp("how-to-desk", numbered=False))
    made.meant |= {"CLUSTER": made.meant[CLUSTERS[0]], "--jobs 2": "--jobs 1", "10000": "10"}
    return made


def read(command: list[str]) -> None:
    """That a command with these words can be called."""
    found: click.Command = changeover
    context = click.Context(found)
    words = list(command)
    while isinstance(found, click.Group):
        inner = found.get_command(context, words.pop(0))
        assert inner is not None, command
        found, context = inner, click.Context(inner, parent=context)
    found.make_context(found.name, words, parent=context.parent)


TRIED = {
    tuple(shlex.split(line)[1:])
    for block in blocks("commands")
    if block.kind == "sh"
    for line in commands(block.content)
}
"""What `test_command_examples.py` has run on the same project; here it is read."""


def succeed(words: list[str], desk: Desk) -> None:
    """Run a command, each one once."""
    read(words)
    if tuple(words) not in TRIED:
        TRIED.add(tuple(words))
        code, out, err = desk.run(*words)
        assert code in (0, 1, 3), f"{words}: {out}{err}"


def lines_of(block: Block) -> Iterator[str]:
    for line in block.content.splitlines():
        found = re.split(r"\s{2,}#", line)[0].strip()
        if found:
            yield found


# -- none is left out


def test_every_block_is_run_or_says_why_not(capsys: pytest.CaptureFixture[str]) -> None:
    done = {name for names in RUN for name in names}
    assert sorted(done & NOT_RUN.keys()) == []
    assert sorted(ALL.keys() - done - NOT_RUN.keys() - ELSEWHERE.keys()) == []
    assert sorted((NOT_RUN.keys() | ELSEWHERE.keys()) - ALL.keys()) == []
    for test in ELSEWHERE.values():
        assert (Path(__file__).parent / test).is_file()
    with capsys.disabled():
        print()
        for name, reason in NOT_RUN.items():
            print(f"    {name} is not run: {reason}")


# -- commands

COMMANDS = [name for name in of_kind("sh") if name != "production-6"]


@named(*COMMANDS)
def test_the_commands_of_a_block_run(name: str, desk: Desk) -> None:
    for line in lines_of(ALL[name]):
        program, *words = shlex.split(desk.spelled(line))
        assert program == "changeover", line
        if line.startswith(DURING[1:]) or line == DURING[0]:
            read(words)
        elif words[0] == "explore" and "--schedules" not in words:
            succeed([*words, "--schedules", "10"], desk)
        else:
            succeed(words, desk)


@named("ci-3", "ci-4")
def test_the_steps_of_a_pipeline_run(name: str, desk: Desk) -> None:
    steps = re.findall(r"^ *- (?:run: )?(changeover .*)$", ALL[name].content, re.MULTILINE)
    yaml.safe_load(ALL[name].content)
    assert len(steps) >= 4
    for line in steps:
        succeed(shlex.split(desk.spelled(line).partition(" > ")[0])[1:], desk)


@named("ci-7", "ci-8")
def test_a_gate_is_written_in_this_form(name: str, desk: Desk) -> None:
    """The criteria are those that every gate on scenarios asks for, in their order."""
    form = {"": "markdown", "xml": "junit"}[ALL[name].kind]
    _, out, _ = desk.run("gate", "--scenarios", "--format", form)
    criterion = r'name="([^"]+)" time' if form == "junit" else r"^\| \S+(?: \S+)? \| ([^|]+) \|"
    shown = re.findall(criterion, ALL[name].content, re.MULTILINE)
    given = re.findall(criterion, out, re.MULTILINE)
    assert len(shown) >= 4
    assert [one for one in dict.fromkeys(given) if one in shown] == [one for one in shown if one in given]
    assert len(set(shown) & set(given)) >= 4, (shown, given)


# -- files


def test_the_unit_of_systemd_starts_a_worker() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.read_string(ALL["production-2"].content)
    assert unit.sections() == ["Unit", "Service", "Install"]
    program, *words = shlex.split(unit["Service"]["ExecStart"])
    assert Path(program).name == "changeover"
    read(words)


@named("production-3", "production-5", "production-7")
def test_containers_start_what_there_is_with_variables_that_there_are(name: str, tmp_path: Path) -> None:
    found = list(containers(yaml.safe_load(ALL[name].content)))
    commands = [one["command"] for one in found if "command" in one]
    assert commands
    for program, *words in commands:
        assert program == "changeover"
        read(words)
    known = {variable for variable, _ in variables()} | {"PYTHONHASHSEED"}
    for one in found:
        environment = one.get("environment") or {each["name"]: each.get("value") for each in one["env"]}
        assert environment.keys() <= known
        if environment.get("CHANGEOVER_STORE"):
            place_named("CHANGEOVER_STORE", environment["CHANGEOVER_STORE"], tmp_path)
        assert environment.get("CHANGEOVER_MODE", MODES[0]) in MODES


def containers(node: Any) -> Iterator[dict[str, Any]]:
    """Everything in a file that has an environment, wherever it stands."""
    if isinstance(node, dict):
        if node.keys() & {"env", "environment"}:
            yield node
        for inner in node.values():
            yield from containers(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from containers(inner)


@named("removal-4")
def test_the_removal_of_a_plan_is_read(name: str, tmp_path: Path) -> None:
    plan = tmp_path / "phases.toml"
    plan.write_text(f'[migration]\nname = "m"\nlegacy = ["trading.legacy"]\n{ALL[name].content}')
    removal = load_removal(plan)
    assert removal is not None
    assert removal.check


def test_a_bus_is_asked_with_these_words() -> None:
    asked = set(re.findall(r"^turn\.(\w+)", ALL["explore-2"].content, re.MULTILINE))
    assert asked
    assert asked <= {name for name in dir(Turn) if not name.startswith("_")} | set(Turn.__annotations__)


# -- Python


def test_the_key_of_the_page_seals_the_spool(capsys: pytest.CaptureFixture[str]) -> None:
    from cryptography.fernet import Fernet

    [line] = lines_of(ALL["production-6"])
    _, option, code = shlex.split(line)
    assert option == "-c"
    exec(code, {})  # noqa: S102
    key = capsys.readouterr().out.strip()
    assert Fernet(key).decrypt(Fernet(key).encrypt(b"run")) == b"run"


class Services:
    """What a method of a trading desk needs."""


class PortfolioOrchestrator:
    def __init__(self, services: Any, settings: Any) -> None:
        self.services, self.settings = services, settings

    def analyze(self, day: str) -> str:
        return day


@contextmanager
def open_desk(day: str) -> Iterator[Any]:
    yield SimpleNamespace(services=Services(), settings=day)


def surroundings(folder: Path) -> dict[str, Any]:
    """What the blocks of these pages take for granted."""
    from pydantic import BaseModel

    class Order(BaseModel):
        name: str

    def on_events(self: Any, day: str) -> str:
        return day

    return {
        "migration": Migration(),
        "json": json,
        "secrets": secrets,
        "contextmanager": contextmanager,
        "FOLDER": folder,
        "PortfolioOrchestrator": type(
            "PortfolioOrchestrator",
            (PortfolioOrchestrator,),
            {
                "analyze": PortfolioOrchestrator.analyze,
            },
        ),
        "on_events": on_events,
        "open_desk": open_desk,
        "day_of": str,
        "Order": Order,
        "user": lambda: "kim",
    }


PYTHON = of_kind("python")


@named(*PYTHON)
def test_the_lines_of_a_block_run(name: str, tmp_path: Path) -> None:
    block, around = ALL[name], surroundings(tmp_path)
    extra: Callable[[dict[str, Any]], None] = BEFORE.get(name, lambda around: None)
    extra(around)
    exec(compile(block.content, f"{block.page}.md: block {block.number}", "exec"), around)  # noqa: S102
    after: Callable[[dict[str, Any]], None] = AFTER.get(name, lambda around: None)
    after(around)


def names_of(module: str) -> Callable[[dict[str, Any]], None]:
    def put(around: dict[str, Any]) -> None:
        around.update(vars(pytest.importorskip(module)))

    return put


def engine(around: dict[str, Any]) -> None:
    around["engine"] = pytest.importorskip("sqlalchemy").create_engine("sqlite://")


def two_engines(around: dict[str, Any]) -> None:
    engine(around)
    around["audit_engine"] = pytest.importorskip("sqlalchemy").create_engine("sqlite://")


def port(name: str) -> Callable[[dict[str, Any]], None]:
    """The block has declared it."""

    def has(around: dict[str, Any]) -> None:
        assert name in around["migration"].runtime.book.ports

    return has


BEFORE = {
    "databases-1": engine,
    "databases-2": two_engines,
    "packs-7": names_of("fastapi"),
    "packs-8": names_of("flask"),
    "packs-10": lambda around: pytest.importorskip("pika") and None,
}
AFTER = {
    "databases-1": port("db"),
    "databases-2": port("audit"),
    "packs-3": port("codes"),
    "packs-4": port("db"),
    "packs-5": port("db"),
    "packs-6": port("files"),
    "packs-9": port("printer"),
    "packs-10": port("queue"),
}
RUN = [
    COMMANDS,
    PYTHON,
    ["ci-3", "ci-4", "ci-7", "ci-8"],
    ["production-2", "production-3", "production-5", "production-6", "production-7"],
    ["removal-4", "explore-2"],
]
"""The blocks that the tests above run or read."""
