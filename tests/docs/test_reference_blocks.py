"""Every code block of the reference is run, or read by what reads such a thing; none is left out."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from changeover.evidence.store.place import place_named
from changeover.gate.accepted_blind_spots import load_accepted_blind_spots
from changeover.manual import TOPICS
from changeover.project import find_project
from changeover.removal.plan import load_removal
from changeover.rollout.history import read_lines
from changeover.rollout.plan_file import load_plan
from changeover.rollout.tripwire_state import parse_trips
from changeover.rollout.waivers import load_waivers
from changeover.telemetry.alerts import Alert, AlertKind
from changeover.telemetry.receiver import Message
from tests.changeover.support.doc_pages import same
from tests.changeover.support.stores import database
from tests.docs.desk_project import Desk, desk_in
from tests.docs.pages import ROOT, page_text
from tests.sweeps.__main__ import SWEEPS

__all__ = ["database"]  # a fixture

PAGES = [*TOPICS["Reference"], "gate", "comparing", "limits", "isolation"]
ELSEWHERE = {
    ("commands", "sh"): "test_command_examples.py",
    ("rules", "toml"): "test_rules_page.py",
    ("api", "python"): "test_verb_examples.py",
    ("gate", "text"): "../changeover/gate/test_gate_docs.py",
    ("gate", "xml"): "../changeover/gate/test_gate_docs.py",
    ("gate", "markdown"): "../changeover/gate/test_gate_docs.py",
}
"""Blocks that another test runs or compares, as the doctests of pages do: page, kind, test."""
BLOCK = re.compile(r"^(`{3,})([^\n]*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
LATER = date(2026, 12, 1)
EXTRAS = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"])


class Block(NamedTuple):
    page: str
    number: int
    kind: str
    content: str


def blocks(page: str) -> list[Block]:
    found = BLOCK.findall(page_text(f"{page}.md"))
    return [Block(page, number, kind, content) for number, (_, kind, content) in enumerate(found, start=1)]


ALL = [block for page in PAGES for block in blocks(page) if (block.page, block.kind) not in ELSEWHERE]


def of_kind(*kinds: str) -> pytest.MarkDecorator:
    chosen = [block for block in ALL if block.kind in kinds]
    return pytest.mark.parametrize("block", chosen, ids=[f"{one.page}-{one.number}" for one in chosen])


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return desk_in(tmp_path_factory.mktemp("blocks-desk", numbered=False))


def test_every_block_says_what_it_is_and_something_runs_it() -> None:
    kinds = {"sh", "toml", "python", "json", "ini", "text", "yaml"}
    assert [(block.page, block.number) for block in ALL if block.kind not in kinds] == []
    for (page, kind), test in ELSEWHERE.items():
        assert (Path(__file__).parent / test).is_file()
        assert [block for block in blocks(page) if block.kind == kind], (page, kind)


def commands(content: str) -> list[str]:
    lines = [
        re.split(r"\s{2,}#", line)[0] for line in content.splitlines() if line.startswith(("$ ", "python "))
    ]
    return [line.removeprefix("$ ").strip() for line in lines]


@of_kind("sh")
def test_the_commands_of_a_block_run(block: Block, desk: Desk, request: pytest.FixtureRequest) -> None:
    assert commands(block.content)
    for line in commands(block.content):
        if "postgresql://HOST/DATABASE" in line:
            line = line.replace("postgresql://HOST/DATABASE", request.getfixturevalue("database"))
        words = shlex.split(desk.spelled(line))
        if words[:2] == ["pip", "install"]:
            assert set(re.findall(r"changeover\[(\w+)\]", line)) <= EXTRAS
            continue
        if words[:3] == ["python", "-m", "tests.sweeps"]:
            assert words[3] in SWEEPS
            continue
        environment = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
        program, *arguments = words[len(environment) :]
        assert program == "changeover", line
        code, out, err = desk.run(*arguments, **environment)
        assert code in (0, 1, 3), f"{line}: {out}{err}"


@of_kind("text")
def test_a_screen_is_what_its_command_prints(block: Block, tmp_path: Path) -> None:
    first, *shown = block.content.rstrip().split("\n")
    assert first.startswith("$ changeover ")
    _, *words = shlex.split(first.removeprefix("$ "))
    code, out, err = desk_in(tmp_path).run(*words)
    assert (code, err) == (0, "")
    assert same(shown, out.rstrip().split("\n")), out


def plan(folder: Path, text: str) -> None:
    """The plan of a page; where it is one table of a plan, in one that has the rest."""
    if "[migration]" not in text:
        text = f'[migration]\nname = "m"\n[[phase]]\nname = "p"\nseams = ["s"]\n{text}'
    file = folder / "phases.toml"
    file.write_text(text)
    assert load_plan(file).name
    if "[migration.removal]" in text:
        assert load_removal(file) is not None


def project(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(text)
    assert find_project(folder, {}).app


def waivers(folder: Path, text: str) -> None:
    file = folder / "waivers.toml"
    file.write_text(text)
    assert load_waivers(file, LATER)


def blind_spots(folder: Path, text: str) -> None:
    file = folder / "blindspots.toml"
    file.write_text(text)
    assert load_accepted_blind_spots(file)


LOADERS: dict[str, Callable[[Path, str], None]] = {
    "tool": project,
    "waiver": waivers,
    "blindspot": blind_spots,
    "migration": plan,
    "ports": plan,
    "alerts": plan,
    "phase": plan,
}
"""By the first table of a file: what loads it."""


def whole_files() -> list[Block]:
    """Of TOML every file; on the page about configuration the tables of the plan are one file."""
    found = [block for block in ALL if block.kind == "toml"]
    parts = [
        one for one in found if one.page == "configuration" and LOADERS[first_table(one.content)] is plan
    ]
    whole = "\n".join(block.content for block in parts)
    return [block for block in found if block not in parts] + [parts[0]._replace(content=whole)]


def first_table(text: str) -> str:
    return str(next(iter(tomllib.loads(text))))


FILES = whole_files()


@pytest.mark.parametrize("block", FILES, ids=[f"{one.page}-{one.number}" for one in FILES])
def test_a_file_is_loaded_by_what_reads_it(block: Block, tmp_path: Path) -> None:
    LOADERS[first_table(block.content)](tmp_path, block.content)


@of_kind("ini")
def test_an_address_of_a_store_is_one(block: Block, tmp_path: Path) -> None:
    for line in block.content.splitlines():
        name, _, address = line.partition("#")[0].strip().partition("=")
        assert name == "CHANGEOVER_STORE"
        place_named(name, address.replace("PORT", "5432"), tmp_path)


@of_kind("json")
def test_a_document_has_the_form_that_the_toolkit_writes_and_reads(block: Block, tmp_path: Path) -> None:
    content = json.loads(block.content)
    if "trips" in content:
        assert parse_trips(block.content, "trips.json")
    elif "action" in content:
        file = tmp_path / "history.jsonl"
        file.write_text(json.dumps(content) + "\n")
        [line] = read_lines(file)
        assert not line.problem
    else:
        assert set(content) == set(Message("key", Alert(AlertKind.TRIPPED, "text")).to_data())


@of_kind("yaml")
def test_the_rules_of_prometheus_ask_for_metrics_that_there_are(block: Block) -> None:
    asked = set(re.findall(r"changeover_\w+", json.dumps(yaml.safe_load(block.content))))
    listed = set(re.findall(r"^\| `(changeover_\w+)` \|", page_text(f"{block.page}.md"), re.MULTILINE))
    assert asked
    assert asked <= listed


SURROUNDINGS = """\
from pathlib import Path
from types import SimpleNamespace
import changeover
from changeover import Migration, Case, EventContract, fresh
from changeover.evidence.sources import SourceOptions

class Broker:
    def positions(self): return {}
    def submit_order(self, order): return "ok"

class Handlers:
    def __init__(self, broker=None): pass
    def rebalance(self, account): return account

class Orchestrator(Handlers): pass
class Money:
    amount = 1

class build_bus:
    def watch(self, watcher): pass

class MessageBus(build_bus): pass

def calendar(seed): return [1, 2]
def path(account): return account
old = new = SimpleNamespace(rebalance=path)
handlers = SimpleNamespace(rebalance=Orchestrator.rebalance)
migration = Migration()
__file__ = str(Path("desk.py").absolute())
"""
"""What the examples of docstrings take for granted."""

OF_A_PROCESS_OF_THEIR_OWN = ("start_http_server", "flagd")
"""A server that ends with its process alone, and gRPC, beside which no other test could fork."""


@of_kind("python")
def test_the_lines_of_a_block_run(block: Block, desk: Desk) -> None:
    if any(word in block.content for word in OF_A_PROCESS_OF_THEIR_OWN):
        program = f"import prometheus_client\n{SURROUNDINGS}\n{block.content.replace('9464', '0')}"
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=desk.root, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return
    with desk.inside():
        surroundings: dict[str, Any] = {}
        exec(SURROUNDINGS, surroundings)  # noqa: S102
        exec(compile(block.content, f"{block.page}.md: block {block.number}", "exec"), surroundings)  # noqa: S102
