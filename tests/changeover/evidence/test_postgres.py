"""A database that is away, slow, full, read-only or restarted harms nobody, and its secrets are not shown."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from changeover.errors import ConfigurationError
from changeover.evidence.process_end import WRITERS
from changeover.evidence.spooled_runs import LOCK_WAIT_S
from changeover.evidence.store.maintenance import check_store
from changeover.evidence.store.place import Database, StoreProblem, store_path
from changeover.evidence.store.postgres import with_marks
from changeover.evidence.store.schema import SCHEMA_VERSION
from changeover.evidence.store.store import keep_review, read_evidence, writing
from changeover.evidence.store.writing import add_runs
from changeover.evidence.writer import EvidenceWriter
from tests.changeover.evidence.test_store import a_review
from tests.changeover.support.counted_runs import runs_in
from tests.changeover.support.evidence_rows import BEGAN, Shadowed, a_run, store_of
from tests.changeover.support.stores import SERVER, sql

NOBODY = "postgresql://kim:hunter%2F2secret@127.0.0.1:1/nowhere"


def at(address: str) -> Database:
    place = store_path(Path("here"), {"CHANGEOVER_STORE": address})
    assert isinstance(place, Database)
    return place


def of(address: str, statement: str) -> str:
    """The statement about the schema that an address names."""
    return statement.format(at(address).schema)


class Relay:
    """A server between a program and its database that can stop to pass anything on."""

    def __init__(self) -> None:
        parts = urlsplit(SERVER)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.passes = threading.Event()
        self.passes.set()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                ours, _ = self._listener.accept()
                theirs = socket.create_connection(self._target)
                self._open += [ours, theirs]
                for source, sink in ((ours, theirs), (theirs, ours)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                self.passes.wait()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self.passes.set()
        for one in (self._listener, *self._open):
            one.close()

    def address(self, database: str) -> str:
        parts = urlsplit(database)
        login = parts.netloc.rpartition("@")[0]
        return parts._replace(netloc=f"{login}@127.0.0.1:{self.port}".lstrip("@")).geturl()


@pytest.fixture
def relay() -> Iterator[Relay]:
    made = Relay()
    yield made
    made.close()


def test_an_address_is_shown_without_user_and_password() -> None:
    place = at("postgresql://kim:hunter2@db:5433/trading?sslpassword=hunter3&schema=desk")
    assert str(place) == "postgresql://db:5433/trading?schema=desk"
    assert "hunter" not in repr(place)
    problem = read_evidence(at(NOBODY)).problem
    assert problem is not None
    assert "nowhere: cannot be read as a store: connection" in problem
    assert "hunter" not in problem


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://kim:hunter2@db:port/trading",
        "postgresql://kim:hunter2@[db/trading",
        "postgresql://kim:hunter2@db/trading?schema=A;B",
        "postgresq://kim:hunter2@db/trading",
        "mysql://kim:hunter2@db/trading",
    ],
)
def test_an_address_of_no_database_is_refused_without_its_password(address: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="allowed: ") as refused:
        store_path(tmp_path, {"CHANGEOVER_STORE": address})
    assert "hunter" not in str(refused.value)


def test_marks_are_set_outside_of_quotes_alone() -> None:
    assert with_marks("SELECT '?', 'it''s 5 %?' WHERE a = ? AND b LIKE '2:%'") == (
        b"SELECT '?', 'it''s 5 %%?' WHERE a = %s AND b LIKE '2:%%'"
    )


def test_a_schema_of_something_else_is_left_alone(database: str) -> None:
    sql(of(database, "CREATE SCHEMA {}"), of(database, "CREATE TABLE {}.runs (id int)"))
    assert "holds tables of something else" in str(keep_review(at(database), a_review(1)))
    assert sql(of(database, "SELECT * FROM {}.runs")) == []


def test_a_newer_store_is_refused_with_a_sentence_and_left_alone(database: str) -> None:
    store_of(at(database), a_run(1))
    sql(of(database, "UPDATE {}.store_version SET version = 99"))
    assert "newer changeover" in str(read_evidence(at(database)).problem)
    assert "version 99" in str(keep_review(at(database), a_review(1)))
    assert sql(of(database, "SELECT count(*) FROM {}.reviews")) == [(0,)]


def test_programs_that_come_first_together_make_the_tables_once(database: str) -> None:
    problems: list[object] = []
    together = threading.Barrier(6)

    def write(number: int) -> None:
        together.wait()
        try:
            store_of(at(database), a_run(number))
        except StoreProblem as problem:
            problems.append(problem)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(runs_in(at(database))) == 6
    assert sql(of(database, "SELECT version FROM {}.store_version")) == [(SCHEMA_VERSION,)]


def test_programs_that_write_together_count_every_run_once(database: str) -> None:
    place = at(database)
    store_of(place, a_run(0))

    def write(first: int) -> None:
        for number in range(first, first + 10):
            store_of(place, a_run(number, at=BEGAN, world="2:one"), a_run(1_000, at=BEGAN))

    threads = [threading.Thread(target=write, args=(10 * one,)) for one in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_evidence(place).runs == 42
    assert check_store(place).wrong == 0


def test_a_connection_that_the_server_ended_is_opened_anew(database: str) -> None:
    place = at(f"{database}&application_name={at(database).schema}")
    store_of(place, a_run(1))
    ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{}'"
    ended = sql(of(database, ours))
    assert ended == [(True,)]
    store_of(place, a_run(2))
    assert len(runs_in(place)) == 2


def test_a_forked_process_has_connections_of_its_own(database: str) -> None:
    place = at(database)
    store_of(place, a_run(1))
    child = os.fork()
    if not child:
        code = 1
        with suppress(BaseException):
            store_of(place, a_run(2))
            code = 0
        os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    store_of(place, a_run(3))
    assert len(runs_in(place)) == 3


def test_what_a_program_keeps_while_its_database_is_away_comes_into_it_later(
    tmp_path: Path, database: str
) -> None:
    program = Shadowed(tmp_path, store=NOBODY)
    program.pay("ann")
    program.migration.flush()
    assert program.till.paid == [10]
    (problem,) = program.migration.problems
    assert "evidence does not reach the store: postgresql://127.0.0.1:1/nowhere: " in problem
    assert "hunter" not in problem
    (writer,) = (one for one in WRITERS if isinstance(one, EvidenceWriter) and problem in one.problems)
    writer.close()
    left = [file for file in (tmp_path / ".changeover").rglob("*") if file.is_file()]
    assert any(file.suffix == ".frames" for file in left)
    assert all(b"hunter" not in file.read_bytes() for file in left)
    evidence = read_evidence(store_path(tmp_path, {"CHANGEOVER_STORE": database}))
    assert (evidence.problem, evidence.runs, evidence.lost) == (None, 1, 0)


def test_a_server_that_takes_a_connection_and_says_nothing_is_not_waited_for(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        program = Shadowed(tmp_path, store=f"postgresql://127.0.0.1:{port}/silent")
        program.pay("ann")
        program.migration.flush()
        (problem,) = program.migration.problems
        assert f"no connection within {LOCK_WAIT_S:g} s" in problem


def why_not_kept(place: Database, number: int) -> str:
    """What a program is told that writes one run."""

    def write() -> None:
        with writing(place, LOCK_WAIT_S) as connection:
            add_runs(connection, [a_run(number)])

    with pytest.raises(StoreProblem) as problem:
        write()
    return problem.value.why


def test_a_lock_of_somebody_else_is_waited_for_no_longer_than_a_locked_file(database: str) -> None:
    place = at(database)
    store_of(place, a_run(1))
    with closing(psycopg.connect(SERVER)) as other:
        other.execute(of(database, "LOCK TABLE {}.runs").encode())
        assert "lock timeout" in why_not_kept(place, 2)
    store_of(place, a_run(2))
    assert len(runs_in(place)) == 2


def test_a_server_that_stops_to_answer_in_the_middle_is_left(database: str, relay: Relay) -> None:
    place = at(relay.address(database))
    store_of(place, a_run(1))
    relay.passes.clear()
    goes_on = threading.Timer(60, relay.passes.set)
    goes_on.start()
    assert why_not_kept(place, 2)
    assert not relay.passes.is_set(), "it was not left before the server went on"
    goes_on.cancel()
    relay.passes.set()
    store_of(place, a_run(3))
    assert {run.id for run in runs_in(place)} >= {a_run(1).id, a_run(3).id}


def test_what_takes_too_long_is_ended_by_the_server(database: str) -> None:
    place = at(database)
    store_of(place, a_run(1))

    def sleep() -> None:
        with writing(place, 0.02) as connection:
            connection.execute("SELECT pg_sleep(30)")

    with pytest.raises(StoreProblem, match="statement timeout"):
        sleep()


def test_a_database_that_is_read_only_says_so_and_is_read(database: str, tmp_path: Path) -> None:
    store_of(at(database), a_run(1))
    read_only = f"{database}&options=-cdefault_transaction_read_only%3Don"
    assert len(runs_in(at(read_only))) == 1
    program = Shadowed(tmp_path, store=read_only)
    program.pay("ann")
    program.migration.flush()
    assert program.till.paid == [10]
    assert "read-only transaction" in program.migration.problems[0]


def test_a_program_keeps_its_runs_in_the_database(database: str, tmp_path: Path) -> None:
    program = Shadowed(tmp_path, store=database)
    program.pay("ann")
    program.migration.flush()
    (run,) = runs_in(at(database))
    assert (run.seam, run.legacy_s is not None) == ("till.pay", True)
    assert not (tmp_path / ".changeover" / "evidence.db").exists()


def test_without_the_package_the_extra_is_named(tmp_path: Path) -> None:
    code = """
import sys
sys.modules["psycopg"] = None
from pathlib import Path
from changeover.evidence.store.store import read_evidence, store_path
place = store_path(Path("."), {"CHANGEOVER_STORE": "postgresql://127.0.0.1/test"})
print(read_evidence(place).problem)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert "psycopg is not installed" in done.stdout
    assert 'pip install "changeover[postgres]"' in done.stdout
