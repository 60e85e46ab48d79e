"""`migration.use` and `[ports]`: which packs there are, and what is said where one is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from changeover import Migration
from changeover.errors import ConfigurationError, DeclarationError

PLAN = """
[migration]
name = "shop"

[ports]
{ports}

[[phase]]
name = "orders"
seams = ["shop.order"]
"""


def load(folder: Path, ports: str) -> Migration:
    (folder / "phases.toml").write_text(PLAN.format(ports=ports))
    return Migration.load(folder)


def test_the_plan_uses_packs_by_name(tmp_path: Path) -> None:
    migration = load(tmp_path, 'http = { reads = ["POST https://api.example.org/search"] }')
    assert list(migration.book.packs) == ["http"]
    assert list(load(tmp_path, "http = true").book.packs) == ["http"]
    assert list(load(tmp_path, 'files = { folders = ["exports"] }').book.packs) == ["files"]


@pytest.mark.parametrize(
    ("ports", "said"),
    [
        ("htp = true", r'use\("htp"\): is no pack, did you mean "http"\?'),
        ("http = false", "ports.http: was False, allowed: true, or a table of options"),
        ("http = 3", "ports.http: was 3, allowed: true, or a table of options"),
        ("http = { reads = [3] }", r"use\(\"http\"\): reads was \[3\], allowed: a list of texts"),
        ("http = { routes = [] }", "'routes' is no option.* allowed: reads, headers"),
    ],
)
def test_a_port_that_is_wrong_in_the_plan_is_named(tmp_path: Path, ports: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load(tmp_path, ports)


def test_a_pack_that_is_used_twice_is_refused() -> None:
    migration = Migration()
    migration.use("http")
    with pytest.raises(DeclarationError, match="is in use already"):
        migration.use("http")


def test_a_pack_that_the_plan_uses_as_well_says_where_the_two_lines_are(tmp_path: Path) -> None:
    migration = load(tmp_path, "files = true")
    with pytest.raises(DeclarationError, match=r"keep one of them, the line of \[ports\] in phases.toml or"):
        migration.use("files", folders=[tmp_path])


def test_a_pack_that_is_about_nothing_is_given_nothing() -> None:
    with pytest.raises(DeclarationError, match="got 1 objects, allowed: 0"):
        Migration().use("http", object())


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(DeclarationError, match="the name was 3, allowed: a text"):
        Migration().use(3)  # type: ignore[arg-type]


def test_an_installed_package_offers_a_pack(tmp_path: Path) -> None:
    """A package with an entry point, as somebody else would install it, in a process of its own."""
    (tmp_path / "pigeons.py").write_text(LIBRARY)
    (tmp_path / "pigeon_pack.py").write_text(PACK)
    info = tmp_path / "pigeon_pack-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeon-pack\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[changeover.packs]\npigeons = pigeon_pack:PigeonPack\n")
    said = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert said.stdout.split("\n")[:2] == ["unsafe ['coop']", "effect-changed text 'hello' 'hullo'"], (
        said.stderr
    )


LIBRARY = """
FLOWN = []
def fly(home, text):
    FLOWN.append(home)
    return len(FLOWN)
"""
PACK = """
from changeover.packs import CallClass, Operation, replace, serving

class PigeonPack:
    def __init__(self, *, fast=False):
        self.fast = fast
    def install(self, host):
        fly = Operation("fly", CallClass.EFFECT, ("home", "text"), key=lambda home, text: home)
        self.channel = host.channel("pigeons", [fly], packages=["pigeons"])
        host.when_imported("pigeons", patch)

def patch(pigeons):
    replace(pigeons, "fly", asking)

def asking(original):
    def fly(home, text):
        pack = serving("pigeons")
        if pack is None:
            return original(home, text)
        return pack.channel.ask("fly", (home, text), lambda: original(home, text))
    return fly
"""
PROGRAM = """
from changeover import Migration
import pigeons
runs = []
migration = Migration(environment={"CHANGEOVER_STAGE_S": "shadow"}, sink=runs.append)
migration.use("pigeons", fast=True)
old = lambda n: pigeons.fly("coop", "hello")
new = lambda n: pigeons.fly("coop", "hullo")
seam = migration.seam("s", legacy=old, candidate=new)
seam(1)
print(runs[-1].verdict, pigeons.FLOWN)
found = runs[-1].divergences[0]
print(found.kind, found.place.rpartition(".")[2], repr(found.legacy), repr(found.candidate))
"""
