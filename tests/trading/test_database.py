"""Files are opened safely, carry a version, and are left alone when they are refused."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest

from trading.database import DatabaseUnusable, copy_database, open_database

OPENING, ROUNDS = 6, 80
SCHEMA = "CREATE TABLE things (name TEXT NOT NULL); CREATE INDEX by_name ON things (name);\n"

KILLED_WHILE_WRITING = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from trading.database import open_database
connection = open_database(Path(sys.argv[1]), kind="box", version=2, schema=sys.argv[2])
connection.execute("INSERT INTO things VALUES ('committed')")
connection.execute("BEGIN IMMEDIATE")
connection.execute("INSERT INTO things VALUES ('not committed')")
os._exit(9)
"""


def kill_while_writing(path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, path, SCHEMA]).returncode == 9


def things(path: Path) -> list[str]:
    connection = open_database(path, kind="box", version=2, schema=SCHEMA)
    names = [name for (name,) in connection.execute("SELECT name FROM things")]
    connection.close()
    return names


def store(path: Path, name: str) -> None:
    connection = open_database(path, kind="box", version=2, schema=SCHEMA)
    connection.execute("INSERT INTO things VALUES (?)", (name,))
    connection.close()


def contents(folder: Path) -> dict[str, bytes]:
    """All files but the index of a log, which every reader of the log rebuilds."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith("-shm")}


def test_what_is_stored_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    store(tmp_path / "new" / "folder" / "box.db", "first")
    assert things(tmp_path / "new" / "folder" / "box.db") == ["first"]


def test_a_database_in_memory_needs_no_file() -> None:
    connection = open_database(None, kind="box", version=2, schema=SCHEMA)
    assert connection.execute("SELECT kind, version FROM about").fetchall() == [("box", 2)]
    connection.close()


def test_a_durable_file_survives_a_loss_of_power_and_another_may_be_told_not_to(tmp_path: Path) -> None:
    levels = []
    for durable in (True, False):
        connection = open_database(tmp_path / "box.db", kind="box", version=2, schema=SCHEMA, durable=durable)
        levels.append(connection.execute("PRAGMA synchronous").fetchone()[0])
        connection.close()
    assert levels == [2, 1]


def test_a_killed_process_leaves_what_it_had_committed(tmp_path: Path) -> None:
    kill_while_writing(tmp_path / "box.db")
    assert things(tmp_path / "box.db") == ["committed"]


@pytest.mark.parametrize("version", [1, 3])
def test_a_file_of_another_version_is_refused_and_left_byte_for_byte(tmp_path: Path, version: int) -> None:
    path = tmp_path / "box.db"
    store(path, "first")
    before = contents(tmp_path)
    with pytest.raises(DatabaseUnusable, match=f"of version 2, this program reads version {version}"):
        open_database(path, kind="box", version=version, schema=SCHEMA)
    assert contents(tmp_path) == before


def test_a_refused_file_keeps_the_log_that_a_killed_process_left_behind(tmp_path: Path) -> None:
    path = tmp_path / "box.db"
    kill_while_writing(path)
    before = contents(tmp_path)
    assert set(before) == {"box.db", "box.db-wal"}
    with pytest.raises(DatabaseUnusable, match="of version 2, this program reads version 1"):
        open_database(path, kind="box", version=1, schema=SCHEMA)
    assert contents(tmp_path) == before
    assert things(path) == ["committed"]


def test_a_file_of_another_kind_is_refused_and_left_byte_for_byte(tmp_path: Path) -> None:
    store(tmp_path / "box.db", "first")
    before = contents(tmp_path)
    with pytest.raises(DatabaseUnusable, match="holds a box, not a crate"):
        open_database(tmp_path / "box.db", kind="crate", version=2, schema=SCHEMA)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("spoil", ["DROP TABLE about", "DELETE FROM about"])
def test_a_database_that_does_not_say_what_it_is_is_refused(tmp_path: Path, spoil: str) -> None:
    path = tmp_path / "box.db"
    connection = open_database(path, kind="box", version=2, schema=SCHEMA)
    connection.execute(spoil)
    connection.close()
    with pytest.raises(DatabaseUnusable, match="holds something else, not a box"):
        things(path)


def test_a_file_that_is_no_database_is_refused_and_left_byte_for_byte(tmp_path: Path) -> None:
    (tmp_path / "box.db").write_text("a shopping list, longer than the header of a database would be\n" * 9)
    before = contents(tmp_path)
    with pytest.raises(DatabaseUnusable, match=r"box\.db: cannot be used as a box: file is not a database"):
        things(tmp_path / "box.db")
    assert contents(tmp_path) == before


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="cannot be opened as a box"):
        things(tmp_path)


def test_a_path_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatabaseUnusable, match="name a file that can be written"):
        things(tmp_path / "file" / "box.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unwritable to root")
def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    store(tmp_path / "box.db", "first")
    (tmp_path / "box.db").chmod(0o400)
    with pytest.raises(DatabaseUnusable, match="readonly"):
        things(tmp_path / "box.db")


def test_a_failing_schema_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="syntax error"):
        open_database(
            tmp_path / "box.db", kind="box", version=2, schema="CREATE TABLE a (b); CREATE NONSENSE"
        )
    assert things(tmp_path / "box.db") == []


def test_a_copy_in_memory_is_independent_of_its_file(tmp_path: Path) -> None:
    connection = open_database(tmp_path / "box.db", kind="box", version=2, schema=SCHEMA)
    connection.execute("INSERT INTO things VALUES ('both')")
    copy = copy_database(connection)
    copy.execute("INSERT INTO things VALUES ('copy')")
    connection.execute("INSERT INTO things VALUES ('file')")
    assert copy.execute("SELECT name FROM things").fetchall() == [("both",), ("copy",)]
    assert connection.execute("SELECT name FROM things").fetchall() == [("both",), ("file",)]
    copy.close()
    connection.close()


def test_many_may_open_a_new_file_at_one_moment(tmp_path: Path) -> None:
    together = Barrier(OPENING)

    def opened(number: int) -> str:
        for round_ in range(ROUNDS):
            together.wait(60)
            path = tmp_path / f"{round_}.db"
            try:
                with closing(open_database(path, kind="box", version=1, schema=SCHEMA)) as connection:
                    connection.execute("INSERT INTO things VALUES (?)", (str(number),))
            except DatabaseUnusable as error:
                together.abort()
                return str(error)
        return ""

    with ThreadPoolExecutor(OPENING) as pool:
        assert set(pool.map(opened, range(OPENING))) == {""}
