"""Where a running program keeps its evidence, and what it says of runs in which nothing was done."""

import os
import sys
import time
from importlib import invalidate_caches
from pathlib import Path
from textwrap import dedent
from unittest.mock import patch

import pytest

from changeover.evidence.store.store import read_evidence
from changeover.values.verdict import Verdict
from changeover.wiring import root_around
from tests.changeover.support.evidence_rows import Shadowed
from tests.programs.process import run_python

PROJECT = '[tool.changeover]\napp = "till:migration"\n'


@pytest.mark.parametrize(
    ("project", "directory", "root"),
    [
        ("", "migration", ""),
        (".", "conf/migration", ""),
        ("conf", "conf/migration", "conf"),
        ("", "conf/migration", "conf"),
    ],
    ids=["no project", "in a folder of the project", "in the project", "in a folder of no project"],
)
def test_evidence_lies_where_the_commands_look_for_it(
    tmp_path: Path, project: str, directory: str, root: str
) -> None:
    (tmp_path / directory).mkdir(parents=True)
    if project:
        (tmp_path / project / "pyproject.toml").write_text(PROJECT)
    assert root_around(tmp_path / directory) == tmp_path / root


def test_a_project_of_another_kind_and_a_broken_one_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "conf" / "migration").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    for text in ("[project]\nname = 'till'\n", "tool = 3\n", "[[", "\x00"):
        (tmp_path / "conf" / "pyproject.toml").write_text(text)
        assert root_around(tmp_path / "conf" / "migration") == tmp_path


def test_a_link_to_the_folder_of_a_migration_does_not_lead_the_evidence_away(tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "kept").mkdir(parents=True)
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "migration").symlink_to(tmp_path / "elsewhere" / "kept")
    program = Shadowed(tmp_path / "program")
    program.pay("ann")
    assert len(program.runs()) == 1


def test_runs_in_which_the_answering_path_did_nothing_say_so(tmp_path: Path) -> None:
    program = Shadowed(tmp_path)
    program.pay("ann")
    program.migration.flush()
    with pytest.raises(TypeError):
        program.pay("ann", "bob")  # type: ignore[call-arg]
    told = [(run.verdict, run.gave_up) for run in program.runs()]
    assert told == [(Verdict.MATCH, True), (Verdict.MATCH, False)]


def test_runs_of_a_program_whose_files_were_written_since_it_was_loaded_do_not_count(tmp_path: Path) -> None:
    package = tmp_path / "late_till"
    package.mkdir()
    source = package / "paying.py"
    source.write_text("PAID = 1\n")
    with patch.object(sys, "path", [str(tmp_path), *sys.path]):
        invalidate_caches()
        stayed, changed = (
            Shadowed(tmp_path / name, migration='code = ["late_till"]') for name in ("stayed", "changed")
        )
        stayed.pay("ann")
        source.write_text("PAID = 2\n")
        os.utime(source, ns=(time.time_ns(), time.time_ns()))  # a file system may say it only roughly
        changed.pay("ann")
    assert stayed.runs()[0].code is not None
    assert changed.runs()[0].code is None
    assert "has changed since the program was loaded" in " ".join(changed.migration.problems)


def end_in_trouble(folder: Path, trouble: str) -> Path:
    """Three runs of a process whose trouble goes on to its end; gives the store."""
    script = f"""
        import sys
        from pathlib import Path
        from tests.changeover.support.evidence_rows import Shadowed
        from tests.changeover.evidence.test_writer import {trouble} as trouble
        program = Shadowed(Path(sys.argv[1]))
        trouble = trouble(program.store)
        trouble.__enter__()  # and it never ends
        for guest in ("one", "two", "three"):
            program.pay(guest)
    """
    run_python(["-c", dedent(script), str(folder)], check=True, timeout=60)
    return folder / ".changeover" / "evidence.db"


def test_what_a_store_did_not_take_to_the_end_of_a_process_is_in_it_when_it_is_read(tmp_path: Path) -> None:
    evidence = read_evidence(end_in_trouble(tmp_path, "a_lock_on_it"))
    assert (evidence.runs, evidence.lost) == (3, 0)


def test_what_a_process_could_not_keep_to_its_end_is_counted_beside_the_store(tmp_path: Path) -> None:
    store = end_in_trouble(tmp_path, "a_spool_that_cannot_be_made")
    assert read_evidence(store).lost == 3
    (store.parent / "lost.jsonl").write_text("half a li", encoding="utf-8")
    assert read_evidence(store).lost == 1
