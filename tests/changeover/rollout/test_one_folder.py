"""A program and the commands beside it mean one folder, wherever the process goes; where not, they say so."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from changeover import Migration
from changeover.rollout.migration_files import other_folders
from changeover.rollout.programs import SEEN_WITHIN, note_program
from tests.changeover.support.own_app import PHASES, OwnApp
from tests.changeover.support.projects import Answer

PROGRAM = """
import os, pathlib, own_app
here = pathlib.Path.cwd()
os.chdir("/")
for number in range(3):
    own_app.double(number)
own_app.migration.close()
"""


def stages(migration: Migration) -> str:
    migration.look_again()
    return str(migration.stages().settings["double"])


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OwnApp:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("CHANGEOVER_")]:
        monkeypatch.delenv(name)
    return OwnApp(tmp_path)


@pytest.mark.parametrize("way", ["load", "constructor", "CHANGEOVER_DIR"])
def test_a_program_that_goes_elsewhere_still_reads_its_kill_switch(
    app: OwnApp, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"CHANGEOVER_STAGE_DOUBLE": "live"}
    if way == "CHANGEOVER_DIR":
        environment["CHANGEOVER_DIR"] = "migration"
    if way == "constructor":
        plan = Migration.load("migration", environment={}).plan
        migration = Migration(plan=plan, directory=Path("migration"), environment=environment, refresh_s=0)
    else:
        folder = "migration" if way == "load" else "elsewhere"
        migration = Migration.load(folder, environment=environment, refresh_s=0)
    monkeypatch.chdir("/")
    assert stages(migration) == "live"
    (app.root / "migration" / "KILL").touch()
    assert stages(migration) == "off"


def test_a_program_that_goes_elsewhere_still_reads_the_flags_that_were_named(
    app: OwnApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.run("flip", "double", "shadow", "--reason", "a look", "--force")
    (app.root / "migration" / "flags.json").rename(app.root / "named.json")
    migration = Migration.load("migration", environment={"CHANGEOVER_FLAGS": "named.json"}, refresh_s=0)
    monkeypatch.chdir("/")
    assert stages(migration) == "shadow"


def test_a_program_that_goes_elsewhere_still_writes_the_store_that_was_named(app: OwnApp) -> None:
    (app.root / "program.py").write_text(PROGRAM)
    store = {"CHANGEOVER_STORE": "sqlite:///kept/evidence.db", "CHANGEOVER_STAGE_DOUBLE": "shadow"}
    done = app.python("program.py", **store)
    assert done.returncode == 0, done.stderr
    assert (app.root / "kept" / "evidence.db").exists()


def with_two_folders(app: OwnApp) -> None:
    """The program reads `migration`; pyproject.toml names `console`."""
    (app.root / "console").mkdir()
    (app.root / "console" / "phases.toml").write_text(PHASES)
    (app.root / "program.py").write_text(PROGRAM)
    pyproject = app.root / "pyproject.toml"
    pyproject.write_text(pyproject.read_text() + 'directory = "console"\n')


def said(answer: Answer) -> bool:
    return "commands use" in " ".join(f"{answer.out} {answer.err}".split())


def test_every_command_says_that_the_program_reads_another_folder(app: OwnApp) -> None:
    with_two_folders(app)
    assert said(app.run("doctor"))
    assert app.run("doctor").code == 1
    assert said(app.run("gate", "double", "--format", "json"))
    # The others import no program: they know of it once it has run.
    commands = ("kill", "rollback --all --dry-run", "status", "flip double shadow --force --reason x")
    assert not any(said(app.run(*command.split())) for command in commands[:3])
    assert app.python("program.py", CHANGEOVER_STAGE_DOUBLE="shadow").returncode == 0
    for command in commands:
        assert said(app.run(*command.split())), command


def test_one_folder_by_two_ways_is_one_folder(app: OwnApp) -> None:
    (app.root / "console").symlink_to(app.root / "migration")
    pyproject = app.root / "pyproject.toml"
    pyproject.write_text(pyproject.read_text() + 'directory = "console"\n')
    assert app.run("doctor").code == 0


def test_two_migrations_of_one_project_lie_beside_each_other(tmp_path: Path) -> None:
    now = datetime(2026, 7, 1, tzinfo=UTC)
    for name in ("migration", "console"):
        (tmp_path / name).mkdir()
        note_program(tmp_path / ".changeover", tmp_path / name, now)
    assert not list(other_folders(tmp_path / "migration", now))
    assert not list(other_folders(tmp_path / "console", now))


def test_a_folder_that_nobody_read_for_long_is_forgotten(tmp_path: Path) -> None:
    now = datetime(2026, 7, 1, tzinfo=UTC)
    for name in ("migration", "console"):
        (tmp_path / name).mkdir()
    note_program(tmp_path / ".changeover", tmp_path / "migration", now)
    assert len(list(other_folders(tmp_path / "console", now))) == 1
    assert not list(other_folders(tmp_path / "migration", now))
    assert not list(other_folders(tmp_path / "console", now + SEEN_WITHIN + timedelta(days=1)))


@pytest.mark.parametrize("content", ["", "[]", '{"/x": 1}', "\0", json.dumps({"/x": "yesterday"})])
def test_a_note_that_cannot_be_read_stops_no_command(tmp_path: Path, content: str) -> None:
    (tmp_path / ".changeover").mkdir()
    (tmp_path / ".changeover" / "programs.json").write_text(content)
    assert not list(other_folders(tmp_path / "migration", datetime(2026, 7, 1, tzinfo=UTC)))
