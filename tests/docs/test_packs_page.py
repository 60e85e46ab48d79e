"""docs/packs.md: its lines run, and the pack that it shows is found, records and withholds."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from changeover.rollout.plan_file import load_plan
from tests.docs.pages import page_text, section

OWN = section("packs.md", "A pack of your own")
PIGEONS = """
flown = []

def fly(home, text):
    flown.append((home, text))
    return f"{home} has it"
"""
PROGRAM = """
import pigeons
from changeover import Migration

runs = []
migration = Migration(environment={"CHANGEOVER_STAGE_SEND": "shadow"}, sink=runs.append)
migration.use("pigeons")
send = migration.seam(
    "send",
    legacy=lambda home: pigeons.fly(home, "hello"),
    candidate=lambda home: pigeons.fly(home, "hullo"),
)
print(send("north"))
print(pigeons.flown)
print(runs[0].verdict, *[f"{found.kind} {found.place}" for found in runs[0].divergences])
"""


def block(text: str, kind: str) -> str:
    [found] = re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return str(found)


def run(folder: Path, program: str) -> list[str]:
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_pack_of_the_page_is_found_records_and_withholds(tmp_path: Path) -> None:
    groups = tomllib.loads(block(OWN, "toml"))["project"]["entry-points"]
    [(group, packs)] = groups.items()
    installed = tmp_path / "pigeon_pack-1.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeon_pack\nVersion: 1\n")
    lines = "".join(f"{name} = {where}\n" for name, where in packs.items())
    (installed / "entry_points.txt").write_text(f"[{group}]\n{lines}")
    (tmp_path / "pigeon_pack.py").write_text(block(OWN, "python"))
    (tmp_path / "pigeons.py").write_text(PIGEONS)
    assert run(tmp_path, PROGRAM) == [
        "north has it",
        "[('north', 'hello')]",
        "unsafe effect-changed effects.pigeons.fly[north].text",
    ]


def test_the_first_lines_of_the_page_cover_a_library(tmp_path: Path) -> None:
    first = page_text("packs.md").partition("\n## ")[0]
    program = f"from changeover import Migration\nmigration = Migration()\n{block(first, 'python')}"
    assert run(tmp_path, program) == []
    plan = tmp_path / "phases.toml"
    plan.write_text(f'[migration]\nname = "shop"\n{block(first, "toml")}')
    assert list(load_plan(plan).ports) == ["http"]
